from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

from fleet.cli.views.jsonlines import JsonView
from fleet.cli.views.view import Ending
from fleet.engine.events import ClusterFailed, DriftFound, Event, Message, Operation, RunStarted, StepStarted
from fleet.engine.request import RunResult
from fleet.errors import PlanError, Problem, Where
from tests.unit.cli.scripted import count, drift, request, subject, unreachable, updated

TIME = "2025-01-02T03:04:05.678Z"
SUBJECT = {
    "urn": "urn:pulumi:demo::fleet::fleet:index:Application$kubernetes:x:Deployment.apps::hub/default/web",
    "cluster": "hub",
    "application": "my-app",
    "kind": "Deployment.apps",
    "namespace": "default",
    "name": "web",
}
PROBLEM = {
    "summary": "the cluster cannot be reached",
    "where": {"file": "", "line": 0, "document": 0, "key": "", "application": "", "cluster": "dev"},
    "detail": "Cannot connect to host 127.0.0.1:6443 [Connection refused]",
    "hint": "Start the cluster, or leave it out: --exclude '**::dev/**'.",
}


def view(stream: io.StringIO) -> JsonView:
    return JsonView(stream, request(dry_run=True), lambda: datetime(2025, 1, 2, 3, 4, 5, 678_000, UTC))


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def shown(event: Event) -> dict[str, Any]:
    stream = io.StringIO()
    view(stream).show(event)
    return lines(stream)[0]


def test_events() -> None:
    started = RunStarted(command="up", project="fleet", stack="demo", dry_run=True, clusters=("hub",))
    assert shown(started) == {
        "type": "runStarted",
        "time": TIME,
        "command": "up",
        "project": "fleet",
        "stack": "demo",
        "dryRun": True,
        "clusters": ["hub"],
    }
    assert shown(Message("hello")) == {
        "type": "message",
        "time": TIME,
        "text": "hello",
        "severity": "info",
        "ephemeral": False,
        "cluster": "",
        "application": "",
    }
    assert shown(StepStarted(subject(), Operation.CREATE)) == {
        "type": "stepStarted",
        "time": TIME,
        "subject": SUBJECT,
        "operation": "create",
    }
    assert shown(updated()) == {
        "type": "stepFinished",
        "time": TIME,
        "subject": SUBJECT,
        "operation": "update",
        "changes": [{"path": "spec.replicas", "before": 2, "after": 3}],
    }
    assert shown(DriftFound(drift())) == {
        "type": "driftFound",
        "time": TIME,
        "drift": {
            "subject": SUBJECT,
            "kind": "changed",
            "changes": [{"path": "spec.replicas", "before": 2, "after": 5}],
            "heals": True,
        },
    }
    assert shown(ClusterFailed("dev", unreachable())) == {
        "type": "clusterFailed",
        "time": TIME,
        "cluster": "dev",
        "problem": PROBLEM,
    }


def test_summary() -> None:
    stream = io.StringIO()
    result = RunResult(
        counts=(count("hub", Operation.CREATE, 2),),
        failures=(unreachable(),),
        outputs={"some_key": {"another_key": "value"}},
        changes=True,
        exit_code=4,
        duration_s=1.5,
    )
    view(stream).finish(Ending(result, 4, last=True))
    assert lines(stream) == [
        {
            "type": "summary",
            "time": TIME,
            "command": "up",
            "stack": "demo",
            "dryRun": True,
            "counts": [{"cluster": "hub", "application": "my-app", "operation": "create", "objects": 2}],
            "failures": [PROBLEM],
            "drift": [],
            "outputs": {"some_key": {"another_key": "value"}},
            "changes": True,
            "cancelled": False,
            "exitCode": 4,
            "durationSeconds": 1.5,
        }
    ]


def test_an_error_ends_in_a_summary_too() -> None:
    stream = io.StringIO()
    view(stream).fail(PlanError(Problem("two applications want it", Where(file="a.yaml"))))
    (line,) = lines(stream)
    assert (line["type"], line["exitCode"], line["counts"]) == ("summary", 12, [])
    assert line["failures"][0]["where"]["file"] == "a.yaml"
