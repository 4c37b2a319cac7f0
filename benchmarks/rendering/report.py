"""A report: everything that a campaign found, as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.machine import Machine
from benchmarks.marks import Mark
from benchmarks.rendering import marks
from benchmarks.rendering.campaign import Outcome
from benchmarks.rendering.measurement import Measurement, Typical, typical
from benchmarks.rendering.size import FULL, Size
from benchmarks.rendering.step import Step
from benchmarks.report import disturbed
from benchmarks.table import NOTHING, aligned

NO_MARKS = (
    f"The marks are for {FULL.kustomizations} kustomizations and {FULL.charts} charts in {FULL.clusters} clusters."
)
# What else a machine always does.
_BUSY_CORES = 0.3
_HEAD = (
    "",
    "seconds",
    "of the loop",
    "processor seconds",
    "peak MiB",
    "kustomize",
    "helm",
    "git",
    "other cores",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A campaign's size, place and outcome."""

    size: Size
    runs: int
    machine: Machine
    outcome: Outcome

    @property
    def results(self) -> Typical:
        """The typical run of each step."""
        return typical(self.outcome.measurements)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Whether the promises hold."""
        return marks.judge(self.results, self.size, self.machine.cores)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return {
            "size": self.size.as_json(),
            "runs": self.runs,
            "machine": self.machine.as_json(),
            "measurements": [each.as_json() for each in self.outcome.measurements],
            "typical": [each.as_json() for each in self.results.values()],
            "equalObjects": self.outcome.objects,
            "marks": [each.as_json() for each in self.marks],
            "failures": list(self.outcome.failures),
        }

    def as_text(self) -> str:
        """Lines for people."""
        runs = "one run" if self.runs == 1 else f"the median of {self.runs} runs"
        judged = "\n".join(f"- {each}" for each in self.marks) or NO_MARKS
        failed = "\n".join(f"FAILED: {each}" for each in self.outcome.failures)
        noise = disturbed((each.other_cores for each in self.results.values()), _BUSY_CORES)
        measured = table(self.results) if self.results else ""
        parts = (f"{self.size}; {runs}\n{self.machine}", noise, measured, self._equality(), judged, failed)
        return "\n\n".join(part for part in parts if part)

    def _equality(self) -> str:
        if self.outcome.failures:
            return ""
        if not self.outcome.objects:
            return "Nothing was compared: one of the two sides was left out."
        return f"Both sides rendered the same {self.outcome.objects:,} objects, each time."


def table(results: Typical) -> str:
    """Return a line per step."""
    return aligned([_HEAD, *(_row(each, results) for each in results.values())])


def _row(each: Measurement, results: Typical) -> tuple[str, ...]:
    share = marks.ratio(results, each.step) if each.step is not Step.LOOP else None
    return (
        each.step,
        f"{each.usage.wall_s:.1f}",
        NOTHING if share is None else f"1/{1 / share:.1f}",
        f"{each.usage.cpu_s:.1f}",
        f"{each.usage.peak_bytes / 2**20:.0f}",
        *(str(_started(each.started, name)) for name in ("kustomize", "helm", "git")),
        NOTHING if each.other_cores is None else f"{each.other_cores:.1f}",
    )


def _started(started: Mapping[str, int], program: str) -> int:
    return started.get(program, 0)
