"""The options of the commands, named and meant as Pulumi's, and their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from fleet.cli import terminal
from fleet.errors import DeclarationError, Problem
from fleet.frozen import dataclass

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Option = Callable[[Decorated], Decorated]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was asked for, as the options have it; the options that a command lacks keep their defaults here.

    refresh: None leaves it to `options.refresh` in Pulumi.yaml. allow_deletions: None leaves it to the configuration.
    """

    stack: str | None = None
    yes: bool = False
    refresh: bool | None = None
    preview_only: bool = False
    skip_preview: bool = False
    expect_no_changes: bool = False
    diff: bool = False
    json: bool = False
    parallel: int | None = None
    continue_on_error: bool = False
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    app: tuple[str, ...] = ()
    selector: tuple[str, ...] = ()
    suppress_progress: bool = False
    scheduled: bool = False
    show_secrets: bool = False
    allow_deletions: int | None = None

    def check(self) -> None:
        """Raise DeclarationError for options that contradict each other."""
        contradictions = (
            (self.skip_preview and self.preview_only, "--skip-preview and --preview-only"),
            (self.yes and self.preview_only, "--yes and --preview-only"),
            (self.target and self.exclude, "--target and --exclude"),
        )
        found = [Problem(f"{names} cannot be used together") for wrong, names in contradictions if wrong]
        if found:
            raise DeclarationError(*found)

    @property
    def approved(self) -> bool:
        """Whether to go on without asking; as in Pulumi, who skips the preview has decided."""
        return self.yes or self.skip_preview


STACK = click.option(
    "-s",
    "--stack",
    metavar="NAME",
    help="The stack to operate on. Default: $PULUMI_STACK, then what `pulumi stack select` chose, then the only one.",
)
YES = click.option(
    "-y", "--yes", is_flag=True, envvar="PULUMI_SKIP_CONFIRMATIONS", help="Do not ask before making the changes."
)
REFRESH = click.option(
    "-r",
    "--refresh",
    type=click.BOOL,
    is_flag=False,
    flag_value="true",
    default=None,
    metavar="[=true|false]",
    help="Look at the clusters first, so that what differs there is put right.",
)
PREVIEW_ONLY = click.option("--preview-only", is_flag=True, help="Show what would be done, and do nothing.")
SKIP_PREVIEW = click.option("-f", "--skip-preview", is_flag=True, help="Do not preview first; implies --yes.")
EXPECT_NO_CHANGES = click.option(
    "--expect-no-changes", is_flag=True, help="Exit with 7 if there are changes. Looked at when everything is done."
)
DIFF = click.option("--diff", is_flag=True, help="Show every field that changes, and what is new.")
JSON = click.option("-j", "--json", is_flag=True, help="Print events for programs: one JSON object per line.")
PARALLEL = click.option(
    "-p",
    "--parallel",
    type=click.IntRange(min=1),
    envvar="PULUMI_PARALLEL",
    metavar="N",
    help="Requests under way at once to each cluster; 1 for one after the other.  [default: 32]",
)
CONTINUE_ON_ERROR = click.option(
    "--continue-on-error",
    is_flag=True,
    envvar="PULUMI_CONTINUE_ON_ERROR",
    help="Delete what is no longer wanted also in a cluster where something failed, or is protected.",
)
TARGET = click.option(
    "-t",
    "--target",
    multiple=True,
    metavar="URN",
    help="Only these resources; repeatable. `*` matches within a part of a URN, `**` across parts.",
)
EXCLUDE = click.option(
    "-x",
    "--exclude",
    multiple=True,
    metavar="URN",
    help="All but these resources; repeatable, patterns as in --target.",
)
PROJECT = click.option(
    "--project",
    multiple=True,
    metavar="NAME",
    help="Only applications of this project; repeatable. All others stay exactly as they are.",
)
APP = click.option(
    "--app",
    multiple=True,
    metavar="NAME",
    help="Only the application of this name; repeatable.",
)
SELECTOR = click.option(
    "-l",
    "--selector",
    multiple=True,
    metavar="LABELS",
    help="Only applications with these labels, as `kubectl -l` has it; repeatable, and then all must hold.",
)
SELECTION = (PROJECT, APP, SELECTOR)
SCHEDULED = click.option(
    "--scheduled",
    is_flag=True,
    envvar="FLEET_SCHEDULED",
    help="Nobody asked for this run: applications that are not automated stay at their deployed revision.",
)
ALLOW_DELETIONS = click.option(
    "--allow-deletions",
    type=click.IntRange(min=0),
    default=None,
    metavar="N",
    help="Delete up to N objects, whatever `fleet:deletions` in the stack's configuration allows.",
)
SHOW_SECRETS = click.option("--show-secrets", is_flag=True, help="Show secret values in plain text.")
SUPPRESS_PROGRESS = click.option("--suppress-progress", is_flag=True, help="Print no progress while working.")

EVERYWHERE: tuple[Option[Any], ...] = (
    click.option(
        "-C",
        "--cwd",
        metavar="DIR",
        expose_value=False,
        callback=terminal.remember,
        help="Run as if started in this directory.",
    ),
    click.option(
        "--color",
        type=click.Choice(("always", "never", "auto")),
        expose_value=False,
        callback=terminal.remember,
        help="Colours. Default: auto, which honours NO_COLOR.",
    ),
    click.option(
        "--non-interactive",
        is_flag=True,
        expose_value=False,
        callback=terminal.remember,
        help="Never ask; never redraw the screen.",
    ),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=terminal.remember,
        help="Show the traceback of an unexpected error.",
    ),
)


def options(*chosen: Option[Any]) -> Option[Any]:
    """Return a decorator that adds these options, and those of every command, in this order."""

    def decorate(function: Decorated) -> Decorated:
        for option in reversed((*chosen, *EVERYWHERE)):
            function = option(function)
        return function

    return decorate
