"""The commands together."""

from __future__ import annotations

import click

from fleet.cli import exit_codes
from fleet.cli.commands import Commands
from fleet.cli.options import options
from fleet.cli.trouble import FleetGroup

_COMMANDS = Commands(
    {
        "preview": "fleet.cli.preview:preview",
        "up": "fleet.cli.up:up",
        "refresh": "fleet.cli.refresh:refresh",
        "destroy": "fleet.cli.destroy:destroy",
        "cancel": "fleet.cli.cancel:cancel",
        "heal-command": "fleet.cli.heal_command:heal_command",
        "targets": "fleet.cli.targets:targets",
        "render": "fleet.cli.render:render",
        "diff": "fleet.cli.diff:diff",
        "explain": "fleet.cli.explain:explain",
        "clusters": "fleet.cli.clusters:clusters",
        "stack": "fleet.cli.stack.group:stack",
        "cache": "fleet.cli.cache:cache",
    }
)


@click.group(
    cls=FleetGroup,
    commands=_COMMANDS,
    epilog=exit_codes.epilog(),
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
