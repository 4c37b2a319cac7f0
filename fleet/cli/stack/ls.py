"""`fleet stack ls`: the stacks of the project, or all that the backend has."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from fleet.cli import exit_codes, options, stacks, terminal, trouble, words
from fleet.engine import selected, store
from fleet.engine.backend import Backend, StackRef
from fleet.engine.project import Project
from fleet.engine.stacks import Summary, summaries
from fleet.errors import StateError
from fleet.frozen import dataclass

_ALL = click.option("-a", "--all", "everything", is_flag=True, help="The stacks of all projects, not of this one only.")
_JSON = click.option("-j", "--json", "as_json", is_flag=True, help="Print a JSON list, an entry per stack.")
_UNKNOWN = "n/a"


@click.command(epilog=exit_codes.epilog())
@options.options(_ALL, _JSON)
@click.pass_context
def ls(context: click.Context, /, *, everything: bool, as_json: bool) -> None:
    """List stacks.

    Those of this project, deployed or only declared, with a * at the selected one. The time is that of the last
    run that changed the state; resources are counted as Pulumi counts them: objects, components and providers.

    \b
    Examples:
      fleet stack ls
      fleet stack ls --all --json
    """
    talk = terminal.of(context)
    project = stacks.open_project(talk.start)
    backend = store.backend(project, os.environ)
    rows = tuple(_rows(project, backend, everything=everything))
    if as_json:
        click.echo(json.dumps([_as_json(row) for row in rows], indent=2, ensure_ascii=False))
    else:
        talk.console().print(_table(rows))
    for row in rows:
        if row.summary.problem is not None:
            trouble.report(StateError(row.summary.problem), talk.console(stderr=True))


@dataclass(frozen=True, slots=True)
class _Row:
    """A stack in the list. name: short within the project."""

    name: str
    is_current: bool
    summary: Summary


def _rows(project: Project, backend: Backend, *, everything: bool) -> Iterator[_Row]:
    current = selected.read(project, os.environ)
    found = summaries(backend, backend.projects() if everything else (project.name,))
    deployed = {each.ref for each in found}
    declared = (StackRef(project.name, name) for name in stacks.names(project))
    for each in sorted((*found, *(Summary(ref) for ref in declared if ref not in deployed)), key=_by_name(project)):
        name = _name(each.ref, project)
        yield _Row(name, name == current, each)


def _by_name(project: Project) -> Any:
    return lambda summary: _name(summary.ref, project)


def _name(ref: StackRef, project: Project) -> str:
    return ref.stack if ref.project == project.name else str(ref)


def _table(rows: Sequence[_Row]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("NAME", "LAST UPDATE", "RESOURCE COUNT"):
        table.add_column(title, no_wrap=True)
    now = time.time()
    for row in rows:
        count = row.summary.resources
        table.add_row(
            Text(words.clean(f"{row.name}*" if row.is_current else row.name), "bold" if row.is_current else ""),
            _when(row.summary, now),
            _UNKNOWN if count is None else str(count),
        )
    return table


def _when(summary: Summary, now_s: float) -> str:
    if summary.is_held:
        return "in progress"
    at = _moment(summary.updated)
    return _UNKNOWN if at is None else words.ago(now_s - at.timestamp())


def _moment(text: str) -> datetime | None:
    """Return the time of RFC 3339, which Go writes with nanoseconds; None for none, and for Go's own zero."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.year == 1 else found


def _as_json(row: _Row) -> dict[str, Any]:
    """Return the fields that Pulumi has, in its order; what is not known is left out."""
    at = _moment(row.summary.updated)
    fields = {
        "name": row.name,
        "current": row.is_current,
        "lastUpdate": None if at is None else words.moment(at),
        "updateInProgress": True if row.summary.is_held else None,
        "resourceCount": row.summary.resources,
    }
    return {field: value for field, value in fields.items() if value is not None}
