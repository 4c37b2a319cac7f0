from __future__ import annotations

import pytest

from fleet.engine.events import (
    ClusterFailed,
    Drift,
    DriftFound,
    DriftKind,
    Event,
    FieldChange,
    Message,
    Operation,
    RunFinished,
    Severity,
    StepFailed,
    StepFinished,
    Subject,
)
from fleet.engine.recorder import Recorder
from fleet.engine.request import Count
from fleet.engine.state import Secret
from fleet.errors import CancelledError, PlanError, Problem, Where


def quiet(_event: Event) -> None:
    """Nobody watches."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            str(Problem("it is wrong", Where("a.yaml", 3), detail="because\nof this", hint="do this\nor that")),
            Problem("a.yaml:3: it is wrong", detail="because\nof this", hint="do this\nor that"),
            id="a problem",
        ),
        pytest.param("boom", Problem("boom"), id="a line"),
        pytest.param("", Problem(""), id="nothing"),
        pytest.param("failed:\n  File 1\n    code", Problem("failed:", detail="File 1\n  code"), id="a traceback"),
    ],
)
def test_what_a_failing_program_has_said_is_among_the_failures(text: str, expected: Problem) -> None:
    recorder = Recorder(quiet)
    recorder(Message(text, Severity.ERROR))
    recorder.exited(2)
    result = recorder.result({}, cancelled=False)
    assert (result.failures, result.exit_code) == ((expected,), 2)


def test_what_a_program_complains_of_and_survives_is_no_failure() -> None:
    recorder = Recorder(quiet)
    recorder(Message("this is odd", Severity.ERROR))
    result = recorder.result({}, cancelled=False)
    assert (result.failures, result.exit_code) == ((), 0)


def test_a_cancelled_run_has_its_exit_code() -> None:
    recorder = Recorder(quiet)
    recorder.cancelled()
    assert recorder.result({}, cancelled=True).exit_code == CancelledError.exit_code


def done(operation: Operation, cluster: str = "hub", application: str = "web") -> StepFinished:
    return StepFinished(Subject("urn", cluster, application), operation)


def test_operations_are_counted_by_cluster_and_application() -> None:
    seen: list[Event] = []
    recorder = Recorder(seen.append)
    events = [done(Operation.SAME), done(Operation.CREATE), done(Operation.CREATE), done(Operation.CREATE, "dev", "")]
    for event in events:
        recorder(event)
    assert seen == events
    assert recorder.operations() == {Operation.SAME: 1, Operation.CREATE: 3}
    result = recorder.result({"a": 1}, cancelled=False)
    assert result.counts == (
        Count(cluster="dev", application="", operation=Operation.CREATE, objects=1),
        Count(cluster="hub", application="web", operation=Operation.CREATE, objects=2),
        Count(cluster="hub", application="web", operation=Operation.SAME, objects=1),
    )
    assert (result.outputs, result.exit_code, recorder.succeeded) == ({"a": 1}, 0, True)
    assert isinstance(seen[-1], RunFinished)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [(Operation.SAME, False), (Operation.SKIP, False), (Operation.READ, False), (Operation.RETAIN, True)],
)
def test_what_leaves_all_as_it_is_is_no_change(operation: Operation, expected: bool) -> None:
    recorder = Recorder(quiet)
    recorder(done(operation))
    assert recorder.result({}, cancelled=False).changes is expected


def test_drift_is_a_change_and_is_told_in_order() -> None:
    recorder = Recorder(quiet)
    found = [Drift(Subject(urn), DriftKind.DELETED) for urn in ("b", "a")]
    for drift in found:
        recorder(DriftFound(drift))
    result = recorder.result({}, cancelled=False)
    assert (result.drift, result.changes) == ((found[1], found[0]), True)


def test_failures_say_where_and_the_first_decides_the_exit_code() -> None:
    seen: list[Event] = []
    recorder = Recorder(seen.append)
    recorder(StepFailed(Subject("urn", "hub", "web"), Operation.CREATE, Problem("refused")))
    recorder(ClusterFailed("dev", Problem("out of reach")))
    recorder.fail(PlanError(Problem("does not fit")))
    result = recorder.result({}, cancelled=False)
    assert result.failures == (
        Problem("does not fit"),
        Problem("out of reach", Where(cluster="dev")),
        Problem("refused", Where(cluster="hub", application="web")),
    )
    assert (result.exit_code, recorder.succeeded) == (4, False)
    assert Message("does not fit", Severity.ERROR) in seen


def test_nothing_secret_is_passed_on_or_remembered() -> None:
    seen: list[Event] = []
    recorder = Recorder(seen.append, lambda text: text.replace("hunter2", "[secret]"))
    recorder(Message("it is hunter2"))
    recorder(StepFailed(Subject("urn"), Operation.CREATE, Problem("not hunter2")))
    recorder.fail(PlanError(Problem("hunter2, really")))
    result = recorder.result({}, cancelled=False)
    assert "hunter2" not in f"{seen} {result}"


@pytest.mark.parametrize(("show", "expected"), [(False, "[secret]"), (True, "hunter2")], ids=["masked", "shown"])
def test_secret_fields_are_shown_only_where_that_is_asked_for(show: bool, expected: str) -> None:
    seen: list[Event] = []
    recorder = Recorder(seen.append, show_secrets=show)
    change, plain = FieldChange("data.p", None, Secret("hunter2")), FieldChange("data.q", 1, 2)
    drift = Drift(Subject("urn"), DriftKind.CHANGED, (change,))
    recorder(StepFinished(Subject("urn"), Operation.UPDATE, (change, plain)))
    recorder(DriftFound(drift))
    shown = FieldChange("data.p", None, expected)
    assert seen[0] == StepFinished(Subject("urn"), Operation.UPDATE, (shown, plain))
    assert recorder.result({}, cancelled=False).drift[0].changes == (shown,)
