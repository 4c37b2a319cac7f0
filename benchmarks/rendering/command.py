"""The command: `python -m benchmarks render`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks import document, machine
from benchmarks.errors import BenchmarkError
from benchmarks.fleet_cli import REPOSITORY
from benchmarks.rendering.campaign import Campaign, carry_out
from benchmarks.rendering.counting import counting, on_path
from benchmarks.rendering.report import Report
from benchmarks.rendering.size import FULL, Size
from benchmarks.rendering.step import OURS, Step
from localclusters import BuildError
from localclusters.progress import to_stderr
from testtools import ensure_tools

_SIDES = {"loop": (Step.LOOP,), "fleet": OURS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was asked for, as the options have it."""

    kustomizations: int
    charts: int
    clusters: int
    own_images: int
    own_values: int
    runs: int
    only: str | None
    keep: bool
    as_json: bool
    write: Path | None

    @property
    def size(self) -> Size:
        """The fleet."""
        return Size(
            kustomizations=self.kustomizations,
            charts=self.charts,
            clusters=self.clusters,
            own_images=self.own_images,
            own_values=self.own_values,
        )


def _number(name: str, least: int, default: int, text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(name, type=click.IntRange(min=least), default=default, show_default=True, help=text)


@click.command()
@_number("--kustomizations", 1, FULL.kustomizations, "Applications that are kustomizations.")
@_number("--charts", 0, FULL.charts, "Applications that are charts.")
@_number("--clusters", 1, FULL.clusters, "Clusters that each application is rendered for. None is started.")
@_number("--own-images", 0, FULL.own_images, "Clusters where each kustomization has an image of its own.")
@_number("--own-values", 0, FULL.own_values, "Clusters where each chart has values of its own.")
@_number("--runs", 1, 1, "Runs; the median is shown.")
@click.option("--only", type=click.Choice(tuple(_SIDES)), help="Measure only this side; nothing is compared then.")
@click.option("--keep", is_flag=True, help="Leave all files and logs where they are.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
@click.option("--write", type=click.Path(path_type=Path), help="Also write the table into this document.")
def render(**options: Any) -> None:
    """Render many applications for many clusters, beside a shell loop of the same tools, and compare the objects.

    Exit code 1 means that something did not work or came out otherwise than in the loop, never that it was slow.
    """
    try:
        report = _measure(Flags(**options))
    except (BenchmarkError, BuildError) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(1 if report.outcome.failures else 0)


def _measure(flags: Flags) -> Report:
    """Measure and print. What could be wrong with the options is found before anything is built."""
    if flags.write:
        document.read(flags.write, "render")
    tools = ensure_tools(to_stderr)
    programs = {"kustomize": tools / "kustomize", "helm": tools / "helm", "git": on_path("git")}
    here = machine.look(
        repository=REPOSITORY,
        helm=_said(programs["helm"], "version", "--short"),
        kustomize=_said(programs["kustomize"], "version"),
    )
    with _folder(keep=flags.keep) as directory:
        campaign = Campaign(
            size=flags.size,
            steps=_SIDES[flags.only] if flags.only else tuple(Step),
            runs=flags.runs,
            directory=directory,
            counting=counting(directory, programs),
            progress=to_stderr,
        )
        report = Report(size=flags.size, runs=flags.runs, machine=here, outcome=carry_out(campaign))
    print(json.dumps(report.as_json(), indent=2) if flags.as_json else report.as_text())
    if flags.write and not report.outcome.failures:
        document.write(flags.write, "render", report.as_text())
    return report


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    """Yield a folder that is gone afterwards, unless it is to be kept."""
    if not keep:
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            yield Path(folder)
        return
    folder = tempfile.mkdtemp(prefix="benchmarks-")
    try:
        yield Path(folder)
    finally:
        to_stderr(f"kept: {folder}")


def _said(program: Path, *arguments: str) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise BenchmarkError(f"{program} does not tell its version: {done.stderr.strip()}")
    return done.stdout.strip().removeprefix("v")
