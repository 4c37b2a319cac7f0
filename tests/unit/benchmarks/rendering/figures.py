"""Measurements for tests."""

from benchmarks.machine import Machine
from benchmarks.process import Usage
from benchmarks.rendering.measurement import Measurement
from benchmarks.rendering.step import Step

MACHINE = Machine(
    date="2026-01-02 03:04 UTC",
    revision="0123456789",
    cores=2,
    processor="some processor",
    memory_bytes=8 * 2**30,
    system="Linux 6.1",
    python="3.11.7",
    load=0.25,
    helm="4.3.1",
    kustomize="5.8.1",
)


def measured(
    step: Step, wall_s: float, *, run: int = 1, started: dict[str, int] | None = None, others: float | None = None
) -> Measurement:
    """Return a measurement with this time; what the test does not name is made up from it."""
    usage = Usage(wall_s, wall_s / 2, int(wall_s * 2**20))
    return Measurement(step=step, run=run, usage=usage, started=started or {}, other_cores=others)
