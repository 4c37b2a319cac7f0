from __future__ import annotations

import io

import pytest
from rich.console import Console

from fleet.cli.invocation import Invocation
from fleet.cli.views import plain
from fleet.cli.views.report import Report
from fleet.engine.events import (
    ClusterFailed,
    DriftFound,
    DriftKind,
    Event,
    Message,
    Operation,
    RunFinished,
    RunStarted,
    Severity,
    StepFailed,
    StepFinished,
    StepStarted,
    StepWaiting,
    Subject,
)
from fleet.errors import Problem
from tests.unit.cli.scripted import drift, request, subject, unreachable, updated

SAME = StepFinished(subject(), Operation.SAME)
PROVIDER = StepFinished(Subject("urn:pulumi:demo::fleet::pulumi:providers:kubernetes::hub"), Operation.CREATE)
NAMED = StepFailed(subject(), Operation.UPDATE, Problem(f"{subject()}: refused"))
FAILED = StepFailed(subject(), Operation.CREATE, Problem("it exists already", detail="why", hint="set adopt"))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        pytest.param(
            RunStarted(command="up", project="fleet", stack="demo", dry_run=False), "Updating (demo)", id="start"
        ),
        pytest.param(updated(), "hub/my-app: updated Deployment.apps default/web", id="updated"),
        pytest.param(StepFinished(subject(), Operation.RETAIN), "hub/my-app: retained Deployment.apps default/web",
                     id="retained"),
        pytest.param(SAME, None, id="unchanged objects are worth no line"),
        pytest.param(StepFinished(subject(), Operation.SKIP), None, id="skipped objects are worth no line"),
        pytest.param(PROVIDER, None, id="what is no object is worth no line"),
        pytest.param(StepStarted(subject(), Operation.CREATE), None, id="a beginning is worth no line"),
        pytest.param(FAILED, "hub/my-app: error: cannot create Deployment.apps default/web: it exists already",
                     id="failed"),
        pytest.param(NAMED, "hub/my-app: error: cannot update Deployment.apps default/web: refused", id="named once"),
        pytest.param(DriftFound(drift()), "hub/my-app: drift in Deployment.apps default/web: spec.replicas: 2 → 5",
                     id="drift"),
        pytest.param(DriftFound(drift(heals=False)),
                     "hub/my-app: drift in Deployment.apps default/web: spec.replicas: 2 → 5"
                     " (left alone: self_heal is off)", id="drift that stays"),
        pytest.param(DriftFound(drift(kind=DriftKind.DELETED)),
                     "hub/my-app: drift in Deployment.apps default/web: gone from the cluster", id="deleted"),
        pytest.param(ClusterFailed("dev", unreachable()), "dev: error: the cluster cannot be reached", id="cluster"),
        pytest.param(Message("fetching\n"), "fetching", id="message"),
        pytest.param(Message("odd", Severity.WARNING, cluster="hub"), "hub: warning: odd", id="warning"),
        pytest.param(Message("fetching 3 %", ephemeral=True), None, id="an ephemeral message is worth no line"),
        pytest.param(RunFinished(1.0, changes=False), None, id="end"),
    ],
)  # fmt: skip
def test_line(event: Event, line: str | None) -> None:
    text = plain.line(event, dry_run=False)
    assert (text.plain if text else None) == line


def test_a_preview_is_written_as_a_plan() -> None:
    text = plain.line(updated(), dry_run=True)
    assert text is not None
    assert text.plain == "hub/my-app: update Deployment.apps default/web"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def run(*, quiet: bool) -> str:
    clock, out = Clock(), io.StringIO()
    report = Report(request(), Invocation(stack="demo"))
    view = plain.PlainView(Console(file=out, width=240), report, clock, quiet=quiet)
    view.show(updated())
    view.show(StepFinished(subject("dev"), Operation.SAME))
    for _ in range(4):
        clock.now += 1
        view.tick()
    view.show(StepStarted(subject("prod"), Operation.DELETE))
    view.show(StepStarted(subject("dev", name="other"), Operation.CREATE))
    for _ in range(7):
        clock.now += 1
        view.tick()
    view.show(StepWaiting(subject("prod"), "finalizer example.com/hold"))
    for _ in range(5):
        clock.now += 1
        view.tick()
    return out.getvalue()


def test_progress_lines_say_what_a_long_wait_is_for_and_come_rarely() -> None:
    assert run(quiet=False).splitlines() == [
        "hub/my-app: updated Deployment.apps default/web",
        "... 5.0 s: 1 updated, 1 unchanged; delete Deployment.apps default/web in prod and 1 more",
        "... 10 s: 1 updated, 1 unchanged; delete Deployment.apps default/web in prod and 1 more",
        (
            "... 15 s: 1 updated, 1 unchanged; "
            "delete Deployment.apps default/web in prod (finalizer example.com/hold) and 1 more"
        ),
    ]


def test_progress_can_be_suppressed() -> None:
    assert run(quiet=True) == "hub/my-app: updated Deployment.apps default/web\n"


def test_nothing_from_a_cluster_steers_the_terminal() -> None:
    text = plain.line(Message("evil \x1b[2J\x07 text"), dry_run=False)
    assert text is not None
    assert text.plain == "evil �[2J� text"


def test_lines_are_written_at_ticks_and_none_is_left_at_the_end() -> None:
    out = io.StringIO()
    view = plain.PlainView(Console(file=out, width=240), Report(request(), Invocation(stack="demo")), Clock())
    view.show(updated())
    view.show(FAILED)
    view.tick()
    told = [
        "hub/my-app: updated Deployment.apps default/web",
        "hub/my-app: error: cannot create Deployment.apps default/web: it exists already",
    ]
    assert out.getvalue().splitlines() == told
    view.show(ClusterFailed("dev", unreachable()))
    view.fail(None)
    assert out.getvalue().splitlines() == [*told, "dev: error: the cluster cannot be reached"]


def test_lines_that_are_written_together_keep_their_colors() -> None:
    out = io.StringIO()
    console = Console(file=out, width=240, force_terminal=True, color_system="standard", no_color=False)
    view = plain.PlainView(console, Report(request(), Invocation(stack="demo")), Clock())
    view.show(FAILED)
    view.show(Message("fetching"))
    view.tick()
    failed, message = out.getvalue().splitlines()
    assert "\x1b[31m" in failed
    assert message == "fetching"
