"""One run of the engine with a view on it: the event loop, Ctrl-C, and the view's ticks."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvloop

from fleet.cli.engine import Engine
from fleet.cli.exit_codes import CANCELLED
from fleet.cli.views.view import View
from fleet.engine.events import Event
from fleet.engine.request import RunRequest, RunResult
from fleet.errors import FleetError

TICK_S = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPING = "stopping: waiting for what is under way; press Ctrl-C again to end at once"
ENDING = "ended at once: what was under way may have happened or not; the next run finds out"
SHOW_CURSOR = "\x1b[?25h"


def perform(engine: Engine, request: RunRequest, view: View, end: Callable[[], None] | None = None) -> RunResult:
    """Carry out one run. The first Ctrl-C asks for a clean stop, the second calls `end`, by default end_at_once.

    The view is ended where the run raises, and left to the caller where it returns.
    """
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_perform(engine, request, view, end or end_at_once))
    except FleetError as error:
        view.fail(error)
        raise
    except BaseException:
        view.fail(None)
        raise


async def _perform(engine: Engine, request: RunRequest, view: View, end: Callable[[], None]) -> RunResult:
    stop = asyncio.Event()
    shielded = Shielded(view, stop)
    with _interruptible(stop, shielded, end):
        ticking = asyncio.create_task(_tick(shielded))
        try:
            return await engine.run(request, shielded.show, stop)
        finally:
            ticking.cancel()


class Shielded:
    """A view that never raises an OSError into the engine: when nobody can read on, the run is stopped cleanly."""

    def __init__(self, view: View, stop: asyncio.Event) -> None:
        self._view = view
        self._stop = stop
        self._lost = False

    def show(self, event: Event) -> None:
        """Show the event, if anybody reads."""
        # This is called for every object, several times.
        if not self._lost:
            try:
                self._view.show(event)
            except OSError:
                self._lose()

    def tick(self) -> None:
        """Tell that work goes on, if anybody reads."""
        self._attempt(self._view.tick)

    def say(self, text: str) -> None:
        """Tell it, if anybody reads."""
        self._attempt(lambda: self._view.say(text))

    def _attempt(self, action: Callable[[], None]) -> None:
        if not self._lost:
            try:
                action()
            except OSError:
                self._lose()

    def _lose(self) -> None:
        self._lost = True
        self._stop.set()


async def _tick(view: Shielded) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        view.tick()


@contextmanager
def _interruptible(stop: asyncio.Event, view: Shielded, end: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if stop.is_set():
            # What the view keeps for its next tick would be lost with the process.
            view.tick()
            end()
        else:
            stop.set()
            view.say(STOPPING)

    for each in SIGNALS:
        loop.add_signal_handler(each, interrupt)
    try:
        yield
    finally:
        for each in SIGNALS:
            loop.remove_signal_handler(each)


def end_at_once() -> None:
    """End the process with CANCELLED, waiting for nothing; the cursor, which a live view hides, comes back."""
    print(f"{SHOW_CURSOR if sys.stderr.isatty() else ''}\n{ENDING}", file=sys.stderr, flush=True)
    os._exit(CANCELLED)
