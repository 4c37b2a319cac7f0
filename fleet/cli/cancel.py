"""`fleet cancel`: release a stack that a dead run still holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from fleet.cli import exit_codes, options, stacks, terminal
from fleet.engine import lock, store
from fleet.engine.backend import StackRef
from fleet.engine.lock import Holder
from fleet.errors import CancelledError, DeclarationError, Problem


@click.command(epilog=exit_codes.epilog())
@options.options(options.STACK, options.YES)
@click.pass_context
def cancel(context: click.Context, /, **flags: Any) -> None:
    """Release a stack whose run has died.

    A run holds its stack by a lock. One that was killed leaves it behind; the next run takes it over by itself where it
    can be certain that the other is dead, and says so where it cannot. The lock of a process that is gone is released
    at once; for one that may still be alive you are asked, because two runs at once spoil the state. No process is
    ended, and what the dead run did is not lost: the next run goes on from it.

    \b
    Examples:
      fleet cancel -s demo
      fleet cancel -s demo --yes
    """
    talk, given = terminal.of(context), options.Flags(**flags)
    project = stacks.open_project(talk.start)
    ref = StackRef(project.name, stacks.choose(project, given.stack, os.environ))
    backend = store.backend(project, os.environ)
    alive = [holder for holder in lock.holders(backend, ref) if not holder.is_dead()]
    if alive and not given.yes:
        _ask(ref, alive, interactive=talk.interactive())
    released = lock.release_all(backend, ref)
    for holder in released:
        click.echo(f"released {ref.stack}: it was held by {holder}")
    if not released:
        click.echo(f"no run holds {ref.stack}")


def _ask(ref: StackRef, alive: Sequence[Holder], *, interactive: bool) -> None:
    who = ", ".join(str(holder) for holder in alive)
    if not interactive:
        hint = "If you are sure that it has ended, pass --yes."
        raise DeclarationError(Problem(f"{ref.stack} is held by a run that may be alive: {who}", hint=hint))
    if not click.confirm(f"{ref.stack} is held by {who}. Has that run ended for certain?"):
        raise CancelledError(Problem("declined: nothing was released"))
