"""Policy: what projects do not permit, as problems; every one of every application.

In: targets and what they want to deploy. Out: a Problem per application and repository, per destination, and per object
that the application's project does not permit. Source of the rules: `fleet.plan.permits`; of what is asked when: Argo
CD 3.6, util/argo/argo.go (ValidatePermissions, GetAppProjectByName, GetAppVirtualProject) and controller/sync.go
(validateSyncPermissions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from fleet.errors import Problem
from fleet.model.application import Application
from fleet.model.cluster import Cluster
from fleet.model.masking import mask
from fleet.model.plan import Target
from fleet.model.project import DEFAULT_PROJECT, GroupKind, Project, ProjectDestination
from fleet.model.scope import is_namespaced
from fleet.model.selector import parse_selector
from fleet.plan.namespace import DEFAULT_NAMESPACE
from fleet.plan.permits import Permits, permits
from fleet.plan.sources import place_of
from fleet.plan.wanted import Wanted

# Project → its rules. Every application's project is there: `expand` has seen to it.
Policies = Mapping[str, Permits]

# What Argo CD makes when it starts, unless it is there (server/server.go: initializeDefaultProject).
PERMISSIVE = Project(
    DEFAULT_PROJECT,
    source_repos=("*",),
    destinations=(ProjectDestination(server="*", namespace="*"),),
    cluster_resource_whitelist=(GroupKind("*", group="*"),),
)


def policies(projects: Iterable[Project] = (), clusters: Iterable[Cluster] = ()) -> Policies:
    """Return the rules of each project, inherited ones and those of the project's own clusters among them."""
    declared = {PERMISSIVE.name: PERMISSIVE} | {project.name: project for project in projects}
    own = tuple(clusters)
    return MappingProxyType(
        {name: permits(_inheriting(_with_clusters(each, own), declared.values())) for name, each in declared.items()}
    )


def _with_clusters(project: Project, clusters: Iterable[Cluster]) -> Project:
    """Permit all namespaces of the project's own clusters."""
    own = (
        ProjectDestination(name=cluster.name, namespace="*") for cluster in clusters if cluster.project == project.name
    )
    return replace(project, destinations=(*project.destinations, *own))


def _inheriting(project: Project, all_projects: Iterable[Project]) -> Project:
    """Append the lists of each project that is global for this one; what those inherit themselves is not passed on."""
    for each in all_projects:
        if each.name == project.name or each.global_for is None:
            continue
        if parse_selector(each.global_for).matches(project.labels):
            project = _merged(project, each)
    return project


def _merged(project: Project, inherited: Project) -> Project:
    own, others = project.namespace_resource_whitelist, inherited.namespace_resource_whitelist
    return replace(
        project,
        source_repos=(*project.source_repos, *inherited.source_repos),
        destinations=(*project.destinations, *inherited.destinations),
        cluster_resource_whitelist=(*project.cluster_resource_whitelist, *inherited.cluster_resource_whitelist),
        cluster_resource_blacklist=(*project.cluster_resource_blacklist, *inherited.cluster_resource_blacklist),
        # Go's append(nil, nothing...) is nil, which permits all.
        namespace_resource_whitelist=None if own is None and not others else (*(own or ()), *(others or ())),
        namespace_resource_blacklist=(*project.namespace_resource_blacklist, *inherited.namespace_resource_blacklist),
    )


def refused_sources(targets: Iterable[Target], rules: Policies) -> dict[str, tuple[Problem, ...]]:
    """Return application → what is wrong with its repositories, as the application writes them, before mirrors."""
    applications = {target.application.name: target.application for target in targets}
    refused = {name: tuple(_repositories(each, rules[each.project])) for name, each in applications.items()}
    return {name: problems for name, problems in refused.items() if problems}


def _repositories(application: Application, rules: Permits) -> Iterable[Problem]:
    first = {source.repo: source for source in reversed(application.all_sources)}
    for repo, source in first.items():
        why = rules.refuse_source(repo)
        if why:
            yield Problem(
                f"repository {mask(repo)} is not permitted in project {application.project!r}",
                place_of(source, application),
                mask(why),
                "Add it to the project's sourceRepos (source_repos in Python), or use a repository that is permitted.",
            ).at(application=application.name)


def refused_destinations(targets: Iterable[Target], rules: Policies) -> tuple[Problem, ...]:
    """Return a problem for each destination that is not permitted. One that names no namespace is `default`."""
    checked = ((target, _refused(target, target.namespace or DEFAULT_NAMESPACE, rules)) for target in targets)
    return tuple(_destination(target, why) for target, why in checked if why)


def _refused(target: Target, namespace: str, rules: Policies) -> str:
    return rules[target.application.project].refuse_destination(target.cluster, namespace)


def _destination(target: Target, why: str) -> Problem:
    namespace, project = target.namespace or DEFAULT_NAMESPACE, target.application.project
    return Problem(
        f"namespace {namespace!r} of this cluster is not permitted in project {project!r}",
        target.destination.where,
        mask(why),
        _ADD_DESTINATION.format(cluster=target.cluster.name, namespace=namespace),
    ).at(application=target.application.name, cluster=target.cluster.name)


_ADD_DESTINATION = (
    "Add {{name: {cluster}, namespace: {namespace}}} to the project's destinations, or deploy to one that is permitted."
)


def refused_objects(
    wanted: Iterable[Wanted], rules: Policies, scopes: Mapping[tuple[str, str], bool]
) -> Iterable[Problem]:
    """Yield a problem for each object of a kind, or in a namespace, that is not permitted.

    wanted: with their namespaces settled. scopes: (group, kind) → namespaced, of custom kinds. A namespace that the
    destination names is a matter of `refused_destinations`.
    """
    for each in wanted:
        why = _kind(each, rules, scopes)
        if why:
            hint = _DENIED if why.endswith(_DENIES) else _hint(each, scopes)
            yield _object(each, f"{each.key} is not permitted", why, hint)
        namespace, target = each.manifest.namespace, each.target
        if not namespace or namespace == (target.namespace or DEFAULT_NAMESPACE):
            continue
        why = _refused(target, namespace, rules)
        if why:
            hint = _ADD_DESTINATION.format(cluster=target.cluster.name, namespace=namespace)
            yield _object(each, f"namespace {namespace!r} of {each.key} is not permitted", why, hint)


_DENIES = "denies it."
_DENIED = "Leave the object out, or take what denies it out of the project."


def _kind(wanted: Wanted, rules: Policies, scopes: Mapping[tuple[str, str], bool]) -> str:
    """Return why the kind is not permitted. Where nobody knows its scope it must be permitted either way."""
    manifest, project = wanted.manifest, rules[wanted.target.application.project]
    known = is_namespaced(manifest.group, manifest.kind, scopes)
    refusals = (
        project.refuse_kind(manifest.group, manifest.kind, manifest.name, namespaced=namespaced)
        for namespaced in ((True, False) if known is None else (known,))
    )
    return next(filter(None, refusals), "")


def _hint(wanted: Wanted, scopes: Mapping[tuple[str, str], bool]) -> str:
    manifest = wanted.manifest
    entry = f"{{group: {manifest.group or repr('')}, kind: {manifest.kind}}}"
    known = is_namespaced(manifest.group, manifest.kind, scopes)
    if known is None:
        return (
            f"Only the cluster knows whether {manifest.kind} is cluster-scoped, so it must be permitted either way: "
            f"add {entry} to clusterResourceWhitelist, or the kind's CustomResourceDefinition to an application, "
            "or have `fleet clusters discover` ask the cluster."
        )
    field = "namespaceResourceWhitelist" if known else "clusterResourceWhitelist"
    if wanted.generated:
        return f"Add {entry} to the project's {field}, or turn off create_namespace (CreateNamespace=true in YAML)."
    return f"Permit {entry} in the project's {field}, or leave the object out."


def _object(wanted: Wanted, summary: str, why: str, hint: str) -> Problem:
    target, where = wanted.target, wanted.manifest.where
    place = f"{where.file}:{where.line}" if where.line else where.file or where.key
    origin = f"It is made by {place}." if wanted.generated else f"It is in {place} of {_repos(target)}."
    return Problem(
        f"{summary} in project {target.application.project!r}", target.application.where, f"{mask(why)}\n{origin}", hint
    ).at(application=target.application.name, cluster=target.cluster.name)


def _repos(target: Target) -> str:
    return " or ".join(mask(source.revision.repo) for source in target.rendering)
