"""Measurement: what one step cost one contender in one run; and the typical one of several runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.counters import Counters, writes
from benchmarks.process import Usage
from benchmarks.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Figures that belong together.

    run: 1-based. servers: requests and processor time of all API servers meanwhile.
    other_cores: how many cores the rest of the machine kept busy meanwhile, etcd included; None when unknown.
    """

    contender: str
    step: Step
    run: int
    usage: Usage
    servers: Counters = field(default_factory=Counters)
    other_cores: float | None = None

    @property
    def calls(self) -> Counter[str]:
        """Requests about objects, by verb."""
        return self.servers.calls

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return {
            "contender": self.contender,
            "step": self.step.value,
            "run": self.run,
            **{_camel(name): value for name, value in asdict(self.usage).items()},
            "apiServersCpuSeconds": self.servers.cpu_s,
            "calls": dict(sorted(self.calls.items())),
            "writes": writes(self.calls),
            "otherCores": self.other_cores,
        }


Typical = Mapping[tuple[str, Step], Measurement]


def typical(measurements: Iterable[Measurement]) -> Typical:
    """Return, per contender and step, the run whose time is the median; of an even number the faster of the two."""
    groups: dict[tuple[str, Step], list[Measurement]] = {}
    for each in measurements:
        groups.setdefault((each.contender, each.step), []).append(each)
    return {key: _median(group) for key, group in groups.items()}


def _median(group: list[Measurement]) -> Measurement:
    return sorted(group, key=lambda each: each.usage.wall_s)[(len(group) - 1) // 2]


def _camel(name: str) -> str:
    return {"wall_s": "wallSeconds", "cpu_s": "cpuSeconds", "peak_bytes": "peakBytes"}[name]
