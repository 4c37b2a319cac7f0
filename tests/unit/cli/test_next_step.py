from __future__ import annotations

import pytest

from fleet.cli.invocation import Invocation
from fleet.cli.views.next_step import next_step
from fleet.engine.request import Command, RunRequest, RunResult
from fleet.errors import Problem
from tests.unit.cli.scripted import drift, request

CHANGES = RunResult(changes=True)
FAILED = RunResult(changes=True, failures=(Problem("no"),))
HEALS = RunResult(changes=True, drift=(drift(), drift("dev", heals=False)))
STAYS = RunResult(changes=True, drift=(drift(heals=False),))


@pytest.mark.parametrize(
    ("asked", "result", "line"),
    [
        pytest.param(request(dry_run=True), CHANGES, "To do it: fleet up -s demo", id="preview"),
        pytest.param(request(dry_run=True), RunResult(), "", id="preview without changes"),
        pytest.param(request(), CHANGES, "", id="update"),
        pytest.param(
            request(),
            RunResult(exit_code=1),
            "When that is mended, again: fleet up -s demo",
            id="failed, as the program said itself",
        ),
        pytest.param(request(), FAILED, "When that is mended, again: fleet up -s demo", id="failed update"),
        pytest.param(
            request(dry_run=True, refresh=True),
            FAILED,
            "When that is mended, again: fleet preview --refresh -s demo",
            id="failed preview",
        ),
        pytest.param(
            request(Command.REFRESH, dry_run=True),
            FAILED,
            "When that is mended, again: fleet refresh --preview-only -s demo",
            id="failed drift check",
        ),
        pytest.param(request(Command.REFRESH, dry_run=True), HEALS, "To heal: fleet up --refresh -s demo", id="drift"),
        pytest.param(request(Command.REFRESH), HEALS, "To heal: fleet up --refresh -s demo", id="drift taken in"),
        pytest.param(
            request(Command.REFRESH, dry_run=True),
            STAYS,
            "Drift is left alone where self_heal is off; to have it healed, turn self_heal on in the application.",
            id="drift that stays",
        ),
        pytest.param(request(Command.DESTROY, dry_run=True), CHANGES, "To do it: fleet destroy -s demo", id="destroy"),
        pytest.param(request(Command.DESTROY), CHANGES, "", id="destroyed"),
        pytest.param(request(), RunResult(cancelled=True), "To go on: fleet up -s demo", id="stopped"),
    ],
)
def test_next_step(asked: RunRequest, result: RunResult, line: str) -> None:
    assert next_step(asked, result, Invocation(stack="demo")) == line


def test_the_command_repeats_what_was_chosen_and_is_quoted() -> None:
    invocation = Invocation(stack="demo", cwd="my project", targets=("**::dev/**",))
    assert next_step(request(dry_run=True), CHANGES, invocation) == (
        "To do it: fleet up -s demo -C 'my project' '--target=**::dev/**'"
    )


def test_heal_command_of_pulumi() -> None:
    assert Invocation(stack="demo").pulumi_heal(("urn:a$b", "urn:c")) == (
        "pulumi up --stack demo --refresh --skip-preview --yes --continue-on-error --exclude 'urn:a$b' --exclude urn:c"
    )
