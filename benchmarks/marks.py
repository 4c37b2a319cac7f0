"""The marks: what was promised of `fleet`, and whether one campaign bears it out. They never fail a campaign.

In: the typical measurements of each size. Out: a verdict with the figures it rests on. All but the marks in seconds are
ratios within one run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.counters import writes
from benchmarks.measurement import Measurement, Typical
from benchmarks.size import Size
from benchmarks.steps import Step

RAW_LOOP = "raw loop"
Results = Mapping[Size, Typical]
Judgement = tuple[bool, str]

# Objects in all clusters together that the marks in seconds, and those of many objects, are about.
SOME, MANY = 3000, 10_000
PAGE = 500
MOST_MEMORY_MB = 400
LINEAR = 1.3
# What times of two runs of the same differ by.
NOISE = 1.25


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


def judge(results: Results) -> tuple[Mark, ...]:
    """Return every mark once for each size that has what it needs; once, as not measured, where none has."""
    return tuple(
        mark
        for promise, judgements in _all()
        for mark in (
            tuple(Mark(promise, holds, figures) for holds, figures in judgements(results)) or (Mark(promise, None),)
        )
    )


def _all() -> tuple[tuple[str, Callable[[Results], Iterator[Judgement]]], ...]:
    return (
        ("create: at least 0.5 of the raw loop's throughput", partial(_faster, Step.CREATE, RAW_LOOP, 0.5)),
        ("create: twice as fast as kubectl apply --server-side", partial(_faster, Step.CREATE, "kubectl", 2)),
        ("create: twice as fast as kapp", partial(_faster, Step.CREATE, "kapp", 2)),
        ("no change: less time than kapp needs", partial(_faster, Step.NO_CHANGE, "kapp", 1)),
        ("no change: no request about objects", partial(_each, (Step.PREVIEW, Step.NO_CHANGE), _asks_nothing)),
        ("no change, refreshed: one list per kind and cluster", partial(_each, (Step.NO_DRIFT,), _lists_once)),
        (f"no change: {SOME:,} objects under 4 s", partial(_within, (Step.PREVIEW, Step.NO_CHANGE), 4)),
        (f"refresh: {SOME:,} objects under 3 s", partial(_within, (Step.REFRESH,), 3)),
        (f"memory: under {MOST_MEMORY_MB} MB at {MANY:,} objects", _small),
        (f"change one of {MANY:,}: no more than no change costs, and one write per cluster", _changes_one),
        (f"time per object: at {MANY:,} within {LINEAR} of that at 1,000", _linear),
    )


def _faster(step: Step, yardstick: str, least: float, results: Results) -> Iterator[Judgement]:
    for size, typical in results.items():
        ours, theirs = typical.get(("fleet", step)), typical.get((yardstick, step))
        if ours and theirs:
            ratio = theirs.usage.wall_s / ours.usage.wall_s
            times = f"{ours.usage.wall_s:.2f} s against {theirs.usage.wall_s:.2f} s"
            yield ratio >= least, f"{size}: {ratio:.2f}, {times}{_bound(step, yardstick, typical)}"


def _bound(step: Step, yardstick: str, typical: Typical) -> str:
    """Return how much faster the mere requests are: nothing that makes them can be faster than that."""
    mere, theirs = typical.get((RAW_LOOP, step)), typical.get((yardstick, step))
    if mere is None or theirs is None or yardstick == RAW_LOOP:
        return ""
    return f"; the raw loop: {theirs.usage.wall_s / mere.usage.wall_s:.2f}"


def _each(
    steps: tuple[Step, ...], judgement: Callable[[Size, Measurement], Judgement], results: Results
) -> Iterator[Judgement]:
    for size, typical in results.items():
        for step in steps:
            if ours := typical.get(("fleet", step)):
                holds, figures = judgement(size, ours)
                yield holds, f"{size}: {step}: {figures}"


def _asks_nothing(_size: Size, ours: Measurement) -> Judgement:
    return not ours.calls, f"{ours.calls.total()} requests"


def _lists_once(size: Size, ours: Measurement) -> Judgement:
    """Judge lists by their pages, each of which is a request of its own, and the last of which may be a short one."""
    kinds = size.kinds.kinds
    pages = size.clusters * sum(-(-size.of_kind(kind) // PAGE) for _, kind in kinds)
    lists, others = ours.calls["LIST"], ours.calls.total() - ours.calls["LIST"]
    return (
        lists <= pages and not others,
        f"{lists} LIST, {others} others; all of it is {pages} of at most {PAGE} objects",
    )


def _within(steps: tuple[Step, ...], limit_s: float, results: Results) -> Iterator[Judgement]:
    some = {size: typical for size, typical in results.items() if size.total == SOME}
    return _each(steps, lambda _, ours: (ours.usage.wall_s < limit_s, f"{ours.usage.wall_s:.2f} s"), some)


def _small(results: Results) -> Iterator[Judgement]:
    for size, typical in _many(results).items():
        peaks = [each.usage.peak_bytes for (contender, _), each in typical.items() if contender == "fleet"]
        if peaks:
            yield max(peaks) < MOST_MEMORY_MB * 10**6, f"{size}: {max(peaks) / 10**6:.0f} MB"


def _changes_one(results: Results) -> Iterator[Judgement]:
    for size, typical in _many(results).items():
        changed, same = typical.get(("fleet", Step.CHANGE_ONE)), typical.get(("fleet", Step.NO_CHANGE))
        if changed and same:
            written, ratio = writes(changed.calls), changed.usage.wall_s / same.usage.wall_s
            yield ratio <= NOISE and written == size.clusters, f"{size}: {ratio:.2f} of it, {written} writes"


def _linear(results: Results) -> Iterator[Judgement]:
    """Judge a size of many objects by that of 1,000 with as many clusters, or with one, of the same set."""
    for large, typical in _many(results).items():
        bases = [each for each in results if each.kinds is large.kinds and each.total == 1000]
        for small in sorted(bases, key=lambda each: each.clusters != large.clusters)[:1]:
            for step in (Step.CREATE, Step.NO_CHANGE):
                many, few = typical.get(("fleet", step)), results[small].get(("fleet", step))
                if many and few:
                    ratio = many.usage.wall_s / large.total / (few.usage.wall_s / small.total)
                    yield ratio <= LINEAR, f"{large}: {step}: {ratio:.2f} of {small}"


def _many(results: Results) -> Results:
    return {size: typical for size, typical in results.items() if size.total == MANY}
