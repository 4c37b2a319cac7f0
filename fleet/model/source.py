"""GitSource: where an application's manifests come from."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet.model import checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Which files of the path are manifests; Argo CD's `directory`.

    recurse: read subdirectories too.
    include, exclude: globs over the path below the source's path, `{a,b}` for alternatives, `*` crossing `/`; empty
        means all files and no file. `exclude` is looked at first.
    """

    recurse: bool = False
    include: str = ""
    exclude: str = ""

    def __post_init__(self) -> None:
        checks.flag("Directory", "recurse", self.recurse)
        for pattern in ("include", "exclude"):
            if not isinstance(getattr(self, pattern), str):
                raise checks.fail("Directory", pattern, getattr(self, pattern), "a glob, or an empty string")


@dataclass(frozen=True, slots=True)
class GitSource:
    """A path in a Git repository at a revision.

    repo: a URL (https, ssh, scp-like, file) or a local path, relative to the project.
    path: the directory of manifests, relative to the repository's root.
    revision: branch, tag, full or short SHA, `HEAD` or `refs/…`; resolved to one commit per run.
    """

    repo: str
    path: str = field(default=".", kw_only=True)
    revision: str = field(default="HEAD", kw_only=True)
    directory: Directory = field(default_factory=Directory, kw_only=True)

    def __post_init__(self) -> None:
        checks.text("GitSource", "repo", self.repo)
        owner = f"GitSource {self.repo!r}"
        checks.relative_path(owner, "path", self.path)
        checks.text(owner, "revision", self.revision)
        if self.revision.startswith("-"):
            raise checks.fail(owner, "revision", self.revision, "a branch, tag, SHA, HEAD or refs/…")
        if not isinstance(self.directory, Directory):
            raise checks.fail(owner, "directory", self.directory, "a Directory")
