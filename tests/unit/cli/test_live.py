from __future__ import annotations

import io

from rich.console import Console

from fleet.cli.invocation import Invocation
from fleet.cli.views.live import LiveView, draw
from fleet.cli.views.report import Report
from fleet.cli.views.tally import Tally
from fleet.cli.views.view import Ending
from fleet.engine.events import (
    ClusterFailed,
    DriftFound,
    Event,
    Message,
    Operation,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)
from fleet.engine.request import RunResult
from tests.unit.cli.scripted import drift, request, subject, unreachable, updated

STARTED = RunStarted(command="up", project="fleet", stack="demo", dry_run=False, clusters=("dev", "hub", "prod"))


def drawn(*events: Event, most_rows: int = 20) -> list[str]:
    tally = Tally()
    for event in events:
        tally.add(event)
    out = io.StringIO()
    Console(file=out, width=100).print(draw(tally, 12.0, dry_run=False, most_rows=most_rows))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_few_applications_have_a_row_each() -> None:
    assert drawn(
        STARTED,
        updated("hub"),
        StepFinished(subject("hub", name="other", application="shop"), Operation.SAME),
        StepFailed(subject("prod"), Operation.CREATE, unreachable("prod")),
        StepStarted(subject("hub", name="b"), Operation.CREATE),
        StepStarted(subject("hub", name="c"), Operation.CREATE),
        DriftFound(drift("hub")),
    ) == [
        "CLUSTER      UPDATED  UNCHANGED  DRIFT  FAILED  NOW",
        "dev                0          0",
        "hub/my-app         1          0      1          create Deployment.apps default/b and 1 more",
        "hub/shop           0          1",
        "prod/my-app        0          0              1",
        "⠋ 12 s · 1 updated, 1 unchanged, 1 drifted, 1 failed",
    ]


def test_many_applications_are_counted_per_cluster() -> None:
    steps = [
        StepFinished(subject(cluster, application=f"app-{number}"), Operation.CREATE)
        for cluster in ("hub", "dev")
        for number in range(10)
    ]
    assert drawn(STARTED, *steps, ClusterFailed("prod", unreachable("prod"))) == [
        "CLUSTER  CREATED  DRIFT  FAILED  NOW",
        "dev           10",
        "hub           10",
        "prod           0              1",
        "⠋ 12 s · 20 created, 1 failed",
    ]


def test_more_clusters_than_fit_show_those_that_failed_or_work() -> None:
    clusters = [f"c{number:02}" for number in range(40)]
    steps = [StepFinished(subject(cluster), Operation.CREATE) for cluster in clusters]
    busy = StepStarted(subject("c17", name="b"), Operation.CREATE)
    lines = drawn(STARTED, *steps, busy, ClusterFailed("c33", unreachable("c33")), most_rows=3)
    assert [line.split()[0] for line in lines] == ["CLUSTER", "c00", "c17", "c33", "and", "⠋"]
    assert lines[4] == "and 40 more"


def test_before_anything_happened_it_says_so() -> None:
    assert drawn() == ["⠋ 12 s · starting"]
    assert drawn(Message("fetching https://example.com/repo.git", ephemeral=True)) == [
        "⠋ 12 s · starting · fetching https://example.com/repo.git"
    ]


def test_messages_stay_above_the_table_and_the_report_replaces_it() -> None:
    out, now = io.StringIO(), iter(range(0, 100, 1))
    console = Console(file=out, width=80, height=24, force_terminal=True, color_system=None)
    view = LiveView(console, Report(request(), Invocation(stack="demo")), lambda: float(next(now)))
    view.show(STARTED)
    view.show(updated())
    view.show(Message("look here"))
    view.show(DriftFound(drift("hub")))
    view.tick()
    view.finish(Ending(RunResult(duration_s=2.0, changes=True), 0, last=True))
    text = out.getvalue()
    assert text.count("look here") == 1
    assert "hub/my-app: updated" not in text, "changed objects are only counted"
    assert "drift in" not in text, "the report lists drift"
    assert "hub/my-app        1" in text
    assert text.endswith("Done in 2.0 s.\n")
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l"), "the cursor is back"
