"""`fleet stack rm`: remove a stack's state and history."""

from __future__ import annotations

import os

import click

from fleet.cli import exit_codes, options, terminal
from fleet.cli.stack.opened import Opened, one_of, open_stack
from fleet.engine import selected, stacks
from fleet.errors import CancelledError, DeclarationError, Problem

_FORCE = click.option(
    "-f", "--force", is_flag=True, help="Remove it even if it has resources; they stay in their clusters."
)
_BACKUPS = click.option("--remove-backups", is_flag=True, help="Remove its backups as well.")
_CONFIG = click.option("--preserve-config", is_flag=True, help="No effect: the stack's configuration always stays.")


@click.command(epilog=exit_codes.epilog())
@click.argument("name", required=False, metavar="[STACK]")
@options.options(options.STACK, options.YES, _FORCE, _BACKUPS, _CONFIG)
@click.pass_context
def rm(
    context: click.Context,
    /,
    name: str | None,
    stack: str | None,
    *,
    yes: bool,
    force: bool,
    remove_backups: bool,
    preserve_config: bool,  # noqa: ARG001 - Pulumi has it, so scripts pass it
) -> None:
    """Remove a stack: its state and its history.

    Its objects are not deleted: that is what `fleet destroy` is for, and a stack that still has some is not removed
    without --force. Backups stay unless --remove-backups says otherwise. What you wrote stays in any case: the stack's
    configuration and its declaration.

    \b
    Examples:
      fleet destroy -s demo && fleet stack rm demo
    """
    opened = open_stack(context, one_of(name, stack))
    opened.require_state()
    talk = terminal.of(context)
    if not yes:
        _ask(opened.name, interactive=talk.interactive())
    stacks.remove(opened.store.backend, opened.store.ref, force=force, backups=remove_backups)
    _unselect(opened)
    click.echo(f"Stack '{opened.name}' has been removed!")


def _ask(name: str, *, interactive: bool) -> None:
    if not interactive:
        hint = "Pass --yes to remove it without being asked."
        raise DeclarationError(Problem("there is no terminal to ask for confirmation on", hint=hint))
    click.echo(f"This will permanently remove the '{name}' stack!")
    question = f"Please confirm that this is what you'd like to do by typing `{name}`"
    try:
        answer = click.prompt(question, default="", show_default=False)
    except click.Abort as error:
        raise CancelledError(Problem("stopped at the question: nothing was removed")) from error
    if str(answer).strip() != name:
        raise CancelledError(Problem("confirmation declined: nothing was removed"))


def _unselect(opened: Opened) -> None:
    if selected.read(opened.project, os.environ) == opened.name:
        selected.write(opened.project, os.environ, "")
