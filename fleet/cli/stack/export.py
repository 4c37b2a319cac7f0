"""`fleet stack export`: a stack's state as a file that either engine imports."""

from __future__ import annotations

from pathlib import Path

import click

from fleet.cli import exit_codes, options
from fleet.cli.stack.opened import open_stack
from fleet.engine import exchange
from fleet.errors import FleetError, Problem

_FILE = click.option("--file", metavar="FILE", help="Where to write it. Default: standard output.")
_VERSION = click.option(
    "--version", type=click.IntRange(min=1), metavar="N", help="What this update left, as `fleet stack history` counts."
)


@click.command(epilog=exit_codes.epilog())
@options.options(options.STACK, _FILE, _VERSION, options.SHOW_SECRETS)
@click.pass_context
def export(
    context: click.Context, /, stack: str | None, file: str | None, version: int | None, *, show_secrets: bool
) -> None:
    """Export a stack's deployment, as `pulumi stack import` and `fleet stack import` take it.

    It can be edited by hand and imported again, to put right what a state has wrong. Secret values stay encrypted; with
    --show-secrets they are in plain text. What a run that was cut off has left in its journal is in it.

    \b
    Examples:
      fleet stack export -s demo > demo.json
      fleet stack export -s demo --version 3 --file before.json
    """
    opened = open_stack(context, stack)
    opened.require_state()
    if version is None:
        text = exchange.export(opened.store, show_secrets=show_secrets)
    else:
        text = exchange.export_version(opened.store, version, show_secrets=show_secrets)
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise FleetError(Problem(f"{file} could not be written", detail=f"{error.strerror}.")) from error
