"""View: what every output of a run has in common."""

from __future__ import annotations

from typing import Protocol

from fleet.engine.events import Event
from fleet.engine.request import RunResult
from fleet.errors import FleetError
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. last: no run of the same command follows, and exit_code is the process's own."""

    result: RunResult
    exit_code: int
    last: bool


class View(Protocol):
    """One output of one run. `show` for every event, `tick` several times a second, then one of the ends.

    What is shown may be kept for the next tick: thousands of objects change, and each write takes time from the engine.
    """

    def show(self, event: Event) -> None:
        """Take in an event."""
        ...

    def tick(self) -> None:
        """Tell that work goes on, where that is due."""
        ...

    def say(self, text: str) -> None:
        """Tell something that is not an event: that a stop was asked for, for example."""
        ...

    def finish(self, ending: Ending) -> None:
        """Show what came of the run."""
        ...

    def fail(self, error: FleetError | None, /) -> None:
        """End without a result. The error's text is printed by somebody else; None: an unexpected one."""
        ...
