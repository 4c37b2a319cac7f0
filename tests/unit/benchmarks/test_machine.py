"""What is read from /proc."""

import pytest

from benchmarks.machine import busy_in
from benchmarks.memory import resident_in


def test_busy_time_is_neither_idle_nor_waiting_nor_stolen() -> None:
    assert busy_in("cpu  100 10 50 9000 700 3 7 5000 0 0", ticks_per_s=100) == pytest.approx(1.7)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Name:\tpython\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\nThreads:\t1\n", 200 * 1024), ("Name:\tzombie\n", 0)],
    ids=["running", "ended"],
)
def test_resident_memory(status: str, expected: int) -> None:
    assert resident_in(status) == expected
