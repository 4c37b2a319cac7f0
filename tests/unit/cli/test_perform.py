from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from fleet.cli.perform import STOPPING, perform
from fleet.cli.views.view import Ending
from fleet.engine.events import Event
from fleet.engine.request import RunRequest, RunResult, Selection
from fleet.errors import FleetError, StateError
from tests.unit.cli.scripted import ScriptedEngine, request, updated


class Recorder:
    """A view that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.ticked = asyncio.Event()

    def show(self, event: Event) -> None:
        self.told.append(event)

    def tick(self) -> None:
        self.ticked.set()

    def say(self, text: str) -> None:
        self.told.append(text)

    def finish(self, ending: Ending) -> None:
        self.told.append(ending)

    def fail(self, error: FleetError | None, /) -> None:
        self.told.append(error)


class Interrupted:
    """An engine that is sent signals while it works, and that stops when it is asked to."""

    def __init__(self, *signals: signal.Signals) -> None:
        self.signals = signals

    async def run(self, request: RunRequest, emit: Callable[[Event], None], stop: asyncio.Event) -> RunResult:
        for each in self.signals:
            os.kill(os.getpid(), each)
            await asyncio.sleep(0.05)
        await asyncio.wait_for(stop.wait(), 10)
        return RunResult(cancelled=True)

    def expect(self, request: RunRequest) -> None:
        raise AssertionError

    def dismiss(self) -> None:
        raise AssertionError

    def selected_urns(self, project_dir: Path, stack: str, selection: Selection) -> tuple[str, ...]:
        raise AssertionError

    def unhealed_urns(self, project_dir: Path, stack: str) -> tuple[str, ...]:
        raise AssertionError


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_asks_for_a_clean_stop(number: signal.Signals) -> None:
    view = Recorder()
    assert perform(Interrupted(number), request(), view, end=pytest.fail) == RunResult(cancelled=True)
    assert view.told == [STOPPING]


def test_a_second_signal_ends_at_once() -> None:
    view, ended = Recorder(), []
    perform(Interrupted(signal.SIGINT, signal.SIGINT), request(), view, end=lambda: ended.append(True))
    assert ended == [True]
    assert view.told == [STOPPING]


def test_signals_are_the_callers_again_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    perform(ScriptedEngine(), request(), Recorder())
    assert signal.getsignal(signal.SIGINT) == before


def test_the_view_is_told_of_errors_and_of_bugs() -> None:
    for error in (StateError("no"), ZeroDivisionError()):
        view = Recorder()
        with pytest.raises(type(error)):
            perform(ScriptedEngine([error], [updated()]), request(), view)
        assert view.told[1:] == [updated(), error if isinstance(error, FleetError) else None]


def test_a_reader_that_goes_away_stops_the_run_cleanly() -> None:
    class Closed(Recorder):
        def show(self, event: Event) -> None:
            super().show(event)
            raise BrokenPipeError

    class Stopped(Interrupted):
        async def run(self, request: RunRequest, emit: Callable[[Event], None], stop: asyncio.Event) -> RunResult:
            emit(updated())
            emit(updated())
            return await super().run(request, emit, stop)

    view = Closed()
    assert perform(Stopped(), request(), view) == RunResult(cancelled=True)
    assert view.told == [updated()]


def test_the_view_gets_ticks_while_the_engine_waits() -> None:
    class Slow(ScriptedEngine):
        async def run(self, request: RunRequest, emit: Callable[[Event], None], stop: asyncio.Event) -> RunResult:
            await asyncio.wait_for(view.ticked.wait(), 10)
            return RunResult()

    view = Recorder()
    assert perform(Slow(), request(), view) == RunResult()
