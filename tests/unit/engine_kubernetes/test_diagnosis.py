"""What is asked about an object that does not become ready, and how the answers are told."""

from typing import Any

import pytest

from fleet.engine.kubernetes.diagnosis import label_selector, talkative, warnings


def workload(api_version: str, kind: str, selector: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": {"selector": selector}}


EXPRESSIONS = [
    {"key": "tier", "operator": "In", "values": ["a", "b"]},
    {"key": "track", "operator": "NotIn", "values": ["canary"]},
    {"key": "app", "operator": "Exists"},
    {"key": "debug", "operator": "DoesNotExist"},
]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(workload("apps/v1", "Deployment", {"matchLabels": {"a": "1", "b": "2"}}), "a=1,b=2", id="labels"),
        pytest.param(
            workload("batch/v1", "Job", {"matchExpressions": EXPRESSIONS}),
            "tier in (a,b),track notin (canary),app,!debug",
            id="expressions",
        ),
        pytest.param(workload("v1", "ReplicationController", {"a": "1"}), "a=1", id="plain"),
        pytest.param(workload("v1", "Service", {"a": "1"}), "", id="of pods that are not its own"),
        pytest.param(workload("apps/v1", "Deployment", None), "", id="none"),
        pytest.param({"apiVersion": "example.com/v1", "kind": "A", "spec": {}}, "", id="no workload"),
    ],
)
def test_which_pods(given: dict[str, Any], expected: str) -> None:
    assert label_selector(given) == expected


def event(reason: str, message: str, time: str) -> dict[str, Any]:
    about = {"kind": "Pod", "name": "web-1"}
    return {"reason": reason, "message": message, "lastTimestamp": time, "involvedObject": about}


def test_events_are_told_once_the_last_few_in_their_order() -> None:
    events = [event("Failed", "no image\n", "03"), event("BackOff", "waits", "02"), event("Failed", "no image", "01")]
    assert warnings(events) == ["Event of Pod web-1: BackOff: waits", "Event of Pod web-1: Failed: no image"]
    assert len(warnings(event("A", str(number), f"{number:02}") for number in range(20))) == 5


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({"state": {"waiting": {"reason": "CrashLoopBackOff"}}}, [("main", True)], id="crashing"),
        pytest.param({"state": {"waiting": {"reason": "ImagePullBackOff"}}}, [], id="never started"),
        pytest.param({"state": {"terminated": {"exitCode": 1}}}, [("main", False)], id="failed"),
        pytest.param({"state": {"terminated": {"exitCode": 0}}}, [], id="done"),
        pytest.param({"state": {"running": {}}, "ready": False}, [("main", False)], id="not ready"),
        pytest.param({"state": {"running": {}}, "ready": True}, [], id="ready"),
    ],
)
def test_whose_last_words_matter(status: dict[str, Any], expected: list[tuple[str, bool]]) -> None:
    assert talkative({"status": {"containerStatuses": [{"name": "main", **status}]}}) == expected
