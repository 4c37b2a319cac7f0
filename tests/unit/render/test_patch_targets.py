"""Which objects a patch is for, and what is said if there are none."""

from __future__ import annotations

from typing import Any

import pytest

from fleet import Patch, PatchTarget
from fleet.model.manifest import Manifest
from fleet.render.patch_targets import is_delete, positions, shown, unmatched


def manifest(kind: str, name: str, *, api: str = "v1", **metadata: Any) -> Manifest:
    return Manifest({"apiVersion": api, "kind": kind, "metadata": {"name": name, **metadata}})


OBJECTS = (
    manifest("Deployment", "web", api="apps/v1", labels={"tier": "front"}),
    manifest("Deployment", "web-worker", api="apps/v1", namespace="jobs", annotations={"team": "a"}),
    manifest("Service", "web"),
    manifest("Service", "web", api="serving.knative.dev/v1"),
    manifest("ConfigMap", "web", namespace="default"),
)
CHANGE = {"spec": {"replicas": 3}}


def own(kind: str, name: str, api: str = "v1", **metadata: str) -> Patch:
    return Patch({"apiVersion": api, "kind": kind, "metadata": {"name": name, **metadata}, **CHANGE})


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (PatchTarget(), [0, 1, 2, 3, 4]),
        (PatchTarget(kind="Deployment"), [0, 1]),
        (PatchTarget(kind="Deploy"), []),
        (PatchTarget(kind="Deployment|ConfigMap"), [0, 1, 4]),
        (PatchTarget(name="web"), [0, 2, 3, 4]),
        (PatchTarget(name="web.+"), [1]),
        (PatchTarget(name=".*worker"), [1]),
        (PatchTarget(kind="Service", group="serving.knative.dev"), [3]),
        (PatchTarget(version="v1", group="apps"), [0, 1]),
        (PatchTarget(version="v"), []),
        (PatchTarget(namespace="jobs"), [1]),
        (PatchTarget(namespace="default"), [4]),
        (PatchTarget(label_selector="tier=front"), [0]),
        (PatchTarget(label_selector="tier!=front", kind="Deployment"), [1]),
        (PatchTarget(annotation_selector="team in (a,b)"), [1]),
    ],
)
def test_a_target(target: PatchTarget, expected: list[int]) -> None:
    assert list(positions(Patch(CHANGE, target=target), OBJECTS)) == expected


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (own("Deployment", "web", "apps/v1"), [0]),
        (own("Deployment", "web", "apps/v1beta1"), []),
        (own("Deployment", "web-worker", "apps/v1"), []),
        (own("Deployment", "web-worker", "apps/v1", namespace="jobs"), [1]),
        (own("Service", "web"), [2]),
        (own("ConfigMap", "web"), []),
        (own("ConfigMap", "web", namespace="default"), [4]),
    ],
)
def test_without_a_target_a_patch_is_for_what_it_names(patch: Patch, expected: list[int]) -> None:
    assert list(positions(patch, OBJECTS)) == expected


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (Patch(CHANGE, target=PatchTarget()), "spec.replicas of every object"),
        (
            Patch({"spec": {}}, target=PatchTarget(kind="Job", label_selector="a=b")),
            "spec of kind Job, label selector a=b",
        ),
        (Patch({"data": {"password": "hunter2"}}, target=PatchTarget(name="a")), "data.password of name a"),
        (Patch(dict.fromkeys("abcd", 1), target=PatchTarget(name="a")), "a, b, c, … of name a"),
        (own("ConfigMap", "web", namespace="x"), "spec.replicas of ConfigMap x/web (v1)"),
        (
            Patch(
                [{"op": "add", "path": "/data/a", "value": "secret"}, {"op": "remove", "path": "/b"}],
                target=PatchTarget(name="a"),
            ),
            "add /data/a, remove /b of name a",
        ),
        (Patch({"$patch": "delete"}, target=PatchTarget(name="a")), "$patch: delete of name a"),
        (Patch({"metadata": {"name": "x"}}, target=PatchTarget(name="a")), "nothing of name a"),
    ],
)
def test_a_patch_in_words_has_no_values(patch: Patch, expected: str) -> None:
    assert shown(patch) == expected


@pytest.mark.parametrize(
    ("patch", "detail"),
    [
        (
            own("Deployment", "worker", "apps/v1"),
            "There are Deployment.apps jobs/web-worker, Deployment.apps web.",
        ),
        (own("ConfigMap", "web"), "There is ConfigMap default/web."),
        (
            Patch(CHANGE, target=PatchTarget(kind="Job")),
            "No object is of that kind; there are ConfigMap, Deployment, Service.",
        ),
        (
            Patch(CHANGE, target=PatchTarget(name="x")),
            f"There are {', '.join(str(each.key) for each in OBJECTS)}.",
        ),
    ],
)
def test_what_is_near(patch: Patch, detail: str) -> None:
    problem = unmatched(patch, OBJECTS)
    assert problem.summary == f"a patch matches no object: {shown(patch)}"
    assert problem.detail == detail
    assert problem.hint == "If it may match none: optional=True, in YAML optional: true."


def test_where_there_is_nothing() -> None:
    assert unmatched(own("ConfigMap", "web"), ()).detail == "There are no objects at all."


def test_what_deletes() -> None:
    assert is_delete(Patch({"$patch": "delete"}, target=PatchTarget(name="a")))
    assert not is_delete(Patch({"spec": {"$patch": "delete"}}, target=PatchTarget(name="a")))
    assert not is_delete(Patch([{"op": "remove", "path": "/a"}], target=PatchTarget(name="a")))
