"""History: the project's own repository, for comparing two of its revisions.

In: the project's directory and a revision's name. Out: what the project was there, in a directory of its own, and the
commits that its own sources are at on either side. Nothing is fetched: what is asked for must be here.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.errors import Problem, SourceError
from fleet.frozen import dataclass
from fleet.program.question import Pin
from fleet.render.runner import gitpython

if TYPE_CHECKING:
    import git


@dataclass(frozen=True, slots=True)
class History:
    """The repository that a project is in. project: its directory."""

    project: Path
    repository: git.Repo

    @classmethod
    def of(cls, project: Path) -> History:
        """Return the repository of a project. Raises SourceError where it is in none, or there is no git."""
        module = gitpython()
        try:
            return cls(project, module.Repo(project, search_parent_directories=True))
        except (module.InvalidGitRepositoryError, module.NoSuchPathError):
            hint = "Compare revisions in a clone of the repository that holds Pulumi.yaml."
            raise SourceError(Problem(f"{project} is in no Git repository", hint=hint)) from None

    def commit(self, name: str) -> str:
        """Return the full SHA that a revision's name means here. Raises SourceError."""
        try:
            # `--verify` takes nothing that starts with a dash for an option.
            return str(self.repository.git.rev_parse("--verify", "--end-of-options", f"{name}^{{commit}}"))
        except gitpython().GitCommandError:
            hint = f"Fetch it first: git fetch origin {name.removeprefix('origin/')}"
            raise SourceError(Problem(f"there is no revision {name!r} in this repository", hint=hint)) from None

    def pin(self, commit: str, against: str) -> Pin:
        """Return the commit as what the project's own sources are at: those that follow a branch, not a fixed one.

        against: the revision that is compared with; a branch of that name is one that the change will be merged into.
        """
        remotes = [url for remote in self.repository.remotes for url in remote.urls]
        followed = {"HEAD", against.rpartition("/")[2], against}
        if not self.repository.head.is_detached:
            followed.add(self.repository.active_branch.name)
        return Pin(
            repositories=(str(self.repository.working_dir), *remotes),
            revisions=tuple(sorted({*followed, *(f"refs/heads/{each}" for each in followed)})),
            commit=commit,
        )

    def is_changed(self) -> bool:
        """Return whether anything below the repository is not committed."""
        return bool(self.repository.is_dirty(untracked_files=True))

    def write(self, commit: str, directory: Path) -> Path | None:
        """Write the repository as it was into a directory; return the project in there, None if there was none."""
        written = io.BytesIO()
        self.repository.archive(written, treeish=commit, format="tar")
        written.seek(0)
        with tarfile.open(fileobj=written) as archive:
            archive.extractall(directory, filter="data")
        inside = directory / self.project.resolve().relative_to(Path(self.repository.working_dir).resolve())
        return inside if any(inside.glob("Pulumi.y*ml")) else None
