"""How much memory a process and its descendants have, by Linux's /proc; nothing elsewhere."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

PROC = Path("/proc")
INTERVAL_S = 0.05


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and all its descendants; 0 when it is gone or /proc is not there."""
    total = 0
    pending = [pid]
    while pending:
        each = pending.pop()
        try:
            status = (PROC / str(each) / "status").read_text()
            pending += _children(each)
        except OSError:
            continue
        total += resident_in(status)
    return total


def resident_in(status: str) -> int:
    """Return the bytes that a text such as /proc/PID/status gives as VmRSS; 0 for a process that has ended."""
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _children(pid: int) -> list[int]:
    tasks = (PROC / str(pid) / "task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


class PeakMemory:
    """Looks at a process tree 20 times a second inside the block; `bytes` is the most that was seen at once."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(INTERVAL_S):
            self.bytes = max(self.bytes, resident_bytes(self._pid))
