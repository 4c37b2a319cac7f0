"""A campaign: every contender takes every step in every run, in a namespace of its own, one after the other.

In: contenders and running clusters. Out: measurements, and what did not work. After each step the clusters are looked
at: a figure for work that was not done is worth nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import counters, machine, process
from benchmarks.contender import Contender
from benchmarks.counters import Counters
from benchmarks.errors import BenchmarkError
from benchmarks.measurement import Measurement
from benchmarks.process import Command, Usage
from benchmarks.site import CHANGED_ALL, CHANGED_ONE, Site, opened
from benchmarks.size import Size
from benchmarks.steps import ALWAYS, Step
from localclusters import Cluster

# Enough that programs and their caches are in memory, and API servers have met every kind of request.
WARM_UP_OBJECTS = 20

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What to measure. clusters: as many as the size has. directory: where sites are made."""

    contenders: tuple[Contender, ...]
    clusters: tuple[Cluster, ...]
    size: Size
    runs: int
    directory: Path
    progress: Progress


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a campaign. failures: one text each; the contender's remaining steps of that run are missing."""

    measurements: tuple[Measurement, ...]
    failures: tuple[str, ...]


def carry_out(campaign: Campaign) -> Outcome:
    """Warm everything up, then measure."""
    failures: list[str] = []
    for contender in campaign.contenders:
        campaign.progress(f"warming up: {contender.name}")
        tuple(_attempt(campaign, contender, 0, failures))
    if failures:
        return Outcome((), tuple(failures))
    measurements = [
        measurement
        for run in range(1, campaign.runs + 1)
        for contender in campaign.contenders
        for measurement in _attempt(campaign, contender, run, failures)
    ]
    return Outcome(tuple(measurements), tuple(failures))


def _attempt(campaign: Campaign, contender: Contender, run: int, failures: list[str]) -> Iterator[Measurement]:
    """Yield the steps of one contender in one run; run 0 is the warm-up."""
    size = campaign.size
    objects, steps = (size.objects, size.steps) if run else (WARM_UP_OBJECTS, ALWAYS)
    name = f"{contender.name.replace(' ', '-')}-{run}"
    try:
        with opened(campaign.directory / name, campaign.clusters, f"bench-{name}", objects, size.kinds) as site:
            contender.prepare(site)
            for step in steps:
                if commands := contender.commands(site, step):
                    taken = _take(contender.name, step, run, site, commands)
                    if run:
                        campaign.progress(f"run {run}: {contender.name}: {step}: {taken.usage.wall_s:.2f} s")
                    yield taken
    except (BenchmarkError, OSError) as error:
        failures.append(f"{contender.name}, run {run}: {error}")
        campaign.progress(failures[-1])


def _take(name: str, step: Step, run: int, site: Site, commands: tuple[Command, ...]) -> Measurement:
    _before(step, site)
    busy_s, before = machine.busy_s(), counters.read(site.clusters)
    log = site.directory / f"{step.name.lower()}.log"
    usage = process.then([process.run(command, log) for command in commands])
    servers = counters.read(site.clusters) - before
    other_cores = _other_cores(busy_s, machine.busy_s(), usage, servers)
    _check(step, site)
    return Measurement(contender=name, step=step, run=run, usage=usage, servers=servers, other_cores=other_cores)


def _before(step: Step, site: Site) -> None:
    if step is Step.CHANGE_ONE:
        site.source.change_one(CHANGED_ONE)
    if step is Step.CHANGE_ALL:
        site.source.change_all(CHANGED_ALL)
    if step is Step.HEAL:
        site.drift_one()
    if step is Step.HEAL_MANY:
        site.drift_many()


def _check(step: Step, site: Site) -> None:
    """Raise BenchmarkError unless the clusters are as the step ought to leave them."""
    if step is Step.DESTROY:
        site.require_nothing()
    else:
        site.require_everything()


def _other_cores(before_s: float | None, after_s: float | None, usage: Usage, servers: Counters) -> float | None:
    if before_s is None or after_s is None or not usage.wall_s:
        return None
    return max(0.0, (after_s - before_s - usage.cpu_s - servers.cpu_s) / usage.wall_s)
