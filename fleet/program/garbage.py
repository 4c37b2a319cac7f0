"""Garbage: looked for seldom while a stack is decided and registered."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Look for garbage less often: all that is read, planned and sent stays, and to walk through it takes long."""
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
