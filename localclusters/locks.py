"""One lock between processes: whoever holds the file may go on, the others wait; death of the holder releases it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localclusters.files import make_private_directory
from localclusters.progress import Progress, silent


@contextmanager
def exclusive(path: Path, waiting_for: str = "", progress: Progress = silent) -> Iterator[None]:
    """Hold the lock file at `path`, which is made when missing and never removed (removal would split the lock).

    `waiting_for` is the progress line shown when somebody else holds it.
    """
    make_private_directory(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, waiting_for, progress)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, waiting_for: str, progress: Progress) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress(waiting_for)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
