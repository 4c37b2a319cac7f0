"""Sources: what must be read for the targets, and who is told when it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from itertools import chain, repeat
from typing import TypeVar

from fleet.errors import Where
from fleet.model.application import Application
from fleet.model.capabilities import Capabilities
from fleet.model.helm import Helm
from fleet.model.plan import PatchRequest, Reference, Release, RenderRequest, Revision, Target, TargetSource
from fleet.model.source import GitSource, Source, Tool
from fleet.plan.build_environment import ref_of, substituted, variables

Needed = TypeVar("Needed", bound=Hashable)


def revisions_of(target: Target) -> tuple[Revision, ...]:
    """Return what must be resolved for a target, a revision per source."""
    return tuple(source.revision for source in target.sources)


def passing_credentials(targets: Iterable[Target]) -> frozenset[Revision]:
    """Return the charts whose repositories' passwords may go to other hosts."""
    sources = (source for target in targets for source in target.sources)
    return frozenset(each.revision for each in sources if isinstance(each.tool, Helm) and each.tool.pass_credentials)


def requests_of(target: Target, commits: Mapping[Revision, str]) -> tuple[RenderRequest, ...]:
    """Return what must be rendered for a target, in the order of its sources; targets often share it."""
    return tuple(_request(target, source, commits) for source in target.rendering)


def patches_of(target: Target, commits: Mapping[Revision, str]) -> tuple[PatchRequest, ...]:
    """Return the one thing that must be patched for a target, or nothing."""
    return (PatchRequest(requests_of(target, commits), target.patches),) if target.patches else ()


def _request(target: Target, source: TargetSource, commits: Mapping[Revision, str]) -> RenderRequest:
    revision = source.revision
    commit = commits[revision]
    repositories = _repositories(target, commits)
    environment = variables(target, source, commit)
    tool = substituted(source.tool, environment, repositories)
    used = dict.fromkeys(map(ref_of, files_of(tool)))
    return RenderRequest(
        repo=revision.repo,
        commit=commit,
        path=source.path,
        tool=tool,
        release=Release(target.application.name, target.namespace or ""),
        chart=revision.chart,
        capabilities=Capabilities(target.cluster.kube_version, tuple(target.cluster.api_versions)),
        references=tuple(repositories[ref] for ref in used if ref in repositories),
        environment=tuple(sorted(environment.items())),
    )


def _repositories(target: Target, commits: Mapping[Revision, str]) -> dict[str, Reference]:
    """Return by its `ref` each repository that value files may be of."""
    return {
        each.source.ref: Reference(each.source.ref, each.revision.repo, commits[each.revision])
        for each in target.sources
        if isinstance(each.source, GitSource) and each.source.ref
    }


def files_of(tool: Tool) -> tuple[str, ...]:
    """Return the paths of the files that a chart's values are of."""
    return (*tool.value_files, *tool.file_parameters.values()) if isinstance(tool, Helm) else ()


def place_of(source: Source, application: Application) -> Where:
    """Return the place of one of an application's sources; the application's where that is not known."""
    return source.where if source.where.file else application.where


def used_by(
    targets: Iterable[Target],
    needs: Callable[[Target], Iterable[Needed]],
    said_by: Callable[[Target], Iterable[TargetSource]] = lambda _: (),
) -> dict[Needed, Where]:
    """Return what is needed → the first place that asks for it, all its applications, and the cluster if it is one.

    said_by: the sources that what a target needs is of, in its order; nothing for what is of the target as a whole.
    """
    users: dict[Needed, dict[Target, Where]] = {}
    for target in targets:
        places = chain((each.where for each in said_by(target)), repeat(Where()))
        for each, where in zip(needs(target), places, strict=False):
            users.setdefault(each, {}).setdefault(target, where)
    return {each: _place(using) for each, using in users.items()}


def _place(using: Mapping[Target, Where]) -> Where:
    applications = sorted({target.application.name for target in using})
    clusters = sorted({target.cluster.name for target in using})
    first, where = next(iter(using.items()))
    return replace(
        where if where.file else first.destination.where,
        application=", ".join(applications),
        cluster=clusters[0] if len(clusters) == 1 else "",
    )
