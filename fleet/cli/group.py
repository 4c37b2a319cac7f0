"""The commands together."""

from __future__ import annotations

import click

from fleet.cli import exit_codes
from fleet.cli.cache import cache
from fleet.cli.cancel import cancel
from fleet.cli.clusters import clusters
from fleet.cli.destroy import destroy
from fleet.cli.diff import diff
from fleet.cli.explain import explain
from fleet.cli.heal_command import heal_command
from fleet.cli.options import options
from fleet.cli.preview import preview
from fleet.cli.refresh import refresh
from fleet.cli.render import render
from fleet.cli.stack.group import stack
from fleet.cli.targets import targets
from fleet.cli.trouble import FleetGroup
from fleet.cli.up import up


@click.group(cls=FleetGroup, epilog=exit_codes.epilog(), context_settings={"help_option_names": ["-h", "--help"]})
@options()
@click.version_option(package_name="fleet-as-code", prog_name="fleet")
def cli() -> None:
    """Deploy applications from Git to many Kubernetes clusters, without a controller in any of them.

    Runs the project's __main__.py on the embedded engine. `pulumi preview|up|refresh|destroy` run the same program and
    share its state; options have the same names and meanings.

    \b
    Examples:
      fleet preview -s demo                                       # what would be done
      fleet up -s demo                                            # do it
      fleet refresh -s demo --preview-only --expect-no-changes    # has anything drifted?
      fleet up -s demo --refresh                                  # put it right
    """


_COMMANDS = (
    preview,
    up,
    refresh,
    destroy,
    cancel,
    heal_command,
    targets,
    render,
    diff,
    explain,
    clusters,
    stack,
    cache,
)
for command in _COMMANDS:
    cli.add_command(command)
