"""The command line: `python -m benchmarks apply`, `python -m benchmarks render`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from benchmarks import document, kubectl, machine
from benchmarks.campaign import Campaign, carry_out
from benchmarks.contender import Contender
from benchmarks.errors import BenchmarkError
from benchmarks.fleet_cli import REPOSITORY, FleetCli
from benchmarks.raw import RawLoop
from benchmarks.rendering.command import render
from benchmarks.report import Report
from benchmarks.steps import Step, chosen
from localclusters import LocalClusters, LocalClustersError, running
from localclusters.progress import to_stderr
from localclusters.spec import default_names, make_specs

CONTENDERS: Mapping[str, Callable[[], Contender]] = MappingProxyType(
    {"fleet": FleetCli, "kubectl": kubectl.find, "raw": RawLoop}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was asked for, as the options have it."""

    objects: int
    clusters: int
    runs: int
    only: tuple[str, ...]
    steps: tuple[str, ...]
    keep: bool
    as_json: bool
    write: Path | None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Measure fleet beside what people use instead of it, on this machine."""


@cli.command()
@click.option("--objects", type=click.IntRange(min=1), default=1000, show_default=True, help="ConfigMaps per cluster.")
@click.option("--clusters", type=click.IntRange(min=1), default=3, show_default=True, help="API servers to start.")
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
    """Create, look at, change, heal and destroy ConfigMaps in several clusters, and print what each step costs.

    Exit code 1 means that something did not work, never that it was slow.
    """
    try:
        report = _measure(Flags(**options))
    except (BenchmarkError, LocalClustersError) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(1 if report.outcome.failures else 0)


def _measure(flags: Flags) -> Report:
    """Measure and print. What could be wrong with the options is found before the first API server is started."""
    if flags.write:
        document.read(flags.write, "apply")
    contenders = tuple(CONTENDERS[name]() for name in CONTENDERS if name in flags.only or not flags.only)
    report = _report(flags, contenders)
    print(json.dumps(report.as_json(), indent=2) if flags.as_json else report.as_text())
    if flags.write and not report.outcome.failures:
        document.write(flags.write, "apply", report.as_text())
    return report


def _report(flags: Flags, contenders: tuple[Contender, ...]) -> Report:
    version = next((each.version for each in contenders if isinstance(each, kubectl.Kubectl)), "")
    here = machine.look(kubectl=version, repository=REPOSITORY)
    with _place(flags) as (clusters, directory):
        campaign = Campaign(
            contenders=contenders,
            clusters=tuple(clusters),
            steps=chosen(flags.steps),
            objects=flags.objects,
            runs=flags.runs,
            directory=directory,
            progress=to_stderr,
        )
        outcome = carry_out(campaign)
        served = str(campaign.clusters[0].request("GET", "/version").body["gitVersion"]).removeprefix("v")
    return Report(
        objects=flags.objects,
        clusters=flags.clusters,
        runs=flags.runs,
        machine=machine.serving(here, served),
        outcome=outcome,
    )


cli.add_command(render)


@contextmanager
def _place(flags: Flags) -> Iterator[tuple[LocalClusters, Path]]:
    """Yield API servers, without controllers, and a folder; both are gone afterwards, unless they are to be kept."""
    specs = make_specs(default_names(flags.clusters), controllers=False, scheduler=False, nodes=False)
    if not flags.keep:
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
