"""`fleet preview`: what an update would do."""

from __future__ import annotations

from typing import Any

import click

from fleet.cli import conduct, exit_codes, options
from fleet.engine.request import Command


@click.command(epilog=exit_codes.epilog())
@options.options(
    options.STACK,
    options.REFRESH,
    options.EXPECT_NO_CHANGES,
    options.DIFF,
    options.JSON,
    options.PARALLEL,
    options.TARGET,
    options.EXCLUDE,
    *options.SELECTION,
    options.SCHEDULED,
    options.ALLOW_DELETIONS,
    options.SHOW_SECRETS,
    options.SUPPRESS_PROGRESS,
)
@click.pass_context
def preview(context: click.Context, /, **flags: Any) -> None:
    """Show what `fleet up` would do, and change nothing.

    Compares what Git and the stack's declaration want with what was last applied. Without --refresh no cluster is
    asked, so drift is not seen; with it, drift is part of what `fleet up --refresh` would put right.

    \b
    Examples:
      fleet preview -s demo
      fleet preview -s demo --diff
      fleet preview -s demo --refresh --expect-no-changes    # for CI: exit code 7 on any difference
    """
    conductor = conduct.open_conductor(context, Command.UP, options.Flags(**flags))
    conduct.end(context, conductor.preview())
