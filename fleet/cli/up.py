"""`fleet up`: make the clusters what Git says."""

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
    options.SKIP_PREVIEW,
    options.EXPECT_NO_CHANGES,
    options.DIFF,
    options.JSON,
    options.PARALLEL,
    options.CONTINUE_ON_ERROR,
    options.TARGET,
    options.EXCLUDE,
    *options.SELECTION,
    options.SCHEDULED,
    options.ALLOW_DELETIONS,
    options.SHOW_SECRETS,
    options.SUPPRESS_PROGRESS,
)
@click.pass_context
def up(context: click.Context, /, **flags: Any) -> None:
    """Make the clusters what Git says.

    Previews, asks, and then creates, updates and prunes. Revisions are resolved to commits once: what the preview shows
    is what is deployed. With --refresh the clusters are looked at first and drift is put right: that is self-heal.
    Trouble with one cluster does not hold up the others; the exit code tells of it.

    \b
    Examples:
      fleet up -s demo
      fleet up -s demo --yes                 # without being asked, as in CI
      fleet up -s demo --refresh --yes       # heal drift as well
      fleet up -s demo --refresh --yes --scheduled  # the same from cron: only what is automated moves
      fleet up -s demo --exclude '**::dev/**' # all clusters but dev
      fleet up -s demo --app shop --app blog  # two applications, whatever the others want
      fleet up -s demo -l 'env in (dev,test),!legacy'
    """
    conductor = conduct.open_conductor(context, Command.UP, options.Flags(**flags))
    conduct.end(context, conductor.carry_out())
