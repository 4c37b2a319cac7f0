"""The commands of `fleet stack` together."""

from __future__ import annotations

import click

from fleet.cli import exit_codes
from fleet.cli.options import options
from fleet.cli.stack.export import export
from fleet.cli.stack.history import history
from fleet.cli.stack.importing import import_
from fleet.cli.stack.ls import ls
from fleet.cli.stack.output import output
from fleet.cli.stack.rm import rm
from fleet.cli.stack.select import select


@click.group(epilog=exit_codes.epilog())
@options()
def stack() -> None:
    """Look at stacks and their states, move states, remove them.

    Works on the files of Pulumi's file backend; `pulumi stack` does on the same ones.

    \b
    Examples:
      fleet stack ls
      fleet stack output -s demo --json
      fleet stack export -s demo --file demo.json
    """


for command in (ls, select, output, export, import_, history, rm):
    stack.add_command(command)
