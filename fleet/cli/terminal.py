"""Terminal: what the user said, on any command, about where to run and how to talk to them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal, TextIO

import click
from rich.console import Console

from fleet.errors import DeclarationError, Problem
from fleet.frozen import dataclass

Color = Literal["always", "never", "auto"]

# Wide enough that lines in a log are not folded; a terminal's own width counts where there is one.
LOG_WIDTH = 240


class SteadyConsole(Console):
    """A console that leaves it to the caller what a closed pipe means; Rich's own would end the process."""

    def on_broken_pipe(self) -> None:
        """Go on with the BrokenPipeError that is being handled."""
        raise  # noqa: PLE0704 - Rich calls this while it handles the error


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """How to talk to the user.

    cwd: where the search for Pulumi.yaml starts; empty is the current directory.
    non_interactive: never ask, never draw a live view.
    verbose: show tracebacks of unexpected errors.
    """

    cwd: str = ""
    color: Color = "auto"
    non_interactive: bool = False
    verbose: bool = False

    @property
    def start(self) -> Path:
        """The directory to start from. Raises DeclarationError where the current one is gone."""
        try:
            return Path(self.cwd or ".").absolute()
        except FileNotFoundError as error:
            hint = "Go to a project's folder, or name it with -C/--cwd."
            raise DeclarationError(Problem("the current directory is gone", hint=hint)) from error

    def interactive(self) -> bool:
        """Return whether the user can be asked. As in Pulumi: a terminal on both ends, not `dumb`, not CI."""
        if self.non_interactive or os.environ.get("TERM", "").lower() == "dumb" or os.environ.get("CI"):
            return False
        return sys.stdin.isatty() and sys.stdout.isatty()

    def console(self, *, stderr: bool = False) -> Console:
        """Return a console that prints text as it is; --color decides about colours, then NO_COLOR, then the stream."""
        stream: TextIO = sys.stderr if stderr else sys.stdout
        plain = self.color == "never" or (self.color == "auto" and "NO_COLOR" in os.environ)
        return SteadyConsole(
            file=stream,
            force_terminal=True if self.color == "always" else None,
            color_system=None if plain else "auto",
            width=None if stream.isatty() else LOG_WIDTH,
            markup=False,
            highlight=False,
            emoji=False,
        )


def of(context: click.Context) -> Terminal:
    """Return what was said so far, before or after the command's name."""
    return Terminal(**context.meta.get(__name__, {}))


def remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep an option's value for every command; what is said later on the command line wins."""
    source = context.get_parameter_source(parameter.name or "")
    if source is click.core.ParameterSource.COMMANDLINE:
        context.meta.setdefault(__name__, {})[parameter.name] = value
