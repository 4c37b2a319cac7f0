"""What the tests of rendering work with: real Git repositories, a project and a cache."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fleet.errors import Where
from fleet.model.capabilities import Capabilities
from fleet.model.directory import Directory
from fleet.model.helm import Helm
from fleet.model.manifest import Manifest
from fleet.model.plan import Reference, Release, RenderRequest, Revision
from fleet.model.source import Tool
from fleet.render import Charts, Repositories, Sources, render_possible
from fleet.render.progress import Report
from fleet.render.renderer import Overrule, as_declared


def render_all(
    requests: Iterable[RenderRequest],
    sources: Sources,
    report: Report,
    used_by: Mapping[RenderRequest, Where] = MappingProxyType({}),
    *,
    overrule: Overrule = as_declared,
) -> Mapping[RenderRequest, tuple[Manifest, ...]]:
    """Render, and raise what is wrong."""
    rendered, error = render_possible(requests, sources, report, used_by, overrule=overrule)
    if error is not None:
        raise error
    return rendered


@dataclass(frozen=True)
class Repo:
    """A repository with a work tree."""

    path: Path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def link(self, name: str, target: str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def commit(self, files: dict[str, str | bytes] | None = None, message: str = "change") -> str:
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


@dataclass
class World:
    """A project directory, a cache, and what was told: progress while fetching, warnings while rendering."""

    project: Path
    cache: Path
    reported: list[str]
    warned: list[str]

    def repositories(self, **options: object) -> Repositories:
        settings = {"cache_dir": self.cache, "project_dir": self.project, "report": self.reported.append} | options
        return Repositories(**settings)  # type: ignore[arg-type]

    def sources(self, **options: object) -> Sources:
        git = self.repositories(**options)
        return Sources(git, Charts(cache_dir=git.cache_dir, report=self.reported.append, warn=self.warned.append))

    def resolve(self, repo: str, *names: str, **options: object) -> dict[str, str]:
        tag_prefix = str(options.pop("tag_prefix", ""))
        with self.repositories(**options) as repositories:
            found = repositories.resolve(Revision(repo, name, tag_prefix) for name in names)
        return {revision.name: commit for revision, commit in found.items()}

    def render(
        self,
        repo: str,
        path: str = ".",
        *,
        revision: str = "HEAD",
        tool: Tool | None = None,
        release: Release = Release("web", "shop"),  # noqa: B008 - frozen
        capabilities: Capabilities = Capabilities(),  # noqa: B008 - frozen
        used_by: Where | None = None,
    ) -> tuple[Manifest, ...]:
        with self.sources() as sources:
            commit = sources.resolve([Revision(repo, revision)])[Revision(repo, revision)]
            request = RenderRequest(repo, commit, path, tool or Directory(), release, capabilities=capabilities)
            return render_all([request], sources, self.warned.append, {request: used_by or Where()})[request]

    def render_chart(
        self,
        repo: str,
        chart: str,
        version: str,
        tool: Helm | None = None,
        refs: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[Manifest, ...]:
        """Render a chart of a chart repository. refs: repositories of value files, by the name before `/`."""
        wanted = Revision(repo, version, chart=chart)
        others = {name: Revision(url, "HEAD") for name, url in refs.items()}
        with self.sources() as sources:
            found = sources.resolve([wanted, *others.values()])
            references = tuple(Reference(name, each.repo, found[each]) for name, each in others.items())
            request = RenderRequest(
                repo, found[wanted], ".", tool or Helm(), Release("web", "shop"), chart=chart, references=references
            )
            return render_all([request], sources, self.warned.append)[request]

    def mirrors(self) -> list[Path]:
        return sorted((self.cache / "git").glob("*.git"))


def config_map(name: str, **data: str) -> str:
    """The YAML of a ConfigMap."""
    lines = ["apiVersion: v1", "kind: ConfigMap", "metadata:", f"  name: {name}"]
    lines += ["data:", *(f"  {key}: {value}" for key, value in data.items())] if data else []
    return "\n".join(lines) + "\n"


def names(manifests: tuple[Manifest, ...]) -> list[str]:
    """What was rendered, in its order."""
    return [manifest.name for manifest in manifests]
