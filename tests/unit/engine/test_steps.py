"""What is to be done with an object."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fleet.engine.clusters import Clusters, Connection
from fleet.engine.events import FieldChange, Operation, Subject
from fleet.engine.goal import Goal
from fleet.engine.kubernetes.observation import Gone, Observation, Present, Unreadable
from fleet.engine.state import Resource, Secret
from fleet.engine.steps import Decision, Step, decide
from fleet.errors import Problem

URN = "urn:pulumi:test::desk::kubernetes:core/v1:ConfigMap::a"
PROVIDER = "urn:pulumi:test::desk::pulumi:providers:kubernetes::hub"
CHANGED = FieldChange("data.k", "1", "2")
DRIFT = FieldChange("data.k", before="1", after="by hand")
DRIFTED = Present("7", (DRIFT,), live={})
UNREADABLE = Unreadable(Problem("no"))


def connection() -> Connection:
    return Clusters(Path("/"), lambda _: None).add(f"{PROVIDER}::1", {"kubeconfig": "/nowhere"})


def body(k: Any = "1", **metadata: str) -> dict[str, Any]:
    metadata = {"name": "a", "namespace": "ns", **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": k}}


def known(**fields: Any) -> Resource:
    return Resource(**{"urn": URN, "type": "t", "custom": True, "id": "ns/a", "inputs": body(), **fields})


def step(
    inputs: dict[str, Any], old: Resource | None, observation: Observation | None = None, *, heals: bool = True
) -> Step:
    goal = Goal("kubernetes:core/v1:ConfigMap", "a", custom=True, inputs=inputs)
    return Step(
        urn=URN,
        goal=goal,
        inputs=inputs,
        old=old,
        subject=Subject(URN),
        connection=connection(),
        manager="fleet",
        heals=heals,
        observation=observation,
    )


def job() -> dict[str, Any]:
    annotations = {"pulumi.com/replaceUnready": "true"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a", "annotations": annotations}}


def anew(given: Step) -> Step:
    return replace(given, goal=replace(given.goal, replace_on_changes=("*",)))


TABLE = {
    "new": (step(body(), None), Decision(Operation.CREATE)),
    "not ready the last time": (step(body(), known(init_errors=("late",))), Decision(Operation.UPDATE)),
    "not ready, and to be made anew then": (
        step(job(), known(inputs=job(), init_errors=("late",))),
        Decision(Operation.REPLACE),
    ),
    "not ready, of those that every change makes anew": (
        anew(step(body(), known(init_errors=("late",)))),
        Decision(Operation.REPLACE),
    ),
    "not ready, and changed": (
        step(body("2"), known(init_errors=("late",))),
        Decision(Operation.UPDATE, (CHANGED,)),
    ),
    "the same": (step(body(), known()), Decision(Operation.SAME)),
    "changed": (step(body("2"), known()), Decision(Operation.UPDATE, (CHANGED,))),
    "of another name": (
        step(body(name="b"), known()),
        Decision(Operation.REPLACE, (FieldChange("metadata.name", "a", "b"),)),
    ),
    "in another namespace": (
        step(body(namespace="other"), known()),
        Decision(Operation.REPLACE, (FieldChange("metadata.namespace", "ns", "other"),)),
    ),
    "in the namespace that it turned out to be in": (
        step(
            body(),
            known(
                inputs={**body(), "metadata": {"name": "a"}},
                outputs={"metadata": {"name": "a", "namespace": "ns"}},
            ),
        ),
        Decision(Operation.SAME),
    ),
    "secret from now on": (step(body(Secret("1")), known()), Decision(Operation.SAME)),
    "deleted to be replaced": (step(body(), known(pending_replacement=True)), Decision(Operation.CREATE)),
    "as it was seen": (step(body(), known(), Present("7")), Decision(Operation.SAME)),
    "drifted": (
        step(body(), known(), DRIFTED),
        Decision(Operation.UPDATE, (FieldChange("data.k", before="by hand", after="1"),)),
    ),
    "drifted and left alone": (step(body(), known(), DRIFTED, heals=False), Decision(Operation.SAME)),
    "drifted and changed": (step(body("2"), known(), DRIFTED), Decision(Operation.UPDATE, (CHANGED,))),
    "drifted, left alone and changed": (
        step(body("2"), known(), DRIFTED, heals=False),
        Decision(Operation.UPDATE, (CHANGED,)),
    ),
    "gone": (step(body(), known(), Gone()), Decision(Operation.CREATE)),
    "gone and left alone": (step(body(), known(), Gone(), heals=False), Decision(Operation.SAME)),
    "gone, left alone and changed": (
        step(body("2"), known(), Gone(), heals=False),
        Decision(Operation.CREATE, (CHANGED,)),
    ),
    "not to be seen": (step(body(), known(), UNREADABLE), Decision(Operation.SAME)),
    "not to be seen and changed": (
        step(body("2"), known(), UNREADABLE),
        Decision(Operation.UPDATE, (CHANGED,)),
    ),
}


@pytest.mark.parametrize(("wanted", "expected"), TABLE.values(), ids=TABLE)
def test_what_is_to_be_done(wanted: Step, expected: Decision) -> None:
    assert decide(wanted, moved=False) == expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("data.k",), Operation.REPLACE),
        (("data",), Operation.REPLACE),
        (("*",), Operation.REPLACE),
        (("data.other", "metadata"), Operation.UPDATE),
    ],
)
def test_a_change_of_certain_fields_replaces(paths: tuple[str, ...], expected: Operation) -> None:
    changed = step(body("2"), known())
    changed = replace(changed, goal=replace(changed.goal, replace_on_changes=paths))
    assert decide(changed, moved=False).operation is expected


@pytest.mark.parametrize("inputs", [body(), body("2")], ids=["the same", "changed"])
def test_what_is_deployed_to_another_cluster_is_replaced(inputs: dict[str, Any]) -> None:
    assert decide(step(inputs, known()), moved=True).operation is Operation.REPLACE


def test_what_was_never_deployed_cannot_have_moved() -> None:
    assert decide(step(body(), None), moved=True).operation is Operation.CREATE
