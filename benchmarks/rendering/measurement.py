"""Measurement: what one step cost in one run; and the typical one of several runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.process import Usage
from benchmarks.rendering.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Figures that belong together.

    run: 1-based. started: program → how many times. other_cores: how many cores the rest of the machine kept busy
    meanwhile; None when unknown.
    """

    step: Step
    run: int
    usage: Usage
    started: Mapping[str, int] = field(default_factory=dict)
    other_cores: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        usage = asdict(self.usage)
        return {
            "step": self.step.value,
            "run": self.run,
            "wallSeconds": usage["wall_s"],
            "cpuSeconds": usage["cpu_s"],
            "peakBytes": usage["peak_bytes"],
            "started": dict(sorted(self.started.items())),
            "otherCores": self.other_cores,
        }


Typical = Mapping[Step, Measurement]


def typical(measurements: Iterable[Measurement]) -> Typical:
    """Return, per step, the run whose time is the median; of an even number the faster of the two."""
    groups: dict[Step, list[Measurement]] = {}
    for each in measurements:
        groups.setdefault(each.step, []).append(each)
    return {step: _median(groups[step]) for step in Step if step in groups}


def _median(group: list[Measurement]) -> Measurement:
    return sorted(group, key=lambda each: each.usage.wall_s)[(len(group) - 1) // 2]
