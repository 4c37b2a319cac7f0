"""Ours: the command line of fleet, as a user runs it, with a project and a state of its own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks.process import Command
from benchmarks.site import Site
from benchmarks.steps import Step
from fleet import yamlio

REPOSITORY = Path(__file__).parents[1]
STACK = "bench"

_UP = ("up", "--yes", "--skip-preview")
COMMANDS: Mapping[Step, tuple[str, ...]] = MappingProxyType(
    {
        Step.CREATE: _UP,
        Step.PREVIEW: ("preview", "--expect-no-changes"),
        Step.NO_CHANGE: (*_UP, "--expect-no-changes"),
        Step.NO_DRIFT: (*_UP, "--refresh", "--expect-no-changes"),
        Step.CHANGE_ONE: _UP,
        Step.CHANGE_ALL: _UP,
        Step.REFRESH: ("refresh", "--preview-only", "--expect-no-changes"),
        Step.HEAL: (*_UP, "--refresh"),
        Step.HEAL_MANY: (*_UP, "--refresh"),
        Step.DESTROY: ("destroy", "--yes", "--skip-preview"),
    }
)

DECLARATION = """\
from fleet import Application, Destination, Fleet, GitSource, SyncPolicy

fleet = Fleet(
    applications=[
        Application(
            "settings",
            source=GitSource({repository!r}, path="manifests", revision="main"),
            destinations=[Destination(name, namespace={namespace!r}) for name in {clusters!r}],
            sync=SyncPolicy(automated=True, prune=True, self_heal=True),
        )
    ],
)
"""


@dataclass(frozen=True, slots=True)
class FleetCli:
    """`python -m fleet`, with this Python."""

    name: str = "fleet"

    def prepare(self, site: Site) -> None:
        """Make a project with one stack: one application for all clusters."""
        stacks = project(site) / "stacks"
        stacks.mkdir(parents=True)
        _state(site).mkdir()
        shutil.copy(REPOSITORY / "__main__.py", project(site))
        (project(site) / "Pulumi.yaml").write_text(_project_file())
        declaration = DECLARATION.format(
            repository=str(site.source.root), namespace=site.namespace, clusters=site.names
        )
        (stacks / f"{STACK}.py").write_text(declaration)
        clusters = {
            cluster.name: {"kubeconfig": str(cluster.kubeconfig), "context": cluster.context}
            for cluster in site.clusters
        }
        (stacks / f"Pulumi.{STACK}.yaml").write_text(yamlio.dump({"config": {"fleet:clusters": clusters}}))

    def commands(self, site: Site, step: Step) -> tuple[Command, ...]:
        """Return the one command."""
        argv = (sys.executable, "-m", "fleet", *COMMANDS[step], "-s", STACK)
        return (Command(argv, project(site), environment(site)),)


def project(site: Site) -> Path:
    """Return the folder of Pulumi.yaml."""
    return site.directory / "project"


def _state(site: Site) -> Path:
    return site.directory / "state"


def _project_file() -> str:
    """Return our own project's file with this Python, which is where the dependencies are."""
    (document,) = yamlio.load_documents((REPOSITORY / "Pulumi.yaml").read_text(), file="Pulumi.yaml")
    runtime = document.data["runtime"]
    options = runtime["options"] | {"virtualenv": sys.prefix}
    return yamlio.dump(document.data | {"runtime": runtime | {"options": options}})


def environment(site: Site) -> Mapping[str, str]:
    """Return where a run keeps its state and its cache, and what it needs besides."""
    return {
        "PULUMI_BACKEND_URL": f"file://{_state(site)}",
        "PULUMI_CONFIG_PASSPHRASE": "benchmark",
        "FLEET_CACHE_DIR": str(site.directory / "cache"),
        # As where nobody has turned it off: modules are compiled once, in the runs that warm up.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH")))),
        "NO_COLOR": "1",
    }
