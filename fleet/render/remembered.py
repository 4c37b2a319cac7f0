"""Remembered: commits that were found in order, so that their history is not gone through again in every run.

In and out: full SHAs, by what they were found in order with. It is a hint that grows old: after a day nothing is known.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from fleet.frozen import dataclass

_KEEP_S = 24 * 60 * 60
_MOST = 50


@dataclass(frozen=True, slots=True)
class Remembered:
    """A directory with an empty file for each commit."""

    directory: Path

    def add(self, commit: str) -> None:
        """Remember a commit. Nothing happens where nothing can be written."""
        with suppress(OSError):
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.directory / commit).touch(mode=0o600)

    def recent(self) -> list[str]:
        """Return the commits of the last day, the latest first and not too many of them; remove all others."""
        found: list[tuple[float, str]] = []
        oldest = time.time() - _KEEP_S
        with suppress(OSError):
            for entry in os.scandir(self.directory):
                written = entry.stat().st_mtime
                if written < oldest:
                    Path(entry.path).unlink()
                else:
                    found.append((written, entry.name))
        return [name for _, name in sorted(found, reverse=True)][:_MOST]
