"""From goals to what the state records of them."""

from dataclasses import replace

import pytest

from fleet.engine.goal import Goal
from fleet.engine.recording import record
from fleet.engine.state import Resource

URN = "urn:pulumi:dev::desk::kubernetes:core/v1:ConfigMap::web"
GOAL = Goal(
    "kubernetes:core/v1:ConfigMap",
    "web",
    custom=True,
    parent="urn:root",
    provider="urn:provider::1",
    inputs={"data": {"k": "v"}},
    dependencies=("urn:b", "urn:a"),
    property_dependencies={"data": ("urn:b", "urn:a")},
    protect=True,
    retain_on_delete=True,
    deleted_with="urn:a",
    ignore_changes=("data.x",),
    replace_on_changes=("data.y",),
    additional_secret_outputs=("data",),
    timeouts={"delete": 5.0},
)
RECORDED = Resource(
    urn=URN,
    type="kubernetes:core/v1:ConfigMap",
    custom=True,
    id="ns/web",
    parent="urn:root",
    provider="urn:provider::1",
    inputs={"data": {"k": "v"}},
    outputs={"out": 1},
    dependencies=("urn:a", "urn:b"),
    property_dependencies={"data": ("urn:a", "urn:b")},
    protect=True,
    retain_on_delete=True,
    deleted_with="urn:a",
    ignore_changes=("data.x",),
    replace_on_changes=("data.y",),
    additional_secret_outputs=("data",),
    custom_timeouts={"delete": 5.0},
    created="then",
    modified="then",
)


def test_a_new_resource_is_recorded_with_all_that_its_goal_says() -> None:
    assert record(GOAL, URN, None, id_="ns/web", outputs={"out": 1}, now="then") == RECORDED


def test_what_is_the_same_is_recorded_as_it_was() -> None:
    assert record(GOAL, URN, RECORDED, id_="ns/web", now="now") == RECORDED


def test_what_differs_is_modified_now_and_created_when_it_was() -> None:
    recorded = record(replace(GOAL, protect=None), URN, RECORDED, id_="ns/web", now="now")
    assert recorded == replace(RECORDED, protect=False, modified="now")


def test_given_inputs_and_outputs_count_more_than_those_of_goal_and_state() -> None:
    recorded = record(GOAL, URN, RECORDED, id_="ns/web", inputs={"in": 2}, outputs={"out": 2}, now="now")
    assert (recorded.inputs, recorded.outputs) == ({"in": 2}, {"out": 2})


@pytest.mark.parametrize("goal", [GOAL, replace(GOAL, protect=None)], ids=["the same", "changed"])
def test_what_the_engine_does_not_know_stays(goal: Goal) -> None:
    old = replace(
        RECORDED, source_position="project:///a.py#1", extra={"hideDiff": ["x"]}, init_errors=("e",), import_id="i"
    )
    recorded = record(goal, URN, old, id_="ns/web", now="now")
    kept = (recorded.source_position, recorded.extra, recorded.init_errors, recorded.import_id)
    assert kept == ("project:///a.py#1", {"hideDiff": ["x"]}, ("e",), "i")


def test_what_was_only_read_or_only_half_replaced_is_neither_any_more() -> None:
    old = replace(RECORDED, external=True, pending_replacement=True)
    assert record(GOAL, URN, old, id_="ns/web", now="now") == replace(RECORDED, modified="now")


def test_a_component_has_no_provider() -> None:
    goal = Goal("a:b:C", "c", custom=False, provider="urn:provider::1")
    recorded = record(goal, "urn:c", None, now="now")
    assert recorded == Resource(urn="urn:c", type="a:b:C", created="now", modified="now")
