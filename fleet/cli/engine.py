"""The engine as the commands see it, so that tests can put a scripted one in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from fleet.engine.events import Event
from fleet.engine.request import RunRequest, RunResult, Selection


class Engine(Protocol):
    """What carries out runs."""

    async def run(self, request: RunRequest, emit: Callable[[Event], None], stop: asyncio.Event) -> RunResult:
        """Carry out one run, telling of it through `emit`; setting `stop` asks for a clean stop.

        Raises FleetError where nothing could be done at all.
        """
        ...

    def selected_urns(self, project_dir: Path, stack: str, selection: Selection) -> tuple[str, ...]:
        """Return the URNs in the stack's state of the selected applications and their objects, sorted."""
        ...

    def unhealed_urns(self, project_dir: Path, stack: str) -> tuple[str, ...]:
        """Return the URNs in the stack's state of objects whose application has self_heal off, sorted."""
        ...


def embedded() -> Engine:
    """Return the embedded engine."""
    import fleet.engine.run  # noqa: PLC0415 - takes a second to import; `--help` and wrong flags need none of it

    return fleet.engine.run
