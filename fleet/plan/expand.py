"""Expand: the declared Fleet → one Target per application and destination. The first step of the plan.

References (`server`, `name`, a Cluster) become clusters here, and overrides go on top of the sources. Whether a
repository, revision or path exists is not known yet.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from fleet.errors import DeclarationError, Problem, Where
from fleet.model.application import Application, Destination
from fleet.model.cluster import IN_CLUSTER_NAME, IN_CLUSTER_URL, Cluster
from fleet.model.fleet import Fleet
from fleet.model.override import Override
from fleet.model.plan import Revision, Target, TargetSource
from fleet.model.project import DEFAULT_PROJECT, Project
from fleet.model.source import ChartSource, GitSource, Source
from fleet.plan.layers import about, layers
from fleet.plan.namespace import DEFAULT_NAMESPACE
from fleet.plan.tailoring import tailored


def expand(fleet: Fleet, mirrors: Mapping[str, str]) -> tuple[Target, ...]:
    """Return a Target per application and destination that is not skipped, by cluster, application and namespace.

    mirrors: repository URL → what to fetch instead. A trailing `/` or `.git` makes no difference.
    Raises DeclarationError with everything in the fleet that does not fit together.
    """
    problems = [*_repeated_names(fleet), *_in_clusters(fleet.clusters), *_unknown_projects(fleet)]
    clusters = tuple({cluster.name: cluster for cluster in fleet.clusters}.values())
    targets: list[Target] = []
    for application in fleet.applications:
        for destination in application.targets:
            target = _target(application, destination, clusters, mirrors)
            if isinstance(target, Target):
                targets.append(target)
            else:
                problems += (each.at(application=application.name) for each in target)
    problems = problems or [*_repeated_destinations(targets)]
    if problems:
        raise DeclarationError(*problems)
    return tuple(sorted(targets, key=_place))


def _target(
    application: Application, destination: Destination, clusters: Sequence[Cluster], mirrors: Mapping[str, str]
) -> Target | Sequence[Problem]:
    """Return the target, or what is wrong with it; nothing is wrong where it is skipped."""
    cluster = _find(destination, clusters)
    if isinstance(cluster, Problem):
        return (cluster,)
    overrides = [layer.override for layer in layers(application, destination, cluster)]
    said = [override.skip for override in overrides if override.skip is not None]
    if said and said[-1]:
        return ()
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
    sources = [declared(each, mirrors) for each in application.all_sources]
    problems: list[Problem] = []
    for override in overrides:
        if not speaks_of_source(override):
            continue
        which = about(override, application.all_sources)
        if isinstance(which, str):
            hint = "Name it: source=… in Python, `source: …` in YAML, by the source's name or ref."
            problems.append(Problem("what is different here is about no source", override.where, which, hint))
            continue
        changed = overridden(sources[which], override)
        if isinstance(changed, Problem):
            problems.append(changed)
        else:
            sources[which] = changed
    return tuple(sources), problems


def declared(source: Source, mirrors: Mapping[str, str]) -> TargetSource:
    """Return a source as it is where no override says anything about it."""
    repo = mirrored(source.repo, mirrors)
    match source:
        case GitSource():
            return TargetSource(
                source, Revision(repo, source.revision, source.tag_prefix), source.path or ".", source.tool
            )
        case ChartSource():
            return TargetSource(source, Revision(repo, source.version, chart=source.chart), ".", source.tool)


def overridden(source: TargetSource, override: Override) -> TargetSource | Problem:
    """Return a source with an override on top, or what does not fit."""
    tool = tailored(source.tool, override)
    if isinstance(tool, Problem):
        return tool
    if override.path is not None and isinstance(source.source, ChartSource):
        hint = "Leave the path out; a chart repository has charts and versions only."
        return Problem(f"the chart {source.source.chart} has no path", override.where, hint=hint)
    revision = source.revision
    if override.revision is not None:
        revision = replace(revision, name=override.revision)
    return replace(source, revision=revision, path=source.path if override.path is None else override.path, tool=tool)


def speaks_of_source(override: Override) -> bool:
    """Return whether an override says anything about a source."""
    own = (override.kustomize, override.helm)
    return not (override.revision is None and override.path is None and all(each.is_zero for each in own))


def _last(said: Iterable[str | None]) -> str | None:
    return next((each for each in reversed(tuple(said)) if each is not None), None)


def _together(said: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    return MappingProxyType({key: value for each in said for key, value in each.items()})


def _place(target: Target) -> tuple[str, str, str]:
    return target.cluster.name, target.application.name, target.namespace or DEFAULT_NAMESPACE


def mirrored(repo: str, mirrors: Mapping[str, str]) -> str:
    """Return what to fetch for a repository: the mirror of its URL as written, of an equivalent URL, or itself."""
    if repo in mirrors:
        return mirrors[repo]
    equivalent = {_normalised(url): mirror for url, mirror in sorted(mirrors.items())}
    return equivalent.get(_normalised(repo), repo)


def _normalised(url: str) -> str:
    return url.rstrip("/").removesuffix(".git").rstrip("/")


def _find(destination: Destination, clusters: Sequence[Cluster]) -> Cluster | Problem:
    reference = destination.reference
    found = [cluster for cluster in clusters if cluster.means(reference)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(cluster.name for cluster in found)
        return Problem(
            f"{reference!r} means more than one cluster",
            destination.where,
            detail=f"It means {names}.",
            hint="Use the name of one of them.",
        )
    known = ", ".join(sorted(map(_described, clusters))) or "none"
    return Problem(
        f"no cluster is known as {reference!r}",
        destination.where,
        detail=f"Known clusters: {known}.",
        hint=_advice(reference, clusters),
    )


def _described(cluster: Cluster) -> str:
    urls = [url for url in (cluster.server, *cluster.urls) if url]
    return f"{cluster.name} ({', '.join(urls)})" if urls else cluster.name


def _advice(reference: str, clusters: Iterable[Cluster]) -> str:
    if reference in (IN_CLUSTER_URL, IN_CLUSTER_NAME):
        return (
            "It means the cluster that Argo CD itself runs in. Mark one of yours as that: "
            "in_cluster=True in Python, `inCluster: true` in fleet:clusters."
        )
    if "<" in reference and ">" in reference:
        return (
            "It is a placeholder. Say which cluster it means, in the stack's configuration:\n"
            f"fleet:clusters: {{<cluster>: {{urls: ['{reference}']}}}}\n"
            f"or, where the cluster is declared in Python, with urls=[{reference!r}]."
        )
    names = {name for cluster in clusters for name in (cluster.name, cluster.server, *cluster.urls) if name}
    nearest = difflib.get_close_matches(reference, sorted(names), n=1)
    declare = "Declare the cluster: below `fleet:clusters` in the stack's configuration, or Cluster(...) in Python."
    if names:
        declare = f"Add {reference!r} to the `urls` of the cluster that it means, or declare the cluster."
    return f"Did you mean {nearest[0]!r}?" if nearest else declare


def _repeated_names(fleet: Fleet) -> Iterable[Problem]:
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
