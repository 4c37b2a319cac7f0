"""Commands of the engine in processes of their own, which can be ended as by `kill -9` at any point that matters.

Points are before and after each call that shows outside of the process: bytes are sent or received, a file is written,
made durable, put in its place or removed. The n-th of them ends the process at once, so that a run is cut off by what
it does, not by a clock.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvloop

KILLED = -signal.SIGKILL
# What takes long to import. The processes are forks of one that has it.
_PRELOADED = [
    "fleet.cli.group",
    "fleet.cli.conductor",
    "fleet.engine.run",
    "tests.engine.kills.cutting",
]

_TITLES = frozenset(
    {"socket.send", "socket.recv", "socket.recv_into", "FileIO.write", "BufferedWriter.write"}
    | {f"posix.{name}" for name in ("fsync", "replace", "unlink", "mkdir")}
)
_NAMES = frozenset(title.rpartition(".")[2] for title in _TITLES)
_BEFORE_AND_AFTER = frozenset({"c_call", "c_return"})


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. points: how many it came to; 0 where they were not counted, or it was killed."""

    words: tuple[str, ...]
    exit_code: int
    text: str
    points: int

    def __str__(self) -> str:
        return f"$ fleet {' '.join(self.words)}\n{self.text}\n[exit code {self.exit_code}]"


def run(words: tuple[str, ...], folder: Path, environment: Mapping[str, str], *, kill_at: int | None = None) -> Ended:
    """Run a command of the engine to its end, or kill it at a point; 0 only counts points, None does not even that."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    said, counted = folder / "said.txt", folder / "points.txt"
    counted.write_text("0")
    process = context.Process(
        target=_command, args=(words, folder, dict(environment), said, counted), kwargs={"kill_at": kill_at}
    )
    process.start()
    process.join(300)
    assert process.exitcode is not None, f"it does not end: {said.read_text()}"
    return Ended(words, process.exitcode, said.read_text(errors="replace"), int(counted.read_text()))


def _command(
    words: tuple[str, ...], folder: Path, environment: dict[str, str], said: Path, counted: Path, *, kill_at: int | None
) -> None:
    from fleet.cli.group import cli

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    _speak_to(said)
    # libuv sends and receives by itself, where no profiler of Python's sees it.
    uvloop.new_event_loop = asyncio.new_event_loop  # type: ignore[assignment]
    points = _Points(kill_at or 0)
    if kill_at is not None:
        points.watch()
    try:
        cli(list(words), prog_name="fleet")
    finally:
        sys.setprofile(None)
        sys.stdout.flush()
        counted.write_text(str(points.passed))


def _speak_to(said: Path) -> None:
    with said.open("wb") as file, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = sys.stderr = os.fdopen(1, "w", closefd=False, encoding="utf-8")


class _Points:
    """Counts points, of all threads, and ends the process at one of them. It watches, and changes nothing."""

    def __init__(self, kill_at: int) -> None:
        self.passed = 0
        self._kill_at = kill_at
        self._numbers = itertools.count(1)

    def watch(self) -> None:
        """Begin to count."""
        threading.setprofile(self._look)
        sys.setprofile(self._look)

    def _look(self, _frame: FrameType, event: str, called: Any) -> None:
        if event in _BEFORE_AND_AFTER and called.__name__ in _NAMES and _title(called) in _TITLES:
            self.passed = next(self._numbers)
            if self.passed == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


def _title(called: Any) -> str:
    return f"{called.__module__}.{called.__name__}" if called.__module__ else str(called.__qualname__)
