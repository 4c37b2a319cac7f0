"""Commands of the engine in processes of their own, which can be ended as by `kill -9` at any point that matters.

Points are: before and after each request to an API server, before, within and after each write to the journal, and
before and after each file that is put in its place or removed. The n-th of them ends the process at once, so that a
run is cut off by what it does, not by a clock.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KILLED = -signal.SIGKILL
# What takes long to import. The processes are forks of one that has it.
_PRELOADED = ["fleet.cli.group", "fleet.engine.run", "kubernetes_asyncio.config", "tests.engine.kills.cutting"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. points: how many it came to; 0 for one that was killed."""

    words: tuple[str, ...]
    exit_code: int
    text: str
    points: int

    def __str__(self) -> str:
        return f"$ fleet {' '.join(self.words)}\n{self.text}\n[exit code {self.exit_code}]"


def run(words: tuple[str, ...], folder: Path, environment: Mapping[str, str], *, kill_at: int = 0) -> Ended:
    """Run a command of the engine to its end, or kill it at a point; 0 for not at all."""
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
    words: tuple[str, ...], folder: Path, environment: dict[str, str], said: Path, counted: Path, *, kill_at: int
) -> None:
    from fleet.cli.group import cli

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    _speak_to(said)
    points = _Points(kill_at)
    _install(points)
    try:
        cli(list(words), prog_name="fleet")
    finally:
        sys.stdout.flush()
        counted.write_text(str(points.passed))


def _speak_to(said: Path) -> None:
    with said.open("wb") as file, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = sys.stderr = os.fdopen(1, "w", closefd=False, encoding="utf-8")


class _Points:
    """Counts points, of all threads, and ends the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self.passed = 0
        self._kill_at = kill_at
        self._numbers = itertools.count(1)

    def is_next(self) -> bool:
        """Count a point, and return whether it is the last."""
        self.passed = next(self._numbers)
        return self.passed == self._kill_at

    def come(self) -> None:
        """Come to a point, and end there if it is the last."""
        if self.is_next():
            os.kill(os.getpid(), signal.SIGKILL)


def _install(points: _Points) -> None:
    from fleet.engine.journal import Journal
    from fleet.engine.kubernetes.transport import Transport

    Transport._exchange = _around_request(Transport._exchange, points)  # type: ignore[method-assign]
    Journal._write = _within_write(Journal._write, points)  # type: ignore[method-assign]
    Path.replace = _around(Path.replace, points)  # type: ignore[method-assign]
    Path.unlink = _around(Path.unlink, points)  # type: ignore[method-assign]


def _around(function: Callable[..., Any], points: _Points) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        points.come()
        result = function(*arguments, **named)
        points.come()
        return result

    return call


def _around_request(send: Callable[..., Any], points: _Points) -> Callable[..., Any]:
    async def call(*arguments: Any, **named: Any) -> Any:
        points.come()
        answer = await send(*arguments, **named)
        points.come()
        return answer

    return call


def _within_write(write: Callable[..., None], points: _Points) -> Callable[..., None]:
    def call(journal: Any, data: bytes) -> None:
        points.come()
        if points.is_next():
            write(journal, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        write(journal, data)
        points.come()

    return call
