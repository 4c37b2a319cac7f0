"""What the user sees when a command fails: the problems of a FleetError, or where an unexpected error is written."""

from __future__ import annotations

import os
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from fleet.cli import terminal, words
from fleet.engine import project
from fleet.errors import CancelledError, FleetError, Problem


class FleetGroup(click.Group):
    """A group of commands whose errors end as a message and an exit code."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; errors that are the user's to read never get a traceback."""
        try:
            return super().invoke(context)
        except FleetError as error:
            _fail(context, error)
        except (click.Abort, KeyboardInterrupt):
            _fail(context, CancelledError("stopped"))
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - the last place where a bug can still become a message
            _crash(error, terminal.of(context))
            context.exit(FleetError.exit_code)


def _fail(context: click.Context, error: FleetError) -> NoReturn:
    report(error, terminal.of(context).console(stderr=True))
    context.exit(error.exit_code)


def report(error: FleetError, console: Console) -> None:
    """Print the problems, each with `error:` before it."""
    for problem in error.problems:
        head, *details = words.clean(str(problem)).splitlines()
        console.print(Text.assemble(("error: ", "bold red"), head), soft_wrap=True)
        for line in details:
            console.print(Text(line), soft_wrap=True)


def _crash(error: Exception, talk: terminal.Terminal) -> None:
    console = talk.console(stderr=True)
    text = "".join(traceback.format_exception(error))
    if talk.verbose:
        console.print(Text(text), soft_wrap=True)
        detail = ""
    else:
        detail = f"The details are in {_write(text, talk.start)}; -v shows them here."
    summary = f"unexpected {type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
    hint = "This is a mistake in fleet, not in your input. What was done so far is in the state."
    report(FleetError(Problem(summary, detail=detail, hint=hint)), console)


def _write(text: str, start: Path) -> Path:
    """Write a traceback, which may show data of the user's, where only the user can read it."""
    name = f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"
    try:
        folder = project.find(start) / ".fleet" / "logs"
        folder.mkdir(parents=True, exist_ok=True)
    except (FleetError, OSError):
        folder = Path(tempfile.mkdtemp(prefix="fleet-"))
    file = folder / name
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    return file
