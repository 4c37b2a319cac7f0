"""Expand: the declared Fleet → one Target per application and destination. The first step of the plan.

References (`server`, `name`, a Cluster) become clusters here, and overrides go on top of the sources. Whether a
repository, revision or path exists is not known yet.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeVar

from fleet.errors import DeclarationError, Problem, Where
from fleet.model.application import Application, Destination
from fleet.model.cluster import Cluster
from fleet.model.fleet import Fleet
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.override import Override
from fleet.model.plan import Revision, Target, TargetSource
from fleet.model.project import DEFAULT_PROJECT, Project
from fleet.model.source import ChartSource, GitSource, Source, Tool
from fleet.plan.build_environment import PREFIX, ref_of
from fleet.plan.layers import about, layers
from fleet.plan.namespace import DEFAULT_NAMESPACE
from fleet.plan.reference import find
from fleet.plan.sources import files_of, place_of
from fleet.plan.tailoring import tailored

Said = TypeVar("Said")

# Path, kustomize and helm of an override that says nothing about what is rendered.
_UNCHANGED: Final = (None, Kustomize(), Helm())


def expand(fleet: Fleet, mirrors: Mapping[str, str]) -> tuple[Target, ...]:
    """Return a Target per application and destination that is not skipped, by cluster, application and namespace.

    mirrors: repository URL → what to fetch instead. A trailing `/` or `.git` makes no difference.
    Raises DeclarationError with everything in the fleet that does not fit together.
    """
    problems = [*repeated_names(fleet), *_in_clusters(fleet.clusters), *_unknown_projects(fleet)]
    clusters = tuple({cluster.name: cluster for cluster in fleet.clusters}.values())
    targets: list[Target] = []
    for application in fleet.applications:
        found, wrong = targets_of(application, clusters, mirrors)
        targets += found
        problems += wrong
    problems = problems or [*_repeated_destinations(targets)]
    if problems:
        raise DeclarationError(*problems)
    return tuple(sorted(targets, key=_place))


def targets_of(
    application: Application, clusters: Sequence[Cluster], mirrors: Mapping[str, str]
) -> tuple[list[Target], list[Problem]]:
    """Return a target per destination that is not skipped, and what is wrong with the application."""
    problems = list(misfits(application))
    unclear = bool(problems)
    targets: list[Target] = []
    for destination in application.targets:
        cluster = find(destination, clusters)
        if isinstance(cluster, Problem):
            problems.append(cluster)
        elif not unclear:
            target = _target(application, destination, cluster, mirrors)
            problems += target if isinstance(target, list) else ()
            targets += [target] if isinstance(target, Target) else []
    return targets, [each.at(application=application.name) for each in problems]


def _target(
    application: Application, destination: Destination, cluster: Cluster, mirrors: Mapping[str, str]
) -> Target | list[Problem]:
    """Return the target, or what is wrong with it; nothing is wrong where it is skipped."""
    overrides = [layer.override for layer in layers(application, destination, cluster)]
    if _last(each.skip for each in overrides):
        return []
    sources, problems = _sources(application, overrides, mirrors)
    if problems:
        return [each.at(cluster=cluster.name) for each in problems]
    return Target(
        application=application,
        destination=destination,
        cluster=cluster,
        sources=sources,
        namespace=_last([application.namespace, *(each.namespace for each in overrides)]),
        patches=tuple(patch for override in overrides for patch in override.patches),
        labels=_together(override.labels for override in overrides),
        annotations=_together(override.annotations for override in overrides),
    )


def _sources(
    application: Application, overrides: Iterable[Override], mirrors: Mapping[str, str]
) -> tuple[tuple[TargetSource, ...], list[Problem]]:
    """Return the sources with the overrides on top, about which `misfits` has nothing to say."""
    sources = [declared(each, mirrors) for each in application.all_sources]
    problems: list[Problem] = []
    for override in overrides:
        which = about(override, application.all_sources)
        if isinstance(which, str):
            continue
        changed = overridden(sources[which], override)
        if isinstance(changed, Problem):
            problems.append(changed)
        else:
            sources[which] = changed
    return tuple(sources), problems


def misfits(application: Application) -> Iterable[Problem]:
    """Yield what overrides and destinations say about the sources that makes no sense in any cluster."""
    sources = application.all_sources
    refs = {each.ref for each in sources if isinstance(each, GitSource) and each.ref}
    for each in sources:
        yield from _unknown_refs(each.tool, refs, place_of(each, application))
    for override in (*application.overrides, *(each.override for each in application.targets)):
        yield from _unknown_refs(override.helm, refs, override.where)
        if not (override.source or speaks_of_source(override)):
            continue
        which = about(override, sources)
        if isinstance(which, str):
            hint = "Name one: source=… in Python, `source: …` in YAML, by its name, ref or chart."
            yield Problem("it is not clear which of the sources this is about", override.where, which, hint)
        elif (misfit := _misfit(override, sources[which])) is not None:
            yield misfit


def _misfit(override: Override, source: Source) -> Problem | None:
    if override.path is not None and isinstance(source, ChartSource):
        hint = "Leave the path out; a chart repository has charts and versions only."
        return Problem(f"the chart {source.chart} has no path", override.where, hint=hint)
    rendered = (override.path, override.kustomize, override.helm) != _UNCHANGED
    if rendered and not source.renders:
        detail = f"The source {override.source!r} is there for its value files only, so only its revision can differ."
        return Problem("no manifests are made of this source", override.where, detail, "Give the source a path.")
    return None


def _unknown_refs(tool: Tool, refs: Collection[str], where: Where) -> Iterable[Problem]:
    for path in files_of(tool):
        ref = ref_of(path)
        if ref and ref not in refs and not ref.startswith(PREFIX):
            detail = f"Refs are {', '.join(sorted(refs))}." if refs else "No source has a ref."
            hint = f"Give the source that has the file ref={ref!r}; in YAML `ref: {ref}`."
            yield Problem(f"{path!r} is a file of no source", where, detail, hint)


def declared(source: Source, mirrors: Mapping[str, str]) -> TargetSource:
    """Return a source as it is where no override says anything about it."""
    repo = mirrored(source.repo, mirrors)
    match source:
        case GitSource():
            revision = Revision(repo, source.revision, source.tag_prefix)
            return TargetSource(source, revision, source.path or ".", source.tool, source.where)
        case ChartSource():
            revision = Revision(repo, source.version, chart=source.chart)
            return TargetSource(source, revision, ".", source.tool, source.where)


def overridden(source: TargetSource, override: Override) -> TargetSource | Problem:
    """Return a source with an override on top, or what does not fit."""
    tool = tailored(_base(source, override), override)
    if isinstance(tool, Problem):
        return tool
    revision, path, where = source.revision, source.path, source.where
    if override.revision is not None:
        revision, where = replace(revision, name=override.revision), override.where
    if override.path is not None:
        path, where = override.path, override.where
    return replace(source, revision=revision, path=path, tool=tool, where=where)


def _base(source: TargetSource, override: Override) -> Tool:
    """Return what an override goes on top of: of a source that becomes a kustomization, its flags, too."""
    written = source.source
    becomes = source.tool.is_zero and not override.kustomize.is_zero
    return written.kustomize if becomes and isinstance(written, GitSource) else source.tool


def speaks_of_source(override: Override) -> bool:
    """Return whether an override says anything about a source."""
    return override.revision is not None or (override.path, override.kustomize, override.helm) != _UNCHANGED


def _last(said: Iterable[Said | None]) -> Said | None:
    return next((each for each in reversed(tuple(said)) if each is not None), None)


def _together(said: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    return MappingProxyType({key: value for each in said for key, value in each.items()})


def _place(target: Target) -> tuple[str, str, str]:
    return target.cluster.name, target.application.name, target.namespace or DEFAULT_NAMESPACE


def mirrored(repo: str, mirrors: Mapping[str, str]) -> str:
    """Return what to fetch for a repository: the mirror of its URL as written, of an equivalent URL, or itself."""
    return mirrors.get(mirrored_as(repo, mirrors), repo)


def mirrored_as(repo: str, mirrors: Mapping[str, str]) -> str:
    """Return the URL by which a repository is among the mirrors; the repository's own if it is not."""
    if repo in mirrors:
        return repo
    return {_normalised(url): url for url in sorted(mirrors)}.get(_normalised(repo), repo)


def _normalised(url: str) -> str:
    return url.rstrip("/").removesuffix(".git").rstrip("/")


def repeated_names(fleet: Fleet) -> Iterable[Problem]:
    """Yield a problem for each name that two of a kind have."""
    kinds = (("cluster", fleet.clusters), ("application", fleet.applications), ("project", fleet.projects))
    for kind, values in kinds:
        first: dict[str, Where] = {}
        for value in values:
            where = value.where if isinstance(value, (Application, Project)) else Where()
            if value.name in first:
                other = str(first[value.name])
                yield Problem(
                    f"more than one {kind} is named {value.name!r}",
                    where,
                    detail=f"The other one: {other}." if other else "",
                    hint="Names are unique in a stack.",
                )
            first.setdefault(value.name, where)


def _in_clusters(clusters: Iterable[Cluster]) -> Iterable[Problem]:
    marked = sorted({cluster.name for cluster in clusters if cluster.in_cluster})
    if len(marked) > 1:
        yield Problem(
            "only one cluster can be the one that `https://kubernetes.default.svc` means",
            detail=f"in_cluster is True for {', '.join(marked)}.",
        )


def _unknown_projects(fleet: Fleet) -> Iterable[Problem]:
    known = {DEFAULT_PROJECT, *(project.name for project in fleet.projects)}
    for application in fleet.applications:
        if application.project not in known:
            yield _unknown_project(application.project, known, application.where).at(application=application.name)
    for cluster in fleet.clusters:
        if cluster.project is not None and cluster.project not in known:
            yield _unknown_project(cluster.project, known, Where(cluster=cluster.name))


def _unknown_project(name: str, known: Iterable[str], where: Where) -> Problem:
    nearest = difflib.get_close_matches(name, sorted(known), n=1)
    declare = "Declare it: an AppProject in the stack's YAML, or Project(...) in its Python."
    return Problem(
        f"no project is named {name!r}",
        where,
        detail=f"Known projects: {', '.join(sorted(known))}.",
        hint=f"Did you mean {nearest[0]!r}?" if nearest else declare,
    )


def _repeated_destinations(targets: Iterable[Target]) -> Iterable[Problem]:
    seen: set[tuple[str, str, str]] = set()
    for target in targets:
        place = _place(target)
        if place in seen:
            cluster, application, namespace = place
            yield Problem(
                f"the application goes to namespace {namespace!r} of this cluster twice",
                target.destination.where,
                hint="Leave one of the destinations out, or give it a namespace of its own.",
            ).at(application=application, cluster=cluster)
        seen.add(place)
