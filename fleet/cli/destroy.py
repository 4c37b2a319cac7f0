"""`fleet destroy`: remove what the stack deployed."""

from __future__ import annotations

from typing import Any

import click

from fleet.cli import conduct, exit_codes, options
from fleet.engine.request import Command


@click.command(epilog=exit_codes.epilog())
@options.options(
    options.STACK,
    options.YES,
    options.REFRESH,
    options.PREVIEW_ONLY,
    options.SKIP_PREVIEW,
    options.DIFF,
    options.JSON,
    options.PARALLEL,
    options.CONTINUE_ON_ERROR,
    options.TARGET,
    options.EXCLUDE,
    *options.SELECTION,
    options.SUPPRESS_PROGRESS,
)
@click.pass_context
def destroy(context: click.Context, /, **flags: Any) -> None:
    """Remove from the clusters what the stack deployed.

    Objects are deleted in reverse order of their dependencies. Namespaces and CustomResourceDefinitions, which hold
    other people's data, stay unless the application says otherwise (`retain`).

    \b
    Examples:
      fleet destroy -s demo --preview-only
      fleet destroy -s demo
      fleet destroy -s demo --target '**::dev/**' --yes    # only what is in dev
    """
    conductor = conduct.open_conductor(context, Command.DESTROY, options.Flags(**flags))
    conduct.end(context, conductor.carry_out())
