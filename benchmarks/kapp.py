"""A yardstick where it is on PATH: kapp, which knows what it has deployed by a label, one cluster after another."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks.process import Command
from benchmarks.site import Site
from benchmarks.steps import Step

_DEPLOY = ("deploy", "--wait=false")
_LOOK = ("deploy", "--diff-run")
COMMANDS: Mapping[Step, tuple[str, ...]] = MappingProxyType(
    {
        Step.CREATE: _DEPLOY,
        Step.PREVIEW: _LOOK,
        Step.NO_CHANGE: _DEPLOY,
        Step.CHANGE_ONE: _DEPLOY,
        Step.CHANGE_ALL: _DEPLOY,
        Step.HEAL: _DEPLOY,
        Step.HEAL_MANY: _DEPLOY,
        Step.DESTROY: ("delete", "--wait=false"),
    }
)


@dataclass(frozen=True, slots=True)
class Kapp:
    """`kapp deploy` and `kapp delete`."""

    program: Path
    name: str = "kapp"

    def prepare(self, site: Site) -> None:
        """Make nothing: it reads the manifests where they are."""

    def commands(self, site: Site, step: Step) -> tuple[Command, ...]:
        """Return one command per cluster; none for a step in which it would do what it does in another."""
        if step not in COMMANDS:
            return ()
        command, *flags = COMMANDS[step]
        manifests = ("-f", str(site.source.folder)) if command == "deploy" else ()
        where = ("-a", "bench", "-n", site.namespace, *manifests)
        return tuple(
            Command(
                (str(self.program), command, *where, *flags, "--yes", f"--kubeconfig={cluster.kubeconfig}"),
                site.directory,
            )
            for cluster in site.clusters
        )


def find() -> Kapp | None:
    """Return the kapp of PATH; None without."""
    program = shutil.which("kapp")
    return Kapp(Path(program)) if program else None
