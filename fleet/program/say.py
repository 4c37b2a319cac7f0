"""Say: what a run tells while it reads and decides."""

from __future__ import annotations

from collections.abc import Callable

from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Say:
    """progress: a line that counts until the next one. warning: one that stays. Any thread may call them."""

    progress: Callable[[str], None]
    warning: Callable[[str], None]
