"""`fleet stack import`: an exported state in the place of a stack's own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from fleet.cli import exit_codes, options, terminal, words
from fleet.cli.stack.opened import Opened, open_stack
from fleet.engine import exchange
from fleet.engine.exchange import Import
from fleet.errors import FleetError, Problem, StateError

_FILE = click.option("--file", metavar="FILE", help="What to read. Default: standard input.")
_FORCE = click.option(
    "-f", "--force", is_flag=True, help="Import it even if apparent errors are discovered beforehand (not recommended)."
)


@click.command("import", epilog=exit_codes.epilog())
@options.options(options.STACK, _FILE, _FORCE)
@click.pass_context
def import_(context: click.Context, /, stack: str | None, file: str | None, *, force: bool) -> None:
    """Import a deployment that was exported, in the place of the stack's state.

    No cluster is changed. A deployment of another stack or project is refused, and so is one that contradicts itself;
    --force takes both. Operations that were under way when it was exported end here, and are named. The state before is
    kept as a backup.

    \b
    Examples:
      fleet stack export -s demo | fleet stack import -s demo
      pulumi stack export --stack demo | fleet stack import -s demo
      fleet stack import -s demo --file demo.json
    """
    opened = open_stack(context, stack)
    console = terminal.of(context).console(stderr=True)
    found = exchange.read(_text(file), file or "<standard input>", opened.store)
    if found.problems and not force:
        hint = "Importing this could be dangerous; --force does it anyway."
        raise StateError(*found.problems, Problem("Nothing was imported", hint=hint))
    _warn(console, [str(each) for each in found.problems])
    _warn(console, _consequences(found, opened))
    kept = exchange.put(opened.store, found.snapshot)
    if kept.backup is not None:
        console.print(Text(f"The state before is in {kept.backup}"), soft_wrap=True)
    if kept.journal is not None:
        _warn(console, [f"what an interrupted run had done is no longer part of the state; it is in {kept.journal}"])
    click.echo("Import complete.")


def _text(file: str | None) -> str:
    try:
        data = sys.stdin.buffer.read() if file is None else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise FleetError(Problem(f"{file} could not be read", detail=f"{error.strerror}.")) from error
    except UnicodeDecodeError as error:
        raise StateError(Problem("This is no deployment", detail=str(error))) from error


def _consequences(found: Import, opened: Opened) -> Sequence[str]:
    said = [
        f"removing pending operation '{each.type}' on '{each.resource.urn}' from snapshot" for each in found.dropped
    ]
    if not exchange.belongs(found.snapshot, opened.store.ref):
        said.append("fleet will not work with this state: `pulumi stack rename` can make it this stack's")
    return said


def _warn(console: Console, said: Sequence[str]) -> None:
    for each in said:
        console.print(Text.assemble(("warning: ", "yellow"), words.clean(each)), soft_wrap=True)
