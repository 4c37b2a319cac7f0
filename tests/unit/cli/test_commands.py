from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from fleet import errors
from fleet.cli import exit_codes
from fleet.cli.confirm import confirm
from fleet.cli.group import cli
from fleet.cli.selection import ApplicationSelection
from fleet.engine.events import Operation
from fleet.engine.request import Command, RunRequest, RunResult
from fleet.errors import FleetError, Problem
from fleet.model.selector import parse_selector
from tests.unit.cli.scripted import ScriptedEngine, count, drift, invoke, request, updated

CHANGES = RunResult(counts=(count("hub", Operation.UPDATE, 1),), changes=True, duration_s=1.0)


def sent(project: Path, *arguments: str) -> RunRequest:
    """Return the last request that a command line makes of the engine."""
    engine = ScriptedEngine()
    result = invoke(engine, project, *arguments)
    assert result.exit_code == 0, result.output
    return engine.requests[-1]


def test_preview(project: Path) -> None:
    engine = ScriptedEngine([CHANGES], [updated()])
    result = invoke(engine, project, "preview", "-s", "demo")
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        "Previewing update (demo)",
        "hub/my-app: update Deployment.apps default/web",
        "",
        "CLUSTER   APPLICATION   CREATE   UPDATE   DELETE   UNCHANGED",
        "hub       my-app             0        1        0           0",
        "",
        "Preview only, nothing was changed, in 1.0 s.",
        f"To do it: fleet up -s demo -C {project}",
    ]
    assert result.stderr == ""
    assert [each.dry_run for each in engine.requests] == [True]


def test_up_previews_and_updates_as_one_run(project: Path) -> None:
    engine = ScriptedEngine([CHANGES])
    result = invoke(engine, project, "up", "--yes")
    preview, update = engine.requests
    assert (preview.dry_run, update.dry_run) == (True, False)
    assert preview.run_id == update.run_id != ""
    assert result.stdout.index("Previewing update (demo)") < result.stdout.index("Updating (demo)")
    assert "To do it" not in result.stdout
    assert invoke(again := ScriptedEngine(), project, "up", "--yes").exit_code == 0
    assert again.requests[0].run_id != preview.run_id


def test_the_diff_is_shown_where_it_is_asked_for(project: Path) -> None:
    engine = ScriptedEngine([CHANGES], [updated("hub"), updated("dev")])
    result = invoke(engine, project, "preview", "--diff")
    assert "~ update Deployment.apps default/web  (dev, hub · my-app)\n  - spec.replicas: 2\n" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        pytest.param(("up", "-y"), "command", Command.UP, id="up"),
        pytest.param(("refresh", "-y"), "command", Command.REFRESH, id="refresh"),
        pytest.param(("destroy", "-y"), "command", Command.DESTROY, id="destroy"),
        pytest.param(("preview",), "command", Command.UP, id="preview"),
        pytest.param(("preview",), "refresh", False, id="no refresh"),
        pytest.param(("preview", "--refresh"), "refresh", True, id="refresh is a flag"),
        pytest.param(("preview", "--refresh=true"), "refresh", True, id="refresh=true"),
        pytest.param(("preview", "--refresh=false"), "refresh", False, id="refresh=false"),
        pytest.param(("preview", "-r", "-s", "demo"), "stack", "demo", id="a flag without value, then another"),
        pytest.param(("refresh", "--preview-only"), "dry_run", True, id="refresh --preview-only"),
        pytest.param(("destroy", "--preview-only"), "dry_run", True, id="destroy --preview-only"),
        pytest.param(("up", "-f"), "dry_run", False, id="skip-preview implies yes"),
        pytest.param(("preview", "-p", "3"), "parallel", 3, id="parallel"),
        pytest.param(("up", "-y", "--continue-on-error"), "continue_on_error", True, id="continue-on-error"),
        pytest.param(("preview", "--show-secrets"), "show_secrets", True, id="show-secrets"),
        pytest.param(("preview",), "show_secrets", False, id="no show-secrets"),
        pytest.param(("preview", "-t", "a", "--target", "b"), "targets", ("a", "b"), id="target"),
        pytest.param(("preview", "-x", "a", "--exclude", "b"), "excludes", ("a", "b"), id="exclude"),
        pytest.param(("preview",), "selection", None, id="no selection"),
        pytest.param(
            ("preview", "--project", "p", "--app", "a", "--app", "b", "-l", "x=y", "--selector", "!z"),
            "selection",
            ApplicationSelection(("p",), ("a", "b"), (parse_selector("x=y"), parse_selector("!z"))),
            id="selection",
        ),
    ],
)
def test_options_reach_the_engine(project: Path, arguments: tuple[str, ...], field: str, value: object) -> None:
    assert getattr(sent(project, *arguments), field) == value


def test_options_refresh_of_the_project_is_a_default(project: Path) -> None:
    (project / "Pulumi.yaml").write_text(
        "name: fleet\nruntime: python\noptions: {refresh: always}\nstackConfigDir: stacks\n"
    )
    assert sent(project, "preview").refresh
    assert not sent(project, "preview", "--refresh=false").refresh


def test_environment_stands_for_options(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_SKIP_CONFIRMATIONS", "true")
    monkeypatch.setenv("PULUMI_CONTINUE_ON_ERROR", "true")
    monkeypatch.setenv("PULUMI_PARALLEL", "2")
    monkeypatch.setenv("PULUMI_STACK", "other")
    made = sent(project, "up")
    assert (made.continue_on_error, made.parallel, made.stack) == (True, 2, "other")


@pytest.mark.parametrize("command", ["up", "refresh", "destroy"])
def test_without_a_terminal_somebody_must_have_said_yes(project: Path, command: str) -> None:
    engine = ScriptedEngine()
    result = invoke(engine, project, command)
    assert (result.exit_code, engine.requests) == (2, [])
    assert result.stderr == (
        "error: there is no terminal to ask for confirmation on\n"
        "  → Pass --yes to go on without being asked, or run `fleet preview` to only look.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ("refresh", "-f", "--preview-only"), "--skip-preview and --preview-only cannot be used together", id="skip"
        ),
        pytest.param(("destroy", "-y", "--preview-only"), "--yes and --preview-only cannot be used together", id="yes"),
        pytest.param(("preview", "-t", "a", "-x", "b"), "--target and --exclude cannot be used together", id="target"),
    ],
)
def test_contradictions(project: Path, arguments: tuple[str, ...], message: str) -> None:
    result = invoke(ScriptedEngine(), project, *arguments)
    assert (result.exit_code, result.stderr) == (2, f"error: {message}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("up", "--no-such-option"), id="unknown option"),
        pytest.param(("no-such-command",), id="unknown command"),
        pytest.param(("up", "-p", "0"), id="out of range"),
        pytest.param(("up", "--refresh=maybe"), id="not a boolean"),
        pytest.param(("up", "surplus"), id="argument"),
        pytest.param(("up", "--color", "pink"), id="not a choice"),
    ],
)
def test_wrong_usage(project: Path, arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")
    assert "Traceback" not in result.stderr


def test_json_keeps_standard_output_for_events(project: Path) -> None:
    engine = ScriptedEngine([CHANGES], [updated()])
    result = invoke(engine, project, "preview", "--json", "--expect-no-changes")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["type"] for line in lines] == ["runStarted", "stepFinished", "summary"]
    assert (lines[-1]["exitCode"], result.exit_code) == (7, 7)
    assert result.stderr == "error: no changes were expected, and there are some\n"


def test_json_of_an_error_ends_in_a_summary(project: Path) -> None:
    result = invoke(ScriptedEngine([errors.PlanError("twice")]), project, "up", "-y", "--json")
    last = json.loads(result.stdout.splitlines()[-1])
    assert (last["type"], last["exitCode"], last["failures"][0]["summary"]) == ("summary", 12, "twice")
    assert result.stderr == "error: twice\n"


def test_heal_command_prints_nothing_but_the_command_line(project: Path) -> None:
    engine = ScriptedEngine(unhealed=("urn:pulumi:demo::fleet::a$b::hub/default/web",))
    result = invoke(engine, project, "heal-command")
    assert result.stdout == (
        f"pulumi up --stack demo --cwd {project} --refresh --skip-preview --yes --continue-on-error"
        " --exclude 'urn:pulumi:demo::fleet::a$b::hub/default/web'\n"
    )
    assert result.stderr == "leaves out 1 object of applications with self_heal off\n"


def test_targets_prints_options_for_pulumi(project: Path) -> None:
    engine = ScriptedEngine(selected=("urn:pulumi:demo::fleet::a::b", "urn:pulumi:demo::fleet::a$b::c"))
    result = invoke(engine, project, "targets", "--app", "web")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "--target=urn:pulumi:demo::fleet::a::b\n--target=urn:pulumi:demo::fleet::a$b::c\n"


def test_targets_of_everything_are_not_asked_for(project: Path) -> None:
    result = invoke(ScriptedEngine(), project, "targets")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: no application is selected\n  → Name some with --project, --app or -l.\n"


def test_a_selector_that_is_none(project: Path) -> None:
    engine = ScriptedEngine()
    result = invoke(engine, project, "preview", "-l", "env=a b")
    assert (result.exit_code, engine.requests) == (2, [])
    assert result.stderr.startswith("error: 'env=a b' is not a label selector\n")


def test_what_to_do_next_repeats_the_selection(project: Path) -> None:
    engine = ScriptedEngine([CHANGES], [updated()])
    result = invoke(engine, project, "preview", "--app", "web", "-l", "env in (a,b)", "--project", "p")
    assert result.stdout.rstrip().endswith("--project=p --app=web '--selector=env in (a,b)'")


@pytest.mark.parametrize("where", ["before", "after"])
def test_general_options_may_stand_before_or_after_the_command(project: Path, where: str) -> None:
    engine, general = ScriptedEngine([CHANGES], [updated()]), ("--color", "always", "-C", str(project))
    arguments = (*general, "preview") if where == "before" else ("preview", *general)
    result = CliRunner().invoke(cli, arguments, obj=lambda: engine)
    assert result.exit_code == 0
    assert "\x1b[" in result.stdout


@pytest.mark.parametrize(
    ("environment", "arguments", "coloured"),
    [
        pytest.param({}, (), False, id="no terminal"),
        pytest.param({}, ("--color", "always"), True, id="always"),
        pytest.param({"NO_COLOR": "1"}, ("--color", "always"), True, id="always means always"),
        pytest.param({"FORCE_COLOR": "1"}, (), True, id="FORCE_COLOR"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": ""}, (), False, id="NO_COLOR"),
        pytest.param({"FORCE_COLOR": "1"}, ("--color", "never"), False, id="never"),
    ],
)
def test_colours(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    coloured: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = invoke(ScriptedEngine([CHANGES], [updated()]), project, "preview", *arguments)
    assert ("\x1b[" in result.stdout) is coloured


def asked(answers: str) -> str:
    shown: list[Console] = []
    runner = CliRunner()
    with runner.isolation(input=answers) as (out, _, _):
        try:
            confirm(request(), shown.append, Console())
        except FleetError as error:
            return f"{error} {len(shown)}"
        return f"yes {len(shown)} {out.getvalue().decode().splitlines()[0]}"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        pytest.param("yes\n", "yes 0 Perform this update of demo? [yes/no/details] yes", id="yes"),
        pytest.param("maybe\nY\n", "yes 0 Perform this update of demo? [yes/no/details] maybe", id="asked again"),
        pytest.param("d\ny\n", "yes 1 Perform this update of demo? [yes/no/details] d", id="details"),
        pytest.param("no\n", "update declined: nothing was changed 0", id="no"),
        pytest.param("\n", "update declined: nothing was changed 0", id="no is the default"),
        pytest.param("", "stopped at the question: nothing was changed 0", id="end of input"),
    ],
)
def test_confirm(answers: str, outcome: str) -> None:
    assert asked(answers) == outcome


def test_drift_is_reported_and_the_way_to_heal_it(project: Path) -> None:
    engine = ScriptedEngine([RunResult(drift=(drift(),), changes=True)])
    result = invoke(engine, project, "refresh", "--preview-only", "--expect-no-changes")
    assert result.exit_code == 7
    assert f"To heal: fleet up --refresh -s demo -C {project}\n" in result.stdout


def commands() -> list[click.Command]:
    return [cli, *cli.commands.values()]


@pytest.mark.parametrize("command", [pytest.param(each, id=str(each.name)) for each in commands()])
def test_help_has_examples_and_exit_codes(command: click.Command) -> None:
    arguments = [] if command is cli else [str(command.name)]
    text = CliRunner().invoke(cli, [*arguments, "--help"], terminal_width=100).stdout
    assert "\n  Examples:\n    fleet " in text
    for code, meaning in exit_codes.table():
        assert f"\n    {code:>2}  {meaning}\n" in text


def test_help_needs_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["up", "--help"]).exit_code == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("preview",), 1, id="one run"),
        pytest.param(("up", "--yes"), 2, id="the update after the preview as well"),
        pytest.param(("up", "--skip-preview"), 1, id="the update alone"),
        pytest.param(("up", "--skip-preview", "--preview-only"), 0, id="wrong options"),
        pytest.param(("up", "--yes", "-s", "other/project/demo"), 0, id="no such stack"),
    ],
)
def test_the_engine_is_told_of_each_run_beforehand_and_when_none_follows(
    project: Path, words: tuple[str, ...], expected: int
) -> None:
    engine = ScriptedEngine([RunResult(changes=True)])
    invoke(engine, project, *words)
    assert len(engine.expected) == expected
    assert engine.dismissed == min(expected, 1)


def test_after_a_preview_that_fails_no_run_is_expected(project: Path) -> None:
    engine = ScriptedEngine([RunResult(failures=(Problem("broken"),), exit_code=1)])
    assert invoke(engine, project, "up", "--yes").exit_code == 1
    assert (len(engine.expected), engine.dismissed) == (1, 1)
