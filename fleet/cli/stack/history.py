"""`fleet stack history`: the runs that changed the stack."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.text import Text

from fleet.cli import exit_codes, options, terminal, words
from fleet.cli.stack.opened import Opened, open_stack
from fleet.engine import history as records
from fleet.engine import stack_config
from fleet.engine.history import Update
from fleet.errors import FleetError, Problem, StateError, Where
from fleet.frozen import dataclass

_JSON = click.option("-j", "--json", "as_json", is_flag=True, help="Print a JSON list, an entry per update.")
_FULL_DATES = click.option("--full-dates", is_flag=True, help="Show full dates, instead of relative ones.")
_PAGE = click.option("--page", type=int, default=1, show_default=True, help="Which page, with --page-size.")
_PAGE_SIZE = click.option(
    "--page-size", type=int, default=10, show_default=True, help="Updates per page; 0 for all of them."
)
_CHANGES = (("create", "+", "green"), ("delete", "-", "red"), ("update", "~", "yellow"), ("same", " ", "blue"))
_NOT_OPENED = "ERROR_UNABLE_TO_DECRYPT"


@dataclass(frozen=True, slots=True)
class _Version:
    """An update, and its place in the history, from 1."""

    number: int
    update: Update


@click.command(epilog=exit_codes.epilog())
@options.options(options.STACK, _JSON, options.SHOW_SECRETS, _FULL_DATES, _PAGE, _PAGE_SIZE)
@click.pass_context
def history(
    context: click.Context,
    /,
    stack: str | None,
    page: int,
    page_size: int,
    *,
    as_json: bool,
    show_secrets: bool,
    full_dates: bool,
) -> None:
    """Display the history of a stack: the runs of both engines, the latest first.

    Versions count from the oldest; `fleet stack export --version N` exports what one of them left.

    \b
    Examples:
      fleet stack history -s demo
      fleet stack history -s demo --json --page-size 0
    """
    opened = open_stack(context, stack)
    found = tuple(_versions(opened, page, page_size))
    if as_json:
        opening = opened.store.vault.decrypt if show_secrets else None
        click.echo(json.dumps([_as_json(each, opening) for each in found], indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo(f"No stack updates found on page '{page}'" if page > 1 else "Stack has never been updated")
    console = terminal.of(context).console()
    for each in found:
        for line in _lines(each, time.time(), full_dates=full_dates):
            console.print(line, soft_wrap=True)


def _versions(opened: Opened, page: int, page_size: int) -> Iterator[_Version]:
    """Yield a page of the history, the latest first. Only its files are read."""
    backend, ref = opened.store.backend, opened.store.ref
    numbered = list(enumerate(backend.updates(ref), start=1))[::-1]
    first = (max(page, 1) - 1) * page_size if page_size > 0 else 0
    for number, path in numbered[first : first + page_size] if page_size > 0 else numbered:
        try:
            yield _Version(number, records.decode(backend.read_record(path) or b""))
        except (ValueError, KeyError, TypeError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise StateError(Problem("This is no record of an update", Where(file=str(path)), reason)) from error


def _lines(version: _Version, now_s: float, *, full_dates: bool) -> Iterator[Text]:
    update = version.update
    yield Text(f"Version: {version.number}")
    yield Text(f"UpdateKind: {words.clean(update.kind)}")
    yield Text(f"Status: {_result(update)}", "green" if update.succeeded else "red")
    yield Text(f"Message: {words.clean(update.message)}")
    started = datetime.fromtimestamp(update.started_s, UTC).astimezone()
    when = str(started) if full_dates else words.ago(now_s - update.started_s)
    counts = [(f"{sign}{update.changes.get(name, 0)}", f"black on {colour}") for name, sign, colour in _CHANGES]
    yield Text.assemble(*counts, f" Updated {when} took {update.ended_s - update.started_s}s")
    for key, value in sorted(update.environment.items()):
        if value.strip():
            yield Text(f"    {words.clean(key)}: {words.clean(value)}", "yellow" if key == "git.head" else "")
    yield Text()


def _result(update: Update) -> str:
    return "succeeded" if update.succeeded else "failed"


def _as_json(version: _Version, decrypt: Callable[[str], str] | None) -> dict[str, Any]:
    """Return the fields that Pulumi has, in its order. decrypt: None leaves secret values out."""
    update = version.update
    return {
        "version": version.number,
        "kind": update.kind,
        "startTime": words.moment(datetime.fromtimestamp(update.started_s, UTC)),
        "message": update.message,
        "environment": dict(update.environment),
        "config": {key: _configured(value, decrypt) for key, value in sorted(update.config.items())},
        "result": _result(update),
        "endTime": words.moment(datetime.fromtimestamp(update.ended_s, UTC)),
        "resourceChanges": dict(update.changes),
    }


def _configured(value: Any, decrypt: Callable[[str], str] | None) -> Mapping[str, Any]:
    secret = stack_config.is_secret(value)
    if secret and decrypt is None:
        return {"secret": True}
    try:
        opened = stack_config.reveal(value, decrypt) if decrypt is not None else value
    except FleetError:
        return {"value": _NOT_OPENED, "secret": secret}
    whole = {"objectValue": opened} if isinstance(opened, Sequence | Mapping) and not isinstance(opened, str) else {}
    return {"value": stack_config.as_text(opened), **whole, "secret": secret}
