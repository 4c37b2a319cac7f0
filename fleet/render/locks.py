"""Locks between processes: a file that one of them holds.

In: the file's path. Out: a block that no other process runs meanwhile. The lock goes with its process, so a crash
leaves nothing to clean up; the file itself stays.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.05
# Nobody needs to be told of less.
_SOON_S = 1.0


@contextmanager
def exclusive(path: Path, timeout_s: float, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock for the block. waiting: called once if another process has it for long. Raises TimeoutError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _taken(descriptor) and not _taken_within(descriptor, min(_SOON_S, timeout_s)):
            waiting()
            if not _taken_within(descriptor, timeout_s - _SOON_S):
                raise TimeoutError(f"{path} is held by another process")
        yield
    finally:
        os.close(descriptor)


def _taken_within(descriptor: int, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        time.sleep(_POLL_S)
        if _taken(descriptor):
            return True
    return False


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
