"""Sources: where an application's manifests come from, and what makes them of what is there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from fleet.errors import DeclarationError, Problem, Where
from fleet.model import checks, helm, kustomize
from fleet.model.directory import Directory
from fleet.model.helm import Helm
from fleet.model.here import here
from fleet.model.kustomize import Kustomize

# What makes manifests of a path. An empty Directory leaves it to the files that are there.
Tool = Directory | Kustomize | Helm

# As in Argo CD (`isValidRefKey`): what can follow the `$` of `$values/…`.
_REF = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class GitSource:
    """A path in a Git repository at a revision.

    repo: a URL (https, ssh, scp-like, file) or a local path, relative to the project.
    path: the directory of manifests, relative to the repository's root. None is the root; of a source with a `ref`
        it means that only value files are taken from the repository.
    revision: branch, tag, full or short SHA, `HEAD`, `refs/…`, or a version constraint such as `1.2.x` or `>=1.2 <2`,
        which means the newest tag that fits; resolved to one commit per run.
    tag_prefix: what precedes the version in the tags that a constraint is about, as `web-` in `web-1.2.0`.
    directory, kustomize, helm: at most one of them says anything, and so makes the path one of plain manifests, a
        kustomization or a chart. Otherwise the files in the path decide.
    name: tells several sources of an application apart.
    ref: lets charts among the other sources take value files from this repository, as `$<ref>/<path from its root>`.
    where: the place in a file that it was read from; for messages only.
    """

    repo: str
    path: str | None = field(default=None, kw_only=True)
    revision: str = field(default="HEAD", kw_only=True)
    tag_prefix: str = field(default="", kw_only=True)
    directory: Directory = field(default_factory=Directory, kw_only=True)
    kustomize: Kustomize = field(default_factory=Kustomize, kw_only=True)
    helm: Helm = field(default_factory=Helm, kw_only=True)
    name: str = field(default="", kw_only=True)
    ref: str = field(default="", kw_only=True)
    where: Where = field(default_factory=here, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        checks.text("GitSource", "repo", self.repo)
        owner = f"GitSource {self.repo!r}"
        checks.relative_path(owner, "path", self.path, optional=True)
        checks.revision(owner, "revision", self.revision)
        for name in ("tag_prefix", "name", "ref"):
            checks.any_text(owner, name, getattr(self, name))
        if self.ref and not _REF.fullmatch(self.ref):
            raise checks.fail(owner, "ref", self.ref, 'letters, digits, "_" and "-"')
        for name, kind in (("directory", Directory), ("kustomize", Kustomize), ("helm", Helm)):
            if not isinstance(getattr(self, name), kind):
                raise checks.fail(owner, name, getattr(self, name), f"a {kind.__name__}")
        one_tool(owner, self.directory, self.kustomize, self.helm)

    @property
    def tool(self) -> Tool:
        """The one of the three that says anything; else an empty Directory."""
        return next((each for each in (self.kustomize, self.helm) if not each.is_zero), self.directory)

    @property
    def renders(self) -> bool:
        """Whether manifests are made of it; otherwise it is there for its value files only."""
        return self.path is not None or not self.ref


@dataclass(frozen=True, slots=True)
class ChartSource:
    """A Helm chart in a chart repository, over HTTP(S) or in an OCI registry.

    repo: the repository's URL. An OCI registry is written `oci://host/path` or, as in Argo CD, without a scheme.
    chart: the chart's name in it.
    version: exact, or a constraint such as `1.2.x` or `^1.2`, which means the newest version that fits. `*` is the
        newest that is no prerelease. Resolved to one version per run.
    name: tells several sources of an application apart.
    where: the place in a file that it was read from; for messages only.
    """

    repo: str
    chart: str = field(kw_only=True)
    version: str = field(default="*", kw_only=True)
    helm: Helm = field(default_factory=Helm, kw_only=True)
    name: str = field(default="", kw_only=True)
    where: Where = field(default_factory=here, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        checks.text("ChartSource", "repo", self.repo)
        owner = f"ChartSource {self.repo!r}"
        checks.text(owner, "chart", self.chart)
        checks.revision(owner, "version", self.version)
        checks.any_text(owner, "name", self.name)
        if not isinstance(self.helm, Helm):
            raise checks.fail(owner, "helm", self.helm, "a Helm")

    @property
    def tool(self) -> Tool:
        """Always Helm."""
        return self.helm

    @property
    def renders(self) -> bool:
        """Always."""
        return True


Source = GitSource | ChartSource


def decided(tool: Tool) -> Tool:
    """Return the tool with False for each flag of which nothing is said."""
    names = {Kustomize: kustomize.FLAGS, Helm: helm.FLAGS}.get(type(tool), ())
    open_ones: dict[str, Any] = {name: False for name in names if getattr(tool, name) is None}
    return replace(tool, **open_ones) if open_ones else tool


def one_tool(owner: str, *tools: Tool) -> None:
    """Check that at most one says anything: Argo CD's `ExplicitType` refuses more, too."""
    given = [type(each).__name__.lower() for each in tools if not each.is_zero]
    if len(given) > 1:
        raise DeclarationError(Problem(f"{owner}: {' and '.join(given)} are given together", hint="Keep one of them."))
