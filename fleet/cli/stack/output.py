"""`fleet stack output`: what the stack's program said last."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from fleet.cli import exit_codes, options, terminal, words
from fleet.cli.stack.opened import open_stack
from fleet.engine import values
from fleet.errors import DeclarationError, FleetError, Problem

_JSON = click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
_SHELL = click.option("--shell", "as_shell", is_flag=True, help="Print assignments for a shell.")


@click.command(epilog=exit_codes.epilog())
@click.argument("name", required=False, metavar="[NAME]")
@options.options(options.STACK, _JSON, _SHELL, options.SHOW_SECRETS)
@click.pass_context
def output(
    context: click.Context, /, name: str | None, stack: str | None, *, as_json: bool, as_shell: bool, show_secrets: bool
) -> None:
    """Show a stack's outputs, or one of them.

    They are those of the last run that ran to its end. `deployed` says which commit of which application is where:
    application, cluster, the destination's namespace, SHA.

    \b
    Examples:
      fleet stack output -s demo
      fleet stack output deployed -s demo --json
    """
    if as_json and as_shell:
        raise DeclarationError(Problem("only one of --json and --shell may be set"))
    opened = open_stack(context, stack)
    opened.require_state()
    found = opened.store.read().outputs()
    outputs = {key: values.reveal(value) if show_secrets else values.mask(value) for key, value in found.items()}
    if name is not None and name not in outputs:
        there = f"It has {', '.join(sorted(outputs))}." if outputs else "It has none."
        raise FleetError(Problem(f"stack {opened.name!r} has no output {name!r}", detail=there))
    if as_json:
        data = outputs if name is None else outputs[name]
        click.echo(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False))
    elif as_shell:
        for key in sorted(outputs) if name is None else [name]:
            click.echo(f"{key}={shlex.quote(_text(outputs[key]))}")
    elif name is not None:
        click.echo(_text(outputs[name]))
    else:
        _list(terminal.of(context), outputs)


def _text(value: Any) -> str:
    """Return a text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _list(talk: terminal.Terminal, outputs: Mapping[str, Any]) -> None:
    click.echo(f"Current stack outputs ({len(outputs)}):")
    if not outputs:
        click.echo("    No output values currently in this stack")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("    OUTPUT", no_wrap=True)
    table.add_column("VALUE", overflow="fold")
    for key, value in sorted(outputs.items()):
        table.add_row(Text(f"    {words.clean(key)}"), Text(words.clean(_text(value))))
    talk.console().print(table)
