from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from fleet.cli.invocation import Invocation
from fleet.cli.views import summary
from fleet.engine.events import DriftKind, Operation
from fleet.engine.request import Command, RunRequest, RunResult
from fleet.errors import Problem, Where
from tests.unit.cli.scripted import count, drift, request, subject, unreachable

INVOCATION = Invocation(stack="demo")


def printed(asked: RunRequest, result: RunResult, invocation: Invocation | None = INVOCATION) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=200)
    for part in summary.render(asked, result, invocation):
        console.print(part, soft_wrap=isinstance(part, Text))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_update() -> None:
    result = RunResult(
        counts=(
            count("dev", Operation.CREATE, 2),
            count("dev", Operation.SAME, 1),
            count("hub", Operation.SAME, 1200),
            count("hub", Operation.RETAIN, 1, "shop"),
        ),
        outputs={
            "deployed": {
                "chart": {"dev": {"default": "1.10.0-rc.1+build"}, "hub": {"web": ["1.9.0", "a" * 40]}},
                "my-app": {"dev": {"default": "a" * 40}, "hub": {"default": "a" * 40}},
                "shop": {"dev": {"one": "b" * 40, "two": "c" * 40}, "hub": {"one": "b" * 40, "two": "b" * 40}},
            },
            "note": {"inner": "text"},
        },
        changes=True,
        duration_s=12.3,
    )
    assert printed(request(), result) == [
        "CLUSTER   APPLICATION   CREATED   UPDATED   DELETED   RETAINED   UNCHANGED",
        "dev       my-app              2         0         0          0           1",
        "hub       my-app              0         0         0          0       1,200",
        "hub       shop                0         0         0          1           0",
        "total                         2         0         0          1       1,201",
        "",
        "Deployed",
        "  chart   1.10.0-rc.1+build  dev",
        "  chart   1.9.0, aaaaaaaaaaaa  hub (web)",
        "  my-app  aaaaaaaaaaaa  dev, hub",
        "  shop    bbbbbbbbbbbb  dev (one), hub (one, two)",
        "  shop    cccccccccccc  dev (two)",
        "",
        "Outputs",
        '  note inner: "text"',
        "",
        "Done in 12 s.",
    ]


def test_preview_says_what_to_type_next() -> None:
    result = RunResult(counts=(count("hub", Operation.ADOPT, 1),), changes=True, duration_s=0.4)
    assert printed(request(dry_run=True, refresh=True), result) == [
        "CLUSTER   APPLICATION   CREATE   ADOPT   UPDATE   DELETE   UNCHANGED",
        "hub       my-app             0       1        0        0           0",
        "",
        "Preview only, nothing was changed, in 0.4 s.",
        "To do it: fleet up --refresh -s demo",
    ]


def test_no_changes() -> None:
    result = RunResult(counts=(count("hub", Operation.SAME, 1),), duration_s=0.4)
    assert printed(request(dry_run=True), result)[-1] == "No changes, in 0.4 s."


def test_nothing_at_all() -> None:
    assert printed(request(), RunResult()) == ["No changes, in 0.0 s."]


def test_drift_found_by_a_refresh() -> None:
    result = RunResult(
        counts=(count("dev", Operation.SAME, 3),),
        drift=(drift("dev"), drift("hub"), drift("prod", kind=DriftKind.DELETED), drift("qa", heals=False)),
        changes=True,
        duration_s=1,
    )
    assert printed(request(Command.REFRESH, dry_run=True), result) == [
        "CLUSTER   APPLICATION   UNCHANGED   DRIFT",
        "dev       my-app                3       1",
        "hub       my-app                0       1",
        "prod      my-app                0       1",
        "qa        my-app                0       1",
        "total                           3       4",
        "",
        "Drift",
        "  dev, hub · my-app  Deployment.apps default/web: spec.replicas: 2 → 5",
        "  prod · my-app  Deployment.apps default/web: gone from the cluster",
        "  qa · my-app  Deployment.apps default/web: spec.replicas: 2 → 5  left alone: self_heal is off",
        "",
        "Preview only, nothing was changed, in 1.0 s.",
        "To heal: fleet up --refresh -s demo",
    ]


def test_equal_drift_of_many_objects_is_one_row() -> None:
    drifted = tuple(
        replace(drift(cluster), subject=subject(cluster, name=f"web-{number}"))
        for cluster in ("dev", "hub")
        for number in range(20)
    )
    other = replace(drift("dev"), subject=subject("dev", name="other"))
    result = RunResult(drift=(*drifted, other), changes=True, duration_s=1)
    found = printed(request(Command.REFRESH, dry_run=True), result)
    rows = found[found.index("Drift") + 1 :]
    named = "default/web-0, default/web-1, default/web-2 and 17 more"
    assert rows[:3] == [
        f"  dev, hub · my-app  Deployment.apps {named}: spec.replicas: 2 → 5",
        "  dev · my-app  Deployment.apps default/other: spec.replicas: 2 → 5",
        "",
    ]


def test_drift_healed_by_an_update() -> None:
    result = RunResult(drift=(drift("dev"),), changes=True)
    assert "  dev · my-app  Deployment.apps default/web: spec.replicas: 2 → 5  healed" in printed(request(), result)
    assert "  dev · my-app  Deployment.apps default/web: spec.replicas: 2 → 5  to be healed" in printed(
        request(dry_run=True), result
    )


def test_healing_is_not_claimed_where_something_failed() -> None:
    result = RunResult(drift=(drift("dev"), drift("hub")), failures=(unreachable("dev"),), changes=True, exit_code=4)
    lines = printed(request(), result)
    assert "  dev · my-app  Deployment.apps default/web: spec.replicas: 2 → 5" in lines
    assert "  hub · my-app  Deployment.apps default/web: spec.replicas: 2 → 5  healed" in lines


def test_failures_say_what_why_and_what_to_do() -> None:
    exists = Problem(
        "Deployment.apps default/web exists already", Where(application="my-app", cluster="hub"), hint="Set adopt=True."
    )
    result = RunResult(
        counts=(count("hub", Operation.CREATE, 1),),
        failures=(unreachable("dev"), unreachable("prod"), exists),
        changes=True,
        exit_code=4,
        duration_s=30,
    )
    assert printed(request(), result) == [
        "CLUSTER   APPLICATION   CREATED   UPDATED   DELETED   UNCHANGED   FAILED",
        "dev       -                   0         0         0           0        1",
        "hub       my-app              1         0         0           0        1",
        "prod      -                   0         0         0           0        1",
        "total                         1         0         0           0        3",
        "",
        "Failed",
        "  dev, prod  the cluster cannot be reached",
        "    Cannot connect to host 127.0.0.1:6443 [Connection refused]",
        "    → Start the cluster, or leave it out: --exclude '**::dev/**'.",
        "  hub/my-app  Deployment.apps default/web exists already",
        "    → Set adopt=True.",
        "",
        "3 failures, in 30 s.",
        "When that is mended, again: fleet up -s demo",
    ]


def test_what_fails_in_a_whole_cluster_is_said_once() -> None:
    refused = [
        Problem("refused", Where(cluster=cluster, application=app)) for cluster in ("a", "b") for app in ("x", "y")
    ]
    result = RunResult(failures=(Problem("refused", Where(cluster="a")), *refused), exit_code=4)
    lines = printed(request(), result)
    assert lines[lines.index("Failed") + 1] == "  a, b/x, b/y  refused"


def test_what_ended_the_program_is_not_repeated() -> None:
    before = {"deployed": {"my-app": {"dev": {"default": "a" * 40}}}}
    result = RunResult(failures=(Problem("the file assigns no Fleet"),), outputs=before, exit_code=2)
    assert printed(request(), result, None) == ["1 failure, in 0.0 s; nothing was changed."]
    assert printed(request(dry_run=True), result, None) == ["1 failure, in 0.0 s."]


def test_that_nothing_was_changed_is_not_claimed_where_something_was() -> None:
    created = (count("dev", Operation.CREATE, 1),)
    result = RunResult(counts=created, failures=(Problem("a bug"),), changes=True, exit_code=1)
    assert printed(request(), result, None)[-1] == "1 failure, in 0.0 s."


def test_a_great_many_equal_rows_are_folded() -> None:
    result = RunResult(
        counts=(
            *(count(f"c{number:03}", Operation.SAME, 7) for number in range(100)),
            count("c042", Operation.UPDATE, 1),
        ),
        changes=True,
    )
    assert printed(request(), result)[:4] == [
        "CLUSTER                        APPLICATION   CREATED   UPDATED   DELETED   UNCHANGED",
        "c000, c001, c002 and 96 more   my-app              0         0         0           7",
        "c042                           my-app              0         1         0           7",
        "total                                              0         1         0         700",
    ]


def test_nothing_is_called_deployed_where_something_failed() -> None:
    commits = {"my-app": {"dev": {"default": "a" * 40}, "hub": {"default": "a" * 40}}}
    result = RunResult(outputs={"deployed": commits}, failures=(unreachable("dev"),), exit_code=4)
    assert "  my-app  aaaaaaaaaaaa  hub" in printed(request(), result)


def test_an_output_that_only_has_the_name_is_no_trouble() -> None:
    assert printed(request(), RunResult(outputs={"deployed": {"a": 1, "b": ["c"]}})) == ["No changes, in 0.0 s."]


def test_a_great_many_outputs_are_cut() -> None:
    result = RunResult(outputs={f"key{number:02}": number for number in range(50)})
    lines = printed(request(), result)
    assert lines[:2] == ["Outputs", "  key00: 0"]
    assert "  … and 30 more; --json has them all" in lines


def test_stopped_on_request() -> None:
    result = RunResult(counts=(count("hub", Operation.CREATE, 1),), changes=True, cancelled=True, duration_s=2)
    assert printed(request(), result)[-2:] == [
        "Stopped on request after 2.0 s; what was done is recorded.",
        "To go on: fleet up -s demo",
    ]
