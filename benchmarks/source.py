"""Source: the manifests of one contender on disk, a Git repository whose work tree is a folder of manifests as well."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import git

from benchmarks import manifests

_AUTHOR = git.Actor("Benchmark", "benchmark@example.com")


@dataclass(frozen=True, slots=True)
class Source:
    """A repository at `root` with `objects` ConfigMaps, 100 to a file."""

    root: Path
    objects: int

    @property
    def folder(self) -> Path:
        """The folder of manifests, in the work tree."""
        return self.root / "manifests"

    @property
    def bodies(self) -> Path:
        """The same objects as one line of JSON each, for whom reading YAML is not what is measured."""
        return self.root.with_suffix(".jsonl")

    @property
    def release(self) -> str:
        """What the field that is changed is now."""
        line = self.bodies.read_text().splitlines()[manifests.changed_number(self.objects)]
        return str(json.loads(line)["data"][manifests.CHANGED_KEY])

    def create(self) -> None:
        """Write and commit everything."""
        self.folder.mkdir(parents=True)
        git.Repo.init(self.root, initial_branch="main").close()
        self._write({}, "Add the settings")

    def change_one(self, release: str) -> None:
        """Commit another value of one field of one object."""
        self._write({manifests.changed_number(self.objects): release}, f"Release {release}")

    def _write(self, releases: dict[int, str], message: str) -> None:
        everything = [manifests.config_map(number, releases.get(number, "1")) for number in range(self.objects)]
        for name, text in manifests.files(everything).items():
            path = self.folder / name
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
        self.bodies.write_text("".join(json.dumps(each) + "\n" for each in everything))
        with git.Repo(self.root) as repo:
            repo.git.add("manifests")
            repo.index.commit(message, author=_AUTHOR, committer=_AUTHOR)
