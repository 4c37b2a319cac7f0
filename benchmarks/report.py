"""A report: everything that a campaign found, as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks import marks, table
from benchmarks.campaign import Outcome
from benchmarks.machine import Machine
from benchmarks.marks import Mark
from benchmarks.measurement import Typical, typical

NO_MARKS = f"The marks are for {marks.CLUSTERS} clusters with {marks.OBJECTS:,} ConfigMaps each."
# etcd alone takes about a third of a core.
BUSY_CORES = 0.6


def disturbed(other_cores: Iterable[float | None], limit: float) -> str:
    """Return a warning when the machine had much else to do; empty when it had not, or nobody knows.

    other_cores: what others kept busy during each measurement. limit: what of that is no disturbance.
    """
    known = [each for each in other_cores if each is not None]
    if not known or (typically := median(known)) <= limit:
        return ""
    return (
        f"NOTE: others kept {typically:.1f} cores busy meanwhile: these times are longer than need be; measure again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A campaign's size, place and outcome."""

    objects: int
    clusters: int
    runs: int
    machine: Machine
    outcome: Outcome

    @property
    def results(self) -> Typical:
        """The typical run of each contender and step."""
        return typical(self.outcome.measurements)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Whether the promises hold."""
        return marks.judge(self.results, self.objects, self.clusters)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return {
            "objects": self.objects,
            "clusters": self.clusters,
            "runs": self.runs,
            "machine": self.machine.as_json(),
            "measurements": [each.as_json() for each in self.outcome.measurements],
            "typical": [each.as_json() for each in self.results.values()],
            "marks": [each.as_json() for each in self.marks],
            "failures": list(self.outcome.failures),
        }

    def as_text(self) -> str:
        """Lines for people."""
        runs = "one run" if self.runs == 1 else f"the median of {self.runs} runs"
        head = f"{self.clusters} clusters with {self.objects:,} ConfigMaps each, {runs}\n{self.machine}"
        judged = "\n".join(f"- {each}" for each in self.marks) or NO_MARKS
        failed = "\n".join(f"FAILED: {each}" for each in self.outcome.failures)
        measured = table.tables(self.results) if self.results else ""
        noise = disturbed((each.other_cores for each in self.results.values()), BUSY_CORES)
        return "\n\n".join(part for part in (head, noise, measured, judged, failed) if part)
