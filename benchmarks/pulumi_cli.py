"""A yardstick where it is on PATH: Pulumi's own engine and Kubernetes provider, with the project that fleet has."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field

from benchmarks import fleet_cli
from benchmarks.errors import BenchmarkError
from benchmarks.fleet_cli import STACK, FleetCli
from benchmarks.manifests import ObjectSet
from benchmarks.process import Command
from benchmarks.site import Site
from benchmarks.steps import Step

PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")
# When it refreshes, it writes down of a Deployment that is not ready that it is not, which is a change.
_NEED_CONTROLLERS = (Step.NO_DRIFT, Step.REFRESH)


@dataclass(frozen=True, slots=True)
class PulumiCli:
    """`pulumi up` and its like, with the words that fleet takes from it."""

    name: str = "pulumi"
    _project: FleetCli = field(default_factory=FleetCli)

    def prepare(self, site: Site) -> None:
        """Make the same project, and a stack of its own. Raises BenchmarkError."""
        self._project.prepare(site)
        done = subprocess.run(
            ("pulumi", "stack", "init", STACK, "--non-interactive"),
            cwd=fleet_cli.project(site),
            env={**os.environ, **fleet_cli.environment(site)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchmarkError(f"pulumi made no stack: {done.stderr.strip()}")

    def commands(self, site: Site, step: Step) -> tuple[Command, ...]:
        """Return the one command; none for what cannot be without changes where there are Deployments."""
        if step in _NEED_CONTROLLERS and site.source.kinds is ObjectSet.MIXED:
            return ()
        argv = ("pulumi", *fleet_cli.COMMANDS[step], "--stack", STACK, "--non-interactive")
        return (Command(argv, fleet_cli.project(site), fleet_cli.environment(site)),)


def find() -> PulumiCli | None:
    """Return it where Pulumi, its Python and its Kubernetes plugin are on PATH; None otherwise."""
    return PulumiCli() if all(map(shutil.which, PROGRAMS)) else None
