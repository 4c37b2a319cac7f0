"""The engine as the commands see it, so that tests can put a scripted one in its place.

The embedded one takes a while to import, and so does the program's process: both happen at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fleet.cli.early import Early, Wanted, ahead
from fleet.engine import project as projects
from fleet.engine.events import Event
from fleet.engine.request import Command, RunRequest, RunResult, Selection
from fleet.engine.standby import Host
from fleet.errors import FleetError

if TYPE_CHECKING:
    import asyncio


class Engine(Protocol):
    """What carries out runs."""

    def expect(self, request: RunRequest) -> None:
        """Begin what a run of this request will need and takes long, and what does nothing by itself."""
        ...

    def dismiss(self) -> None:
        """End what has been begun, and no run has needed."""
        ...

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


class Embedded:
    """The embedded engine, and the process in which the next run's program will be."""

    def __init__(self, early: Early | None = None) -> None:
        """early: what was started on a guess. It stays the caller's where no run takes it."""
        self._early = early
        self._waiting: Host | None = None

    def expect(self, request: RunRequest) -> None:
        """Start the program's process: it loads its libraries, and runs nothing of the user's until the run tells it.

        What is wrong with the project, or keeps a process from being started, is left for the run to say.
        """
        if request.command is not Command.UP or self._waiting is not None:
            return
        with suppress(FleetError, OSError):
            project = projects.load(request.project_dir)
            wanted = Wanted(project.python, project.program_dir, ahead(project.program_dir))
            guessed = None if self._early is None else self._early.take(wanted)
            self._waiting = guessed or wanted.start()

    def dismiss(self) -> None:
        """End the process where no run has needed it."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.dismiss()

    async def run(self, request: RunRequest, emit: Callable[[Event], None], stop: asyncio.Event) -> RunResult:
        """Carry out one run, as the engine does."""
        waiting, self._waiting = self._waiting, None
        try:
            return await _engine().run(request, emit, stop, waiting)
        finally:
            if waiting is not None:
                waiting.dismiss()

    def selected_urns(self, project_dir: Path, stack: str, selection: Selection) -> tuple[str, ...]:
        """Return the URNs in the stack's state of the selected applications and their objects, sorted."""
        return _engine().selected_urns(project_dir, stack, selection)

    def unhealed_urns(self, project_dir: Path, stack: str) -> tuple[str, ...]:
        """Return the URNs in the stack's state of objects whose application has self_heal off, sorted."""
        return _engine().unhealed_urns(project_dir, stack)


class _Module(Protocol):
    """`fleet.engine.run`."""

    async def run(
        self, request: RunRequest, emit: Callable[[Event], None], stop: asyncio.Event, waiting: Host | None = None
    ) -> RunResult: ...

    def selected_urns(self, project_dir: Path, stack: str, selection: Selection) -> tuple[str, ...]: ...

    def unhealed_urns(self, project_dir: Path, stack: str) -> tuple[str, ...]: ...


def _engine() -> _Module:
    import fleet.engine.run  # noqa: PLC0415 - takes half a second; `--help` and wrong flags need none of it

    return fleet.engine.run
