"""Progress: what a run tells while it fetches.

In: a function that takes lines. Out: the same function, called by one thread at a time, and only about what takes long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

Report = Callable[[str], None]

_AFTER_S = 1.0
_EVERY_S = 3.0


def one_at_a_time(report: Report) -> Report:
    """Return a function that several threads may call, for one that expects a single thread."""
    turn = threading.Lock()

    def call(line: str) -> None:
        with turn:
            report(line)

    return call


def once(report: Report) -> Report:
    """Return a function that several threads may call, and that says no line twice."""
    turn = threading.Lock()
    said: set[str] = set()

    def call(line: str) -> None:
        with turn:
            if line not in said:
                said.add(line)
                report(line)

    return call


class FetchProgress:
    """Tells how a fetch goes, once it has taken a second: the block to fetch in; git's progress goes to it."""

    def __init__(self, shown: str, report: Report) -> None:
        self._shown = shown
        self._report = report
        self._next = time.monotonic() + _AFTER_S
        self._timer = threading.Timer(_AFTER_S, report, [f"fetching {shown} …"])
        self._timer.daemon = True

    def __enter__(self) -> FetchProgress:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def __call__(self, phase: str, percent: int) -> None:
        """Tell it, if the last line is not too recent."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY_S
            self._report(f"fetching {self._shown}: {phase} {percent} %")
