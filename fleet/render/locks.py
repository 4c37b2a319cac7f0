"""Locks between processes: a file that one of them holds, or several together.

In: the file's path. Out: a block that no other process runs meanwhile, or none that wants to be alone. The lock goes
with its process, so a crash leaves nothing to clean up; the file itself stays.
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
    with _held(path, fcntl.LOCK_EX, timeout_s, waiting):
        yield


@contextmanager
def shared(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock for the block, together with others who do so and with nobody else. Raises TimeoutError."""
    with _held(path, fcntl.LOCK_SH, timeout_s, lambda: None):
        yield


@contextmanager
def _held(path: Path, kind: int, timeout_s: float, waiting: Callable[[], None]) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _taken(descriptor, kind) and not _taken_within(descriptor, kind, min(_SOON_S, timeout_s)):
            waiting()
            if not _taken_within(descriptor, kind, timeout_s - _SOON_S):
                raise TimeoutError(f"{path} is held by another process")
        yield
    finally:
        os.close(descriptor)


def _taken_within(descriptor: int, kind: int, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        time.sleep(_POLL_S)
        if _taken(descriptor, kind):
            return True
    return False


def _taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
