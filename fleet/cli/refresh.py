"""`fleet refresh`: look at the clusters and say what drifted."""

from __future__ import annotations

from typing import Any

import click

from fleet.cli import conduct, exit_codes, options
from fleet.engine.request import Command


@click.command(epilog=exit_codes.epilog())
@options.options(
    options.STACK,
    options.YES,
    options.PREVIEW_ONLY,
    options.SKIP_PREVIEW,
    options.EXPECT_NO_CHANGES,
    options.DIFF,
    options.JSON,
    options.PARALLEL,
    options.TARGET,
    options.EXCLUDE,
    *options.SELECTION,
    options.SUPPRESS_PROGRESS,
)
@click.pass_context
def refresh(context: click.Context, /, **flags: Any) -> None:
    """Look at the clusters and report drift.

    Nothing in a cluster is changed. With --preview-only the state is not changed either: that is the drift check.
    Without it the state takes in what the clusters hold, as `pulumi refresh` does. To put drift right, run
    `fleet up --refresh`.

    \b
    Examples:
      fleet refresh -s demo --preview-only --expect-no-changes    # exit code 7 on drift
      fleet refresh -s demo --preview-only --diff                 # field by field
      fleet refresh -s demo --yes
    """
    conductor = conduct.open_conductor(context, Command.REFRESH, options.Flags(**flags))
    conduct.end(context, conductor.carry_out())
