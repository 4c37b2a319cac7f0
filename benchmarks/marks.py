"""The marks: what was promised of `fleet`, and whether one campaign bears it out. They never fail a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.measurement import Typical
from benchmarks.steps import Step

# The marks are about this many ConfigMaps in each of this many clusters.
OBJECTS = 1000
CLUSTERS = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """One promise. holds: None when what it needs was not measured. figures: both sides of it."""

    promise: str
    holds: bool | None
    figures: str = ""

    def __str__(self) -> str:
        verdict = {True: "holds", False: "DOES NOT HOLD", None: "not measured"}[self.holds]
        return f"{verdict}: {self.promise}" + (f" ({self.figures})" if self.figures else "")

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return {"promise": self.promise, "holds": self.holds, "figures": self.figures}


def judge(results: Typical, objects: int, clusters: int) -> tuple[Mark, ...]:
    """Return every mark; none where the campaign is of another size."""
    if (objects, clusters) != (OBJECTS, CLUSTERS):
        return ()
    return (
        _no_slower_than_kubectl(results),
        _under("a no-change preview takes under 10 s", results, Step.PREVIEW, 10),
        _under("a refresh takes under 5 s", results, Step.REFRESH, 5),
    )


def _no_slower_than_kubectl(results: Typical) -> Mark:
    promise = "creating takes no longer than three kubectl runs one after another"
    ours, theirs = results.get(("fleet", Step.CREATE)), results.get(("kubectl", Step.CREATE))
    if ours is None or theirs is None:
        return Mark(promise, None)
    seconds, limit_s = ours.usage.wall_s, theirs.usage.wall_s
    return Mark(promise, seconds <= limit_s, f"{seconds:.1f} s against {limit_s:.1f} s")


def _under(promise: str, results: Typical, step: Step, limit_s: float) -> Mark:
    ours = results.get(("fleet", step))
    if ours is None:
        return Mark(promise, None)
    return Mark(promise, ours.usage.wall_s < limit_s, f"{ours.usage.wall_s:.1f} s")
