"""The question between a preview and its update."""

from __future__ import annotations

from collections.abc import Callable

import click
from rich.console import Console

from fleet.engine.request import Command, RunRequest
from fleet.errors import CancelledError, Problem

WORDS = {Command.UP: "update", Command.REFRESH: "refresh", Command.DESTROY: "destroy"}
ANSWERS = ("yes", "no", "details")


def confirm(request: RunRequest, show_details: Callable[[Console], None], console: Console) -> None:
    """Ask until the answer is yes. Raises CancelledError for no, and for no answer."""
    word = WORDS[request.command]
    note = " Only the state is changed, nothing in the clusters." if request.command is Command.REFRESH else ""
    while True:
        answer = _ask(f"Perform this {word} of {request.stack}?{note} [{'/'.join(ANSWERS)}]", err=console.stderr)
        if answer == "yes":
            return
        if answer == "no":
            raise CancelledError(Problem(f"{word} declined: nothing was changed"))
        show_details(console)


def _ask(question: str, *, err: bool) -> str:
    """Return one of ANSWERS, which may be abbreviated; the default is no."""
    while True:
        try:
            given = click.prompt(question, default="no", show_default=False, prompt_suffix=" ", err=err)
        except click.Abort as error:
            raise CancelledError(Problem("stopped at the question: nothing was changed")) from error
        matching = [answer for answer in ANSWERS if answer.startswith(str(given).strip().lower())]
        if matching:
            return matching[0]
