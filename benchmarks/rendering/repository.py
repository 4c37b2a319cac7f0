"""Repository: the applications in Git, with a work tree beside them for whoever reads files.

The files are those in `applications/`, where NAME and CLUSTER stand for the application's and the cluster's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import git

from benchmarks.rendering.size import Size

NAMESPACE = "apps"
# As the overlays in `applications/` name it.
KUSTOMIZATIONS = "kustomizations"
CHARTS = "charts"
SETTINGS = "settings.properties"

_TEMPLATES = Path(__file__).with_name("applications")
_AUTHOR = git.Actor("Benchmark", "benchmark@example.com")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at `root` with the applications of a fleet."""

    root: Path
    size: Size

    def create(self) -> None:
        """Write and commit everything."""
        for path, text in files(self.size):
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        git.Repo.init(self.root, initial_branch="main").close()
        self._commit("Add the applications")

    def change_one(self, line: str) -> None:
        """Commit one more line in one file of one application."""
        with (self.root / KUSTOMIZATIONS / self.size.changed / SETTINGS).open("a") as file:
            file.write(f"{line}\n")
        self._commit(f"Say {line}")

    def _commit(self, message: str) -> None:
        with git.Repo(self.root) as repo:
            repo.git.add(all=True)
            repo.index.commit(message, author=_AUTHOR, committer=_AUTHOR)


def files(size: Size) -> Iterator[tuple[str, str]]:
    """Yield path and text of every file."""
    for name in size.kustomization_names:
        yield from _written("kustomization", f"{KUSTOMIZATIONS}/{name}", name)
        for cluster in size.with_own_images:
            yield from _written("overlay", f"overlays/{cluster}/{name}", name, cluster)
    for name in size.chart_names:
        yield from _written("chart", f"{CHARTS}/{name}", name)
        for cluster in size.with_own_values:
            ((_, text),) = _written("own-values", "", name, cluster)
            yield f"{CHARTS}/{name}/values-{cluster}.yaml", text


def _written(template: str, directory: str, name: str, cluster: str = "") -> Iterator[tuple[str, str]]:
    for file in sorted(each for each in (_TEMPLATES / template).rglob("*") if each.is_file()):
        text = file.read_text().replace("NAME", name).replace("CLUSTER", cluster)
        yield f"{directory}/{file.relative_to(_TEMPLATES / template)}", text
