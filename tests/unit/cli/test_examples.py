"""Command lines that users are shown can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import pytest

from demo.story import DESTROY, NEXT_STEPS, STEPS
from fleet.cli.group import cli

ROOT = Path(__file__).parents[3]
COMMAND_LINE = re.compile(r"^(?:\$ )?(fleet [a-z-]+(?: .*)?)$")


def command_lines(lines: Iterable[str]) -> set[str]:
    """Return the lines that are calls of `fleet`."""
    return {match[1] for line in lines if (match := COMMAND_LINE.match(line.strip()))}


HELP = command_lines(line for command in cli.commands.values() for line in (command.help or "").splitlines())
STORY = command_lines([*(line.text for step in STEPS for line in step.lines), DESTROY, *NEXT_STEPS.splitlines()])


@pytest.mark.parametrize("line", sorted(HELP | STORY))
def test_options_exist(line: str) -> None:
    _, name, *arguments = shlex.split(line, comments=True)
    cli.commands[name].make_context(name, arguments)


def test_there_are_examples() -> None:
    assert len(HELP) >= 12
    assert {"fleet up -s demo --yes", "fleet refresh -s demo --preview-only --expect-no-changes"} <= STORY


def test_the_demo_deploys_the_example_as_it_is() -> None:
    example = ROOT / "examples" / "first-application" / "application.yaml"
    assert (ROOT / "stacks" / "demo" / "application.yaml").read_bytes() == example.read_bytes()
