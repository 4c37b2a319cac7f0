"""Measurements for tests."""

from collections import Counter

from benchmarks.counters import Counters
from benchmarks.measurement import Measurement
from benchmarks.process import Usage
from benchmarks.steps import Step


def measured(
    contender: str,
    step: Step,
    wall_s: float,
    *,
    run: int = 1,
    calls: dict[str, int] | None = None,
    others: float | None = None,
    peak_bytes: int | None = None,
) -> Measurement:
    """Return a measurement with this time; what the test does not name is made up from it."""
    usage = Usage(wall_s, wall_s / 2, int(wall_s * 2**20) if peak_bytes is None else peak_bytes)
    return Measurement(
        contender=contender,
        step=step,
        run=run,
        usage=usage,
        servers=Counters(Counter(calls or {}), wall_s / 4),
        other_cores=others,
    )
