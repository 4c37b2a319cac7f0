"""Progress lines for people: where they go is the caller's choice, so that tests and benchmarks can be quiet."""

import sys
import time
from collections.abc import Callable

Progress = Callable[[str], None]


def to_stderr(line: str) -> None:
    """Print one progress line on standard error, which keeps standard output for answers."""
    print(line, file=sys.stderr, flush=True)


def silent(_line: str) -> None:
    """Drop the line."""


def elapsed(since_monotonic_s: float) -> str:
    """Time since a `time.monotonic()` reading, as people write it: 8.3s, 1m20s."""
    seconds = time.monotonic() - since_monotonic_s
    return f"{seconds:.1f}s" if seconds < 60 else f"{int(seconds) // 60}m{int(seconds) % 60:02d}s"
