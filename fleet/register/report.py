"""What the program says: progress, and what it ends with when something is wrong."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import NoReturn

import pulumi

from fleet.errors import FleetError
from fleet.model.masking import mask

# To Pulumi's language host: what went wrong has been shown already (pulumi-language-python-exec).
_SHOWN = 32


def progress() -> Callable[[str], None]:
    """Return a function that shows a line until the next one. Any thread may call it."""
    return _bound(pulumi.log.info, ephemeral=True)


def warnings() -> Callable[[str], None]:
    """Return a function that shows a warning. Any thread may call it."""
    return _bound(pulumi.log.warn, ephemeral=False)


def _bound(log: Callable[..., None], *, ephemeral: bool) -> Callable[[str], None]:
    """Return the function for the engine of this thread: no other thread knows which engine listens."""
    context = contextvars.copy_context()

    def say(text: str) -> None:
        # A context can be entered once at a time; of a copy, each caller has its own.
        context.copy().run(log, mask(text), ephemeral=ephemeral)

    return say


def fail(error: FleetError) -> NoReturn:
    """Show the error's problems, each by itself, and end the program. Nothing that is registered so far is touched."""
    for problem in error.problems:
        pulumi.log.error(mask(str(problem)))
    raise SystemExit(_SHOWN) from error
