"""The marks: what was promised of rendering, as ratios to the loop of the same run. They never fail a campaign."""

from __future__ import annotations

from benchmarks.marks import Mark
from benchmarks.rendering.measurement import Typical
from benchmarks.rendering.size import FULL, Size
from benchmarks.rendering.step import Step

CORES = 2
_WARM, _COLD = 1 / 20, 1 / 2


def judge(results: Typical, size: Size, cores: int) -> tuple[Mark, ...]:
    """Return every mark; none where the campaign is of another size. cores: of the machine."""
    if size != FULL:
        return ()
    cold = _under("with nothing cached, on 2 cores, under a half of the loop's time", results, Step.COLD, _COLD)
    return (
        _under("with nothing changed, under a twentieth of the loop's time", results, Step.WARM, _WARM),
        cold if cores == CORES else Mark(cold.promise, None, f"there are {cores} cores"),
    )


def ratio(results: Typical, step: Step) -> float | None:
    """Return the time of a step in times of the loop's; None where one of them was not measured."""
    ours, loop = results.get(step), results.get(Step.LOOP)
    return ours.usage.wall_s / loop.usage.wall_s if ours and loop else None


def _under(promise: str, results: Typical, step: Step, limit: float) -> Mark:
    found = ratio(results, step)
    return Mark(promise, None if found is None else found < limit, "" if found is None else f"1/{1 / found:.1f}")
