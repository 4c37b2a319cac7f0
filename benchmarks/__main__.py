"""The command line: `python -m benchmarks apply`, `python -m benchmarks render`, `python -m benchmarks calls`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks import document, kubectl, machine, plot
from benchmarks.calls import calls
from benchmarks.campaign import Campaign, Outcome, carry_out
from benchmarks.contenders import CONTENDERS, Chosen, choose
from benchmarks.errors import BenchmarkError
from benchmarks.fleet_cli import REPOSITORY
from benchmarks.manifests import ObjectSet
from benchmarks.rendering.command import render
from benchmarks.report import Measured, Report
from benchmarks.size import MATRICES, Size, parse
from benchmarks.steps import Step, chosen
from localclusters import LocalClusters, LocalClustersError, running
from localclusters.progress import to_stderr
from localclusters.spec import default_names, make_specs


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was asked for, as the options have it."""

    objects: int
    clusters: int
    kinds: str
    sizes: tuple[str, ...]
    matrix: str | None
    runs: int
    only: tuple[str, ...]
    steps: tuple[str, ...]
    keep: bool
    as_json: bool
    write: Path | None

    @property
    def wanted(self) -> tuple[Size, ...]:
        """The sizes, in their order. Raises BenchmarkError."""
        if self.matrix and (self.sizes or self.steps):
            raise BenchmarkError("--matrix says which sizes and steps there are; leave out --size and --step")
        steps = chosen(self.steps)
        written = tuple(dict.fromkeys(parse(each, steps) for each in self.sizes))
        given = (Size(self.clusters, self.objects, ObjectSet(self.kinds), steps),)
        return MATRICES[self.matrix] if self.matrix else written or given


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Measure fleet beside what people use instead of it, on this machine."""


@cli.command()
@click.option("--objects", type=click.IntRange(min=1), default=1000, show_default=True, help="Objects per cluster.")
@click.option("--clusters", type=click.IntRange(min=1), default=3, show_default=True, help="API servers to start.")
@click.option(
    "--set",
    "kinds",
    type=click.Choice([each.value for each in ObjectSet]),
    default=ObjectSet.CONFIG_MAPS.value,
    show_default=True,
    help="Kinds of objects; of a mixed set a fifth are Deployments, a fifth Services.",
)
@click.option(
    "--size", "sizes", multiple=True, help="Clusters x objects per cluster: 3x1000, or 3x1000:mixed; repeatable."
)
@click.option("--matrix", type=click.Choice(tuple(MATRICES)), help="Measure several sizes, with the steps they need.")
@click.option("--runs", type=click.IntRange(min=1), default=1, show_default=True, help="Runs; the median is shown.")
@click.option("--only", type=click.Choice(tuple(CONTENDERS)), multiple=True, help="Measure only this; repeatable.")
@click.option(
    "--step",
    "steps",
    type=click.Choice([step.value for step in Step]),
    multiple=True,
    help="Take only this step, and create and destroy; repeatable.",
)
@click.option("--keep", is_flag=True, help="Leave the API servers running, and all files and logs where they are.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
@click.option("--write", type=click.Path(path_type=Path), help="Also write the tables into this document.")
def apply(**options: Any) -> None:
    """Create, look at, change, heal and destroy objects in several clusters, and print what each step costs.

    Exit code 1 means that something did not work, never that it was slow.
    """
    try:
        report = _measure(Flags(**options))
    except (BenchmarkError, LocalClustersError) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(1 if report.failures else 0)


def _measure(flags: Flags) -> Report:
    """Measure and print. What could be wrong with the options is found before the first API server is started."""
    if flags.write:
        document.read(flags.write, "apply")
    report = _report(flags, flags.wanted, choose(flags.only))
    print(json.dumps(report.as_json(), indent=2) if flags.as_json else report.as_text())
    if flags.write and not report.failures:
        document.write(flags.write, "apply", report.as_text(), plot.svg(report.results))
    return report


def _report(flags: Flags, sizes: tuple[Size, ...], chosen_ones: Chosen) -> Report:
    version = next((each.version for each in chosen_ones.contenders if isinstance(each, kubectl.Kubectl)), "")
    here = machine.look(kubectl=version, repository=REPOSITORY)
    for name in chosen_ones.left_out:
        to_stderr(f"{name} is not on PATH: left out")
    measured, served = [], ""
    for size in sizes:
        to_stderr(f"{size}: starting API servers")
        outcome, served = _one_size(flags, size, chosen_ones)
        measured.append(Measured(size, outcome))
    return Report(
        sizes=tuple(measured),
        runs=flags.runs,
        machine=machine.serving(here, served),
        left_out=chosen_ones.left_out,
    )


def _one_size(flags: Flags, size: Size, chosen_ones: Chosen) -> tuple[Outcome, str]:
    """Return what came of it, and the version of Kubernetes."""
    with _place(flags.keep, size) as (clusters, directory):
        campaign = Campaign(
            contenders=chosen_ones.contenders,
            clusters=tuple(clusters),
            size=size,
            runs=flags.runs,
            directory=directory,
            progress=to_stderr,
        )
        outcome = carry_out(campaign)
        served = campaign.clusters[0].request("GET", "/version").body["gitVersion"]
    return outcome, str(served).removeprefix("v")


cli.add_command(render)
cli.add_command(calls)


@contextmanager
def _place(keep: bool, size: Size) -> Iterator[tuple[LocalClusters, Path]]:
    """Yield API servers, without controllers, and a folder; both are gone afterwards, unless they are to be kept."""
    specs = make_specs(default_names(size.clusters), controllers=False, scheduler=False, nodes=False)
    if not keep:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-"))
            yield stack.enter_context(running(specs)), Path(folder)
        return
    directory = Path(tempfile.mkdtemp(prefix="benchmarks-"))
    clusters = LocalClusters(directory / "clusters")
    clusters.up(specs)
    try:
        yield clusters, directory
    finally:
        to_stderr(f"kept: {directory}; take down with: python -m localclusters down --dir {clusters.directory}")


if __name__ == "__main__":
    cli(prog_name="python -m benchmarks")
