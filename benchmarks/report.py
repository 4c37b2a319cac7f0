"""A report: everything that a campaign found, as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks import marks, table
from benchmarks.campaign import Outcome
from benchmarks.machine import Machine
from benchmarks.marks import Mark, Results
from benchmarks.measurement import typical
from benchmarks.size import Size

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


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one size."""

    size: Size
    outcome: Outcome

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return {
            **self.size.as_json(),
            "measurements": [each.as_json() for each in self.outcome.measurements],
            "typical": [each.as_json() for each in typical(self.outcome.measurements).values()],
            "failures": list(self.outcome.failures),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A campaign's sizes, place and outcome. left_out: contenders that this machine does not have."""

    sizes: tuple[Measured, ...]
    runs: int
    machine: Machine
    left_out: tuple[str, ...] = ()

    @property
    def results(self) -> Results:
        """The typical run of each contender and step, by size; without the sizes at which nothing was measured."""
        found = {each.size: typical(each.outcome.measurements) for each in self.sizes}
        return {size: each for size, each in found.items() if each}

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Whether the promises hold."""
        return marks.judge(self.results)

    @property
    def failures(self) -> tuple[str, ...]:
        """What did not work, with its size."""
        return tuple(f"{each.size}: {failure}" for each in self.sizes for failure in each.outcome.failures)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return {
            "runs": self.runs,
            "machine": self.machine.as_json(),
            "sizes": [each.as_json() for each in self.sizes],
            "leftOut": list(self.left_out),
            "marks": [each.as_json() for each in self.marks],
        }

    def as_text(self) -> str:
        """Lines for people."""
        runs = "one run" if self.runs == 1 else f"the median of {self.runs} runs"
        head = f"{'; '.join(str(each.size) for each in self.sizes)}: {runs}\n{self.machine}"
        absent = f"not on PATH, and left out: {', '.join(self.left_out)}" if self.left_out else ""
        judged = "\n".join(f"- {each}" for each in self.marks)
        failed = "\n".join(f"FAILED: {each}" for each in self.failures)
        measured = table.tables(self.results) if self.results else ""
        everything = (each for found in self.results.values() for each in found.values())
        noise = disturbed((each.other_cores for each in everything), BUSY_CORES)
        return "\n\n".join(part for part in (head, absent, noise, measured, judged, failed) if part)
