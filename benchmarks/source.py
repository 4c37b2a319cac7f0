"""Source: the manifests of one contender on disk, a Git repository whose work tree is a folder of manifests as well."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import git

from benchmarks import manifests
from benchmarks.manifests import ObjectSet

_AUTHOR = git.Actor("Benchmark", "benchmark@example.com")


@dataclass(frozen=True, slots=True)
class Source:
    """A repository at `root` with `objects` objects of a set, 100 to a file."""

    root: Path
    objects: int
    kinds: ObjectSet

    @property
    def folder(self) -> Path:
        """The folder of manifests, in the work tree."""
        return self.root / "manifests"

    @property
    def bodies(self) -> Path:
        """The same objects as one line of JSON each, for whom reading YAML is not what is measured."""
        return self.root.with_suffix(".jsonl")

    @property
    def releases(self) -> dict[str, str]:
        """Name of each object → the field that is changed, as it is now."""
        everything = (json.loads(line) for line in self.bodies.read_text().splitlines())
        return {each["metadata"]["name"]: manifests.release_of(each) for each in everything}

    def create(self) -> None:
        """Write and commit everything."""
        self.folder.mkdir(parents=True)
        git.Repo.init(self.root, initial_branch="main").close()
        self._write(["1"] * self.objects, "Add the settings")

    def change_one(self, release: str) -> None:
        """Commit another value of one field of one object."""
        releases = list(self.releases.values())
        releases[manifests.changed_number(self.objects)] = release
        self._write(releases, f"Release {release} of one")

    def change_all(self, release: str) -> None:
        """Commit another value of one field of every object."""
        self._write([release] * self.objects, f"Release {release} of all")

    def _write(self, releases: list[str], message: str) -> None:
        everything = [self.kinds.object(number, release) for number, release in enumerate(releases)]
        for name, text in manifests.files(everything).items():
            path = self.folder / name
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
        self.bodies.write_text("".join(json.dumps(each) + "\n" for each in everything))
        with git.Repo(self.root) as repo:
            repo.git.add("manifests")
            repo.index.commit(message, author=_AUTHOR, committer=_AUTHOR)
