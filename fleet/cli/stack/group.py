"""The commands of `fleet stack` together."""

from __future__ import annotations

import click

from fleet.cli import exit_codes
from fleet.cli.commands import Commands
from fleet.cli.options import options

_COMMANDS = Commands(
    {
        "ls": "fleet.cli.stack.ls:ls",
        "select": "fleet.cli.stack.select:select",
        "output": "fleet.cli.stack.output:output",
        "export": "fleet.cli.stack.export:export",
        "import": "fleet.cli.stack.importing:import_",
        "history": "fleet.cli.stack.history:history",
        "rm": "fleet.cli.stack.rm:rm",
    }
)


@click.group(commands=_COMMANDS, epilog=exit_codes.epilog())
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
