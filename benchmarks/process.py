"""Running one command from start to end, and what it cost: the whole process, with everything that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.memory import PeakMemory

TIMEOUT_S = 1800.0
LAST_LINES = 30


@dataclass(frozen=True, slots=True)
class Command:
    """A command line. allowed: the exit codes that mean it worked."""

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[int, ...] = (0,)

    def __str__(self) -> str:
        return " ".join([Path(self.argv[0]).name, *self.argv[1:]])


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command cost. cpu_s: user and system, of it and its descendants. peak_bytes: of all of them together."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0


def then(usages: Iterable[Usage]) -> Usage:
    """Return what several commands cost, one after the other."""
    everything = tuple(usages)
    return Usage(
        sum(each.wall_s for each in everything),
        sum(each.cpu_s for each in everything),
        max((each.peak_bytes for each in everything), default=0),
    )


def run(command: Command, log: Path, timeout_s: float = TIMEOUT_S, output: Path | None = None) -> Usage:
    """Run a command with what it says in a file. Raises BenchmarkError, with its last lines, when it did not work.

    output: where its standard output goes; None is the log, too.
    """
    with log.open("w") as said, (output or log).open("a" if output is None else "w") as written:
        began = time.perf_counter()
        process = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=said,
            start_new_session=True,
        )
        usage = _wait(process, began, timeout_s)
    if process.returncode not in command.allowed:
        lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        told = "\n".join(f"  {line}" for line in lines) or "  (it said nothing)"
        raise BenchmarkError(f"`{command}` ended with exit code {process.returncode}:\n{told}")
    return usage


def _wait(process: subprocess.Popen[bytes], began: float, timeout_s: float) -> Usage:
    """Wait by wait4, whose resources are those of the process and of all descendants that were waited for."""
    timer = threading.Timer(timeout_s, _kill, [process.pid])
    timer.start()
    try:
        with PeakMemory(process.pid) as memory:
            _, status, resources = os.wait4(process.pid, 0)
            wall_s = time.perf_counter() - began
    except BaseException:
        _kill(process.pid)
        process.wait()
        raise
    finally:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(wall_s, resources.ru_utime + resources.ru_stime, memory.bytes)


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
