"""`fleet stack select`: which stack commands are about that name none."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from fleet.cli import exit_codes, options, stacks, terminal
from fleet.cli.stack.opened import one_of
from fleet.engine import selected, stack_config, store
from fleet.engine.backend import StackRef
from fleet.errors import CancelledError, Problem, StackNotFoundError


@click.command(epilog=exit_codes.epilog())
@click.argument("name", required=False, metavar="[STACK]")
@options.options(options.STACK)
@click.pass_context
def select(context: click.Context, /, name: str | None, stack: str | None) -> None:
    """Choose the stack that commands mean which name none.

    The choice is kept where `pulumi stack select` keeps its own, per backend, so both agree. Without a name you are
    asked for one.

    \b
    Examples:
      fleet stack select demo
      fleet stack select
    """
    talk = terminal.of(context)
    project = stacks.open_project(talk.start)
    known = stacks.known(project, store.backend(project, os.environ))
    asked = one_of(name, stack)
    if asked is None:
        asked = _ask(known, selected.read(project, os.environ), interactive=talk.interactive())
    chosen = stacks.short(project, asked)
    stack_config.require(chosen, known)
    selected.write(project, os.environ, str(StackRef(project.name, chosen)))


def _ask(known: Sequence[str], current: str, *, interactive: bool) -> str:
    if not known or not interactive:
        there = f"There are: {', '.join(known)}." if known else "There is none yet."
        raise StackNotFoundError(
            Problem("no stack is named", detail=there, hint="Name one: `fleet stack select NAME`.")
        )
    default = current if current in known else known[0]
    try:
        return str(click.prompt("Please choose a stack", type=click.Choice(known), default=default))
    except click.Abort as error:
        raise CancelledError(Problem("stopped at the question: the choice is what it was")) from error
