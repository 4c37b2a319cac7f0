"""What is waited for, and when what an annotation asks for holds."""

from typing import Any

import pytest

from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.expressions import Condition, Expression, ExpressionError, JsonPath, expressions
from fleet.engine.kubernetes.status import State
from fleet.engine.kubernetes.waits import AWAITED, Wait, replaces_unready, timeout, wait_for
from fleet.plan import marks

LIVE: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Database",
    "metadata": {"name": "a", "generation": 3, "uid": "1"},
    "status": {
        "observedGeneration": 3,
        "phase": "Running",
        "replicas": 2,
        "healthy": True,
        "endpoint": {"host": "db.example.com"},
        "nothing": None,
        "conditions": [
            {"type": "Ready", "status": "True"},
            {"type": "Synced", "status": "False"},
            {"type": "Old", "status": "True", "observedGeneration": 2},
        ],
    },
}


def manifest(kind: str = "ConfigMap", api_version: str = "v1", **annotations: str) -> dict[str, Any]:
    marked = {f"pulumi.com/{key}": value for key, value in annotations.items()}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "annotations": marked}}


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        pytest.param("condition=Ready", [Condition("Ready")], id="condition"),
        pytest.param("condition=Ready=False", [Condition("Ready", "False")], id="condition with a value"),
        pytest.param("jsonpath={.status.phase}=Running", [JsonPath("$.status.phase", "Running")], id="path and value"),
        pytest.param("jsonpath={ .status.phase }", [JsonPath("$.status.phase")], id="path"),
        pytest.param("jsonpath={$.status.phase}", [JsonPath("$.status.phase")], id="root"),
        pytest.param(
            'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True',
            [JsonPath('$.status.conditions[?(@.type=="Ready")].status', "True")],
            id="filter",
        ),
        pytest.param(
            '["condition=Ready", "jsonpath={.status.phase}"]',
            [Condition("Ready"), JsonPath("$.status.phase")],
            id="list",
        ),
    ],
)
def test_what_an_annotation_says(annotation: str, expected: list[Expression]) -> None:
    assert expressions(annotation) == tuple(expected)


@pytest.mark.parametrize(
    "annotation",
    [
        pytest.param("Ready", id="neither"),
        pytest.param("[]", id="nothing"),
        pytest.param("jsonpath=.status.phase=Running", id="no braces"),
        pytest.param("jsonpath={.status.phase}=", id="no value"),
        pytest.param("jsonpath={.a}=b=c", id="two values"),
        pytest.param("jsonpath={.a b}", id="no path"),
    ],
)
def test_what_is_no_expression_is_refused(annotation: str) -> None:
    with pytest.raises(ExpressionError):
        expressions(annotation)
    with pytest.raises(ObjectFailedError, match=r"ConfigMap a: its annotation pulumi\.com/waitFor cannot"):
        wait_for(manifest(waitFor=annotation), asked=False)


@pytest.mark.parametrize(
    ("annotation", "unmet"),
    [
        pytest.param("condition=Ready", "", id="holds"),
        pytest.param("condition=ready=true", "", id="in any case"),
        pytest.param("condition=Synced", "condition Synced is False, not True", id="does not hold"),
        pytest.param("condition=Other", "condition Other is not there", id="not there"),
        pytest.param("condition=Old", "condition Old is of an earlier change", id="old"),
        pytest.param("jsonpath={.status.phase}=Running", "", id="text"),
        pytest.param("jsonpath={.status.phase}=Done", "{.status.phase} is Running, not Done", id="other text"),
        pytest.param("jsonpath={.status.replicas}=2", "", id="number"),
        pytest.param("jsonpath={.status.healthy}=true", "", id="boolean"),
        pytest.param("jsonpath={.status.endpoint}", "", id="anything"),
        pytest.param("jsonpath={.status.nothing}", "", id="null is there"),
        pytest.param("jsonpath={.status.url}", "{.status.url} is not there", id="nothing"),
        pytest.param('jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', "", id="filter"),
    ],
)
def test_what_is_unmet(annotation: str, unmet: str) -> None:
    (expression,) = expressions(annotation)
    assert expression.unmet(LIVE) == unmet


def test_a_status_of_before_the_change_says_nothing_but_metadata_does() -> None:
    behind = {**LIVE, "metadata": {**LIVE["metadata"], "generation": 4}}
    assert "has not been looked at" in expressions("jsonpath={.status.phase}=Running")[0].unmet(behind)
    assert "earlier change" in expressions("condition=Ready")[0].unmet(behind)
    assert expressions("jsonpath={.metadata.uid}")[0].unmet(behind) == ""


def test_a_list_has_to_hold_altogether() -> None:
    wait = Wait(expressions('["condition=Ready", "condition=Synced", "jsonpath={.status.url}"]'))
    assert wait.judge(LIVE).reason == "condition Synced is False, not True; {.status.url} is not there"


def test_what_has_failed_for_good_is_not_waited_for_whatever_was_asked() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "status": {"phase": "Failed"}}
    assert Wait(expressions("jsonpath={.status.phase}=Succeeded")).judge(pod).state is State.FAILED
    assert Wait(expressions("jsonpath={.status.phase}=Failed")).judge(pod).state is State.READY


@pytest.mark.parametrize(
    ("given", "asked", "expected"),
    [
        pytest.param(manifest(), False, None, id="nobody waits for a ConfigMap"),
        pytest.param(manifest(), True, Wait(), id="unless asked to"),
        pytest.param(manifest("Deployment", "apps/v1"), False, Wait(), id="Pulumi waits for a Deployment"),
        pytest.param(manifest("Service", "serving.knative.dev/v1"), False, None, id="a namesake"),
        pytest.param(manifest("Deployment", "apps/v1", skipAwait="true"), True, None, id="skipAwait"),
        pytest.param(manifest("Deployment", "apps/v1", skipAwait="false"), False, Wait(), id="skipAwait is false"),
        pytest.param(manifest(waitFor="condition=A"), False, Wait((Condition("A"),)), id="waitFor"),
        pytest.param(manifest("Job", "batch/v1", timeoutSeconds="7"), False, Wait(timeout_s=7.0), id="timeoutSeconds"),
        pytest.param({"apiVersion": "v1", "kind": "Pod"}, False, Wait(), id="no metadata"),
    ],
)
def test_what_is_waited_for(given: dict[str, Any], asked: bool, expected: Wait | None) -> None:
    assert wait_for(given, asked=asked) == expected


@pytest.mark.parametrize(
    ("written", "option_s", "expected"),
    [
        pytest.param("7", None, 7.0, id="annotation"),
        pytest.param("7", 3.0, 3.0, id="the option goes first"),
        pytest.param("soon", None, None, id="nonsense"),
        pytest.param("", None, None, id="nothing"),
    ],
)
def test_how_long(written: str, option_s: float | None, expected: float | None) -> None:
    assert timeout(manifest(timeoutSeconds=written), option_s) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(manifest("Job", "batch/v1", replaceUnready="true"), True, id="a job"),
        pytest.param(manifest("Job", "batch/v1"), False, id="one that does not say so"),
        pytest.param(manifest("Pod", "v1", replaceUnready="true"), False, id="another kind"),
    ],
)
def test_what_is_made_anew(given: dict[str, Any], expected: bool) -> None:
    assert replaces_unready(given) is expected


def test_the_plan_and_the_engine_know_the_same_kinds() -> None:
    assert marks.AWAITED == AWAITED
