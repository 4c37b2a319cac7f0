"""What the program says: progress, and the one message that it ends with when something is wrong."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import NoReturn

import pulumi

from fleet.errors import FleetError
from fleet.model.masking import mask

# To Pulumi's language host: what went wrong has been shown already (pulumi-language-python-exec).
_SHOWN = 32


def reporter() -> Callable[[str], None]:
    """Return a function that shows a line of progress until the next one, to be called from any thread.

    Which engine listens is known to the thread that asks for the function, and to no other.
    """
    context = contextvars.copy_context()

    def report(text: str) -> None:
        # A context can be entered once at a time, a copy of it by each caller.
        context.copy().run(pulumi.log.info, mask(text), ephemeral=True)

    return report


def fail(error: FleetError) -> NoReturn:
    """Show the error's problems and end the program. Nothing that is registered so far is touched."""
    pulumi.log.error(mask(str(error)))
    raise SystemExit(_SHOWN) from error
