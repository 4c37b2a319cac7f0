"""Garbage: looked for seldom while a stack is decided and registered, and by the command line."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def collect_seldom() -> None:
    """Look for garbage less often from now on: for processes that end soon, and keep nearly all that they make."""
    gc.set_threshold(100_000, 50, 50)


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Look for garbage less often: all that is read, planned and sent stays, and to walk through it takes long."""
    thresholds = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
