"""The reference says what the command line does."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path

import click
import pytest

from fleet.cli import exit_codes
from fleet.cli.group import cli
from fleet.cli.views.jsonlines import plain
from fleet.engine import events
from fleet.engine.request import RunResult

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "cli.md").read_text()
COMMANDS = {
    " ".join((*parent, name)): command
    for parent, group in (((), cli), *(((name,), each) for name, each in cli.commands.items()))
    if isinstance(group, click.Group)
    for name, command in group.commands.items()
}
OPTIONS = {
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
    for option in parameter.opts
}


@pytest.mark.parametrize(("command", "option"), sorted(OPTIONS))
def test_options(command: str, option: str) -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| `-")]
    assert f"`fleet {command}" in TEXT
    cells = [row.split(" | ") for row in rows]
    named = [meant.split(", ") for option_cell, meant, _ in cells if option in re.split(r"[^-\w]", option_cell)]
    # A short option may mean one thing here and another there, but never two for the same command.
    assert len([commands for commands in named if commands == ["all"] or command in commands]) == 1


def test_exit_codes() -> None:
    rows = [f"| {code} | {meaning} |" for code, meaning in exit_codes.table()]
    assert "\n".join(rows) in TEXT


@pytest.mark.parametrize("event", typing.get_args(events.Event), ids=lambda event: event.__name__)
def test_fields_of_events(event: type) -> None:
    name = event.__name__[0].lower() + event.__name__[1:]
    (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |")]
    made = event(**{each.name: None for each in dataclasses.fields(event)})
    assert all(f"`{field}`" in row for field in plain(made))


def test_fields_of_the_summary() -> None:
    (row,) = [line for line in TEXT.splitlines() if line.startswith("| `summary` |")]
    assert all(f"`{field}`" in row for field in plain(RunResult()))
