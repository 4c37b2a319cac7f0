"""A campaign: in every run the loop renders everything, then fleet with nothing cached, with everything, and after a
change; each time what both have rendered is compared: a figure for other work is worth nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import machine, process
from benchmarks.errors import BenchmarkError
from benchmarks.process import Command, Usage
from benchmarks.rendering.counting import Counting
from benchmarks.rendering.equality import require_equal
from benchmarks.rendering.measurement import Measurement
from benchmarks.rendering.place import Place
from benchmarks.rendering.repository import KUSTOMIZATIONS, NAMESPACE
from benchmarks.rendering.size import Size
from benchmarks.rendering.step import OURS, Step

# Enough that the programs and their libraries are in memory.
_WARM_UP = Size(kustomizations=2, charts=2, clusters=4)
_TIMEOUT_S = 7200.0
_CHANGE = "features.recommendations=enabled"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What to measure. steps: LOOP left out means that nothing is compared. directory: where everything is made."""

    size: Size
    steps: tuple[Step, ...]
    runs: int
    directory: Path
    counting: Counting
    progress: Progress

    @property
    def compares(self) -> bool:
        """Whether both sides are there."""
        return Step.LOOP in self.steps and bool(set(OURS) & set(self.steps))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a campaign. objects: that were equal each time; 0 where nothing was compared.

    failures: one text each; the remaining steps of that run are missing.
    """

    measurements: tuple[Measurement, ...] = ()
    objects: int = 0
    failures: tuple[str, ...] = ()


def carry_out(campaign: Campaign) -> Outcome:
    """Warm everything up, then measure."""
    campaign.progress("warming up")
    warmed = _run(replace(campaign, size=_WARM_UP), 0)
    if warmed.failures:
        return replace(warmed, measurements=())
    outcomes = [_run(campaign, run) for run in range(1, campaign.runs + 1)]
    return Outcome(
        tuple(each for outcome in outcomes for each in outcome.measurements),
        min(outcome.objects for outcome in outcomes),
        tuple(each for outcome in outcomes for each in outcome.failures),
    )


def _run(campaign: Campaign, run: int) -> Outcome:
    """Take the steps in a place of their own; run 0 is the warm-up."""
    place = Place(campaign.directory / f"run-{run}", campaign.size, campaign.counting)
    found: list[Measurement] = []
    objects = 0
    try:
        place.create()
        for measurement in _measurements(campaign, place, run):
            found.append(measurement)
            if run:
                campaign.progress(f"run {run}: {measurement.step}: {measurement.usage.wall_s:.2f} s")
            if campaign.compares and measurement.step is not Step.LOOP:
                objects = require_equal(place.rendered, place.looped, NAMESPACE)
    except (BenchmarkError, OSError) as error:
        failure = f"run {run}: {error}"
        campaign.progress(failure)
        return Outcome(tuple(found), objects, (failure,))
    return Outcome(tuple(found), objects)


def _measurements(campaign: Campaign, place: Place, run: int) -> Iterator[Measurement]:
    for step in campaign.steps:
        if step is Step.CHANGED:
            place.repository.change_one(_CHANGE)
            if campaign.compares:
                process.run(place.loop(f"{KUSTOMIZATIONS}/{place.size.changed}"), place.directory / "change.log")
        command = place.loop() if step is Step.LOOP else place.fleet()
        yield _measured(step, run, command, place)


def _measured(step: Step, run: int, command: Command, place: Place) -> Measurement:
    place.counting.started()
    log = place.directory / f"{step.name.lower()}.log"
    output = None if step is Step.LOOP else place.rendered
    busy_s = machine.busy_s()
    usage = process.run(command, log, _TIMEOUT_S, output)
    return Measurement(
        step=step,
        run=run,
        usage=usage,
        started=place.counting.started(),
        other_cores=_other_cores(busy_s, machine.busy_s(), usage),
    )


def _other_cores(before_s: float | None, after_s: float | None, usage: Usage) -> float | None:
    if before_s is None or after_s is None or not usage.wall_s:
        return None
    return max(0.0, (after_s - before_s - usage.cpu_s) / usage.wall_s)
