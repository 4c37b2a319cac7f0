"""`fleet heal-command`: the `pulumi` command line that heals drift as `fleet up --refresh` would."""

from __future__ import annotations

import os

import click

from fleet.cli import conduct, exit_codes, options, stacks, terminal, words
from fleet.cli.invocation import Invocation


@click.command("heal-command", epilog=exit_codes.epilog())
@options.options(options.STACK)
@click.pass_context
def heal_command(context: click.Context, stack: str | None) -> None:
    """Print the `pulumi` command line that heals drift.

    Pulumi's refresh knows no self_heal: it would also put right what an application with `self_heal=False` wants left
    alone. The printed command line leaves out those objects, by URN, as the stack's state knows them now; print it
    again after a deployment. They are left out of the deployment too: `pulumi up` deploys their changes in Git.
    `fleet up --refresh` needs none of this.

    \b
    Examples:
      fleet heal-command -s demo
      eval "$(fleet heal-command -s demo)"
    """
    talk = terminal.of(context)
    found = stacks.open_project(talk.start)
    name = stacks.choose(found, stack, os.environ)
    urns = conduct.engine_of(context).unhealed_urns(found.folder, name)
    click.echo(Invocation(stack=name, cwd=talk.cwd).pulumi_heal(urns))
    left_out = words.count(len(urns), "object")
    click.echo(f"leaves out {left_out} of applications with self_heal off" if urns else "leaves out nothing", err=True)
