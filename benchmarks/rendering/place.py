"""Place: the folder of one run: the repository, a project of fleet's, its cache, and what both sides render."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fleet_cli import REPOSITORY, STACK
from benchmarks.process import Command
from benchmarks.rendering.counting import Counting
from benchmarks.rendering.repository import CHARTS, KUSTOMIZATIONS, NAMESPACE, Repository
from benchmarks.rendering.size import Size
from fleet import yamlio

_SCRIPT = Path(__file__).with_name("render.sh")

_DECLARATION = """\
from fleet import Application, Cluster, Fleet, GitSource, Helm, Kustomize, Override

CLUSTERS = {clusters!r}


def application(name, directory, overrides):
    source = GitSource({repository!r}, path=f"{{directory}}/{{name}}", revision="main")
    return Application(name, source=source, destinations=CLUSTERS, namespace={namespace!r}, overrides=overrides)


def kustomization(name):
    images = {{cluster: f"registry.example.com/{{name}}:2.0.0-{{cluster}}" for cluster in {own_images!r}}}
    own = [Override(clusters=[cluster], kustomize=Kustomize(images=[each])) for cluster, each in images.items()]
    return application(name, {kustomizations!r}, own)


def chart(name):
    files = {{cluster: f"values-{{cluster}}.yaml" for cluster in {own_values!r}}}
    own = [Override(clusters=[cluster], helm=Helm(value_files=[each])) for cluster, each in files.items()]
    return application(name, {charts!r}, own)


stack = Fleet(
    clusters=[Cluster(name) for name in CLUSTERS],
    applications=[
        *(kustomization(f"app-{{number:03d}}") for number in range({size.kustomizations})),
        *(chart(f"chart-{{number:03d}}") for number in range({size.charts})),
    ],
)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, the fleet in it, and the programs that both sides use. Nothing is there before `create`."""

    directory: Path
    size: Size
    counting: Counting

    @property
    def repository(self) -> Repository:
        """Where the applications are."""
        return Repository(self.directory / "repository", self.size)

    @property
    def looped(self) -> Path:
        """Where the loop writes `<cluster>/<application>.yaml`."""
        return self.directory / "looped"

    @property
    def rendered(self) -> Path:
        """What fleet writes, all objects of all clusters in one file."""
        return self.directory / "rendered.yaml"

    def create(self) -> None:
        """Make the repository, and a project with one stack."""
        self.repository.create()
        stacks = self._project / "stacks"
        stacks.mkdir(parents=True)
        data = {"name": "fleet", "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}}}
        (self._project / "Pulumi.yaml").write_text(yamlio.dump(data | {"stackConfigDir": "stacks"}))
        (stacks / f"Pulumi.{STACK}.yaml").write_text("config: {}\n")
        (stacks / f"{STACK}.py").write_text(self._declaration())

    def loop(self, *applications: str) -> Command:
        """Return the loop, over all applications where none are named."""
        argv = ("bash", str(_SCRIPT), str(self.looped), *applications)
        return Command(
            argv, self.repository.root, {**self._environment(), "CLUSTERS": " ".join(self.size.cluster_names)}
        )

    def fleet(self) -> Command:
        """Return what renders everything with what is in the cache."""
        argv = (sys.executable, "-m", "fleet", "render", "-s", STACK, "-o", "yaml")
        here = {
            "FLEET_CACHE_DIR": str(self.directory / "cache"),
            "PYTHONPATH": os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH")))),
            "NO_COLOR": "1",
        }
        return Command(argv, self._project, self._environment() | here)

    @property
    def _project(self) -> Path:
        return self.directory / "project"

    def _environment(self) -> dict[str, str]:
        return {"PATH": f"{self.counting.programs}{os.pathsep}{os.environ.get('PATH', '')}"}

    def _declaration(self) -> str:
        return _DECLARATION.format(
            clusters=self.size.cluster_names,
            own_images=self.size.with_own_images,
            own_values=self.size.with_own_values,
            repository=str(self.repository.root),
            namespace=NAMESPACE,
            kustomizations=KUSTOMIZATIONS,
            charts=CHARTS,
            size=self.size,
        )
