"""What goes wrong in a run, as the command line tells it: exit codes and messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet import errors
from fleet.cli import exit_codes, main
from fleet.engine.events import Operation
from fleet.engine.request import RunResult
from fleet.errors import FleetError, Problem, Where
from tests.unit.cli.scripted import ScriptedEngine, count, invoke, unreachable

CHANGES = RunResult(counts=(count("hub", Operation.UPDATE, 1),), changes=True, duration_s=1.0)
ALL_ERRORS = [FleetError, *(error for error in vars(errors).values() if getattr(error, "__base__", None) is FleetError)]


@pytest.mark.parametrize(
    ("arguments", "results", "exit_code"),
    [
        pytest.param(("preview",), [CHANGES], 0, id="changes are no failure"),
        pytest.param(("preview", "--expect-no-changes"), [CHANGES], 7, id="preview"),
        pytest.param(("preview", "--expect-no-changes"), [RunResult()], 0, id="preview without changes"),
        pytest.param(("up", "-y", "--expect-no-changes"), [RunResult(), CHANGES], 7, id="up, after the update"),
        pytest.param(("up", "-y", "--expect-no-changes"), [CHANGES, RunResult()], 0, id="up, not after the preview"),
        pytest.param(("refresh", "--preview-only", "--expect-no-changes"), [CHANGES], 7, id="drift check"),
        pytest.param(
            ("preview", "--expect-no-changes"),
            [RunResult(changes=True, failures=(unreachable(),), exit_code=4)],
            4,
            id="a failure tells more than a change",
        ),
        pytest.param(("up", "-y"), [RunResult(failures=(unreachable(),))], 4, id="a failure is never a success"),
        pytest.param(("up", "-y"), [RunResult(cancelled=True)], 8, id="cancelled"),
    ],
)
def test_exit_codes(project: Path, arguments: tuple[str, ...], results: list[RunResult], exit_code: int) -> None:
    assert invoke(ScriptedEngine(results), project, *arguments).exit_code == exit_code


def test_unexpected_changes_get_a_word(project: Path) -> None:
    result = invoke(ScriptedEngine([CHANGES]), project, "preview", "--expect-no-changes")
    assert result.stderr == "error: no changes were expected, and there are some\n"


def test_a_cluster_that_fails_in_the_preview_does_not_hold_up_the_others(project: Path) -> None:
    failed = RunResult(failures=(unreachable("dev"),), changes=True, exit_code=4)
    engine = ScriptedEngine([failed])
    assert invoke(engine, project, "up", "--yes").exit_code == 4
    assert [each.dry_run for each in engine.requests] == [True, False]


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(RunResult(failures=(Problem("the program ended with 1"),), exit_code=1), id="failed program"),
        pytest.param(RunResult(exit_code=2), id="failed, as the program said itself"),
        pytest.param(RunResult(cancelled=True, exit_code=8), id="stopped"),
    ],
)
def test_a_preview_that_went_nowhere_is_not_followed_by_an_update(project: Path, result: RunResult) -> None:
    engine = ScriptedEngine([result])
    assert invoke(engine, project, "up", "--yes").exit_code == result.exit_code
    assert [each.dry_run for each in engine.requests] == [True]


@pytest.mark.parametrize("error", [pytest.param(error, id=error.__name__) for error in ALL_ERRORS])
def test_every_error_is_a_message_and_its_exit_code(project: Path, error: type[FleetError]) -> None:
    raised = error(
        Problem("what", Where("a.yaml", 3, application="app", cluster="hub"), "why\nat length", "do this"),
        Problem("something else"),
    )
    result = invoke(ScriptedEngine([raised]), project, "up", "--yes")
    assert result.exit_code == error.exit_code
    assert result.stderr == (
        "error: something else\nerror: a.yaml:3, application app, cluster hub: what\n  why\n  at length\n  → do this\n"
    )


def test_a_bug_is_a_message_that_says_where_the_traceback_is(project: Path) -> None:
    result = invoke(ScriptedEngine([ZeroDivisionError("oops\nmore")]), project, "up", "--yes")
    assert result.exit_code == 1
    (log,) = (project / ".fleet" / "logs").iterdir()
    assert result.stderr == (
        "error: unexpected ZeroDivisionError: oops\n"
        f"  The details are in {log}; -v shows them here.\n"
        "  → This is a mistake in fleet, not in your input. What was done so far is in the state.\n"
    )
    assert log.read_text().endswith("ZeroDivisionError: oops\nmore\n")
    assert log.stat().st_mode & 0o077 == 0


def test_a_bug_shows_its_traceback_where_it_is_asked_for(project: Path) -> None:
    result = invoke(ScriptedEngine([ZeroDivisionError("oops")]), project, "-v", "up", "--yes")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert not (project / ".fleet").exists()


def test_the_exit_codes_are_those_of_the_errors() -> None:
    codes = dict(exit_codes.table())
    assert {error.exit_code for error in ALL_ERRORS} | {0} == set(codes)
    assert errors.CancelledError.exit_code == main.STOPPED
    assert codes[7] == "`--expect-no-changes` or `--check`, and there were changes."
