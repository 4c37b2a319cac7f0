"""GitSource: where an application's manifests come from, and what makes them of the files there."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet.errors import DeclarationError, Problem
from fleet.model import checks
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize


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

    @property
    def is_zero(self) -> bool:
        """Whether nothing is said, so that what the path holds decides."""
        return self == Directory()


# What makes manifests of a path. An empty Directory leaves it to the files that are there.
Tool = Directory | Kustomize | Helm


@dataclass(frozen=True, slots=True)
class GitSource:
    """A path in a Git repository at a revision.

    repo: a URL (https, ssh, scp-like, file) or a local path, relative to the project.
    path: the directory of manifests, relative to the repository's root.
    revision: branch, tag, full or short SHA, `HEAD` or `refs/…`; resolved to one commit per run.
    directory, kustomize, helm: at most one of them says anything, and so makes the path one of plain manifests, a
        kustomization or a chart. Otherwise the files in the path decide.
    """

    repo: str
    path: str = field(default=".", kw_only=True)
    revision: str = field(default="HEAD", kw_only=True)
    directory: Directory = field(default_factory=Directory, kw_only=True)
    kustomize: Kustomize = field(default_factory=Kustomize, kw_only=True)
    helm: Helm = field(default_factory=Helm, kw_only=True)

    def __post_init__(self) -> None:
        checks.text("GitSource", "repo", self.repo)
        owner = f"GitSource {self.repo!r}"
        checks.relative_path(owner, "path", self.path)
        checks.text(owner, "revision", self.revision)
        if self.revision.startswith("-"):
            raise checks.fail(owner, "revision", self.revision, "a branch, tag, SHA, HEAD or refs/…")
        for name, kind in (("directory", Directory), ("kustomize", Kustomize), ("helm", Helm)):
            if not isinstance(getattr(self, name), kind):
                raise checks.fail(owner, name, getattr(self, name), f"a {kind.__name__}")
        one_tool(owner, self.directory, self.kustomize, self.helm)

    @property
    def tool(self) -> Tool:
        """The one of the three that says anything; else an empty Directory."""
        return next((each for each in (self.kustomize, self.helm) if not each.is_zero), self.directory)


def one_tool(owner: str, *tools: Tool) -> None:
    """Check that at most one says anything: Argo CD's `ExplicitType` refuses more, too."""
    given = [type(each).__name__.lower() for each in tools if not each.is_zero]
    if len(given) > 1:
        raise DeclarationError(Problem(f"{owner}: {' and '.join(given)} are given together", hint="Keep one of them."))
