"""`fleet targets`: the `--target` options by which `pulumi` does what a selection of applications does here."""

from __future__ import annotations

import os

import click

from fleet.cli import conduct, exit_codes, options, stacks, terminal
from fleet.cli.selection import selection
from fleet.errors import DeclarationError, Problem


@click.command(epilog=exit_codes.epilog())
@options.options(options.STACK, *options.SELECTION)
@click.pass_context
def targets(
    context: click.Context, stack: str | None, project: tuple[str, ...], app: tuple[str, ...], selector: tuple[str, ...]
) -> None:
    """Print what `pulumi` needs to be about some applications only.

    One `--target` per line: the Application components and the objects of the selected applications, as the stack's
    state knows them. Objects that are new in Git are not among them; `--target-dependents` takes in those, and objects
    of other applications that depend on the selected ones. `fleet up --app NAME` needs none of this.

    \b
    Examples:
      fleet targets -s demo --app shop
      pulumi up --stack demo $(fleet targets -s demo --project web)
    """
    wanted = selection(project, app, selector)
    if wanted is None:
        raise DeclarationError(Problem("no application is selected", hint="Name some with --project, --app or -l."))
    talk = terminal.of(context)
    found = stacks.open_project(talk.start)
    name = stacks.choose(found, stack, os.environ)
    for urn in conduct.engine_of(context).selected_urns(found.folder, name, wanted):
        click.echo(f"--target={urn}")
