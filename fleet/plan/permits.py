"""Permits: one project's rules, compiled, and the questions they answer.

Every answer is the rule that refuses, in words; an empty one permits. The rules are those of Argo CD 3.6,
pkg/apis/application/v1alpha1/app_project_types.go: IsSourcePermitted, IsDestinationPermitted, isDestinationMatched,
IsGroupKindNamePermitted. Where they are stricter here it is said; they are nowhere more permissive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from fleet.frozen import dataclass
from fleet.model.cluster import IN_CLUSTER_NAME, IN_CLUSTER_URL, Cluster
from fleet.model.glob import compile_glob, compile_name_glob
from fleet.model.masking import mask
from fleet.model.project import DENY, GroupKind, Project, ProjectDestination

_SSH_URL: Final = re.compile(r"(ssh://)?([^/:]*?)@[^@]+")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A glob, perhaps with `!` before it."""

    text: str
    glob: Callable[[str], bool]

    @property
    def denies(self) -> bool:
        return self.text.startswith(DENY)

    def matches(self, *values: str) -> bool:
        """Return whether any of the names of one thing matches; behind a `!`, whether none does."""
        if self.text == "*":
            return True
        return any(map(self.glob, values)) is not self.denies


@dataclass(frozen=True, slots=True)
class _Destination:
    written: ProjectDestination
    server: _Pattern
    name: _Pattern
    namespace: _Pattern


@dataclass(frozen=True, slots=True)
class _Kind:
    written: GroupKind
    group: Callable[[str], bool]
    kind: Callable[[str], bool]
    name: Callable[[str], bool]

    def matches(self, group: str, kind: str, name: str) -> bool:
        return self.kind(kind) and self.group(group) and (not self.written.name or self.name(name))


@dataclass(frozen=True, slots=True)
class Permits:
    """A project's rules. `project` is as effective: with what it inherits."""

    project: Project
    repositories: tuple[_Pattern, ...]
    destinations: tuple[_Destination, ...]
    kinds: dict[str, tuple[_Kind, ...]]

    def refuse_source(self, repo: str) -> str:
        """Return why the repository is not permitted.

        repo: as the application writes it. As in Argo CD, a `!` entry by itself permits all that it does not deny.
        """
        url = normalised(repo)
        permitted = False
        for pattern in self.repositories:
            if pattern.matches(url):
                permitted = True
            elif pattern.denies:
                return f"{pattern.text!r} in sourceRepos denies it."
        return "" if permitted else _none_of("sourceRepos", (pattern.text for pattern in self.repositories))

    def refuse_destination(self, cluster: Cluster, namespace: str) -> str:
        """Return why the namespace of the cluster is not permitted.

        A cluster is all of its URLs and names: any may match, and none may be denied. A cluster without a URL matches
        the server `*` only, and every server that is denied: it could be that one. Argo CD lets `!` before a namespace
        deny for entries with a server only; here one with a name denies as well.
        """
        refused = self._refuse_destination(cluster, namespace)
        if refused or not self.project.permit_only_project_scoped_clusters or cluster.project == self.project.name:
            return refused
        return f"permitOnlyProjectScopedClusters is set, and the cluster's project is {cluster.project or 'none'}."

    def _refuse_destination(self, cluster: Cluster, namespace: str) -> str:
        names, servers = _names(cluster), _servers(cluster)
        permitted = False
        for each in self.destinations:
            by_name = each.name.matches(*names)
            by_server = each.server.matches(*servers) if servers else each.server.text == "*"
            in_namespace = each.namespace.matches(namespace)
            if (by_server or by_name) and in_namespace:
                permitted = True
            elif (
                (not by_name and each.name.denies)
                or (not by_server and each.server.denies and in_namespace)
                or (not in_namespace and each.namespace.denies and (by_server or by_name))
            ):
                return f"{_described(each.written)} in destinations denies it."
        return "" if permitted else _none_of("destinations", (_described(each.written) for each in self.destinations))

    def refuse_kind(self, group: str, kind: str, name: str, *, namespaced: bool) -> str:
        """Return why objects of the kind, with that name, are not permitted."""
        scope = "namespace" if namespaced else "cluster"
        whitelist, blacklist = f"{scope}ResourceWhitelist", f"{scope}ResourceBlacklist"
        for each in self.kinds[blacklist]:
            if each.matches(group, kind, name):
                return f"'{each.written}' in {blacklist} denies it."
        if namespaced and self.project.namespace_resource_whitelist is None:
            return ""
        if any(each.matches(group, kind, name) for each in self.kinds[whitelist]):
            return ""
        return _none_of(whitelist, (f"'{each.written}'" for each in self.kinds[whitelist]))


def permits(project: Project) -> Permits:
    """Return the rules of a project, compiled."""
    return Permits(
        project,
        tuple(_repository(pattern) for pattern in project.source_repos),
        tuple(_destination(each) for each in project.destinations),
        {
            "clusterResourceWhitelist": _kinds(project.cluster_resource_whitelist),
            "clusterResourceBlacklist": _kinds(project.cluster_resource_blacklist),
            "namespaceResourceWhitelist": _kinds(project.namespace_resource_whitelist or ()),
            "namespaceResourceBlacklist": _kinds(project.namespace_resource_blacklist),
        },
    )


def normalised(url: str) -> str:
    """Return a repository's URL for comparison: lower case, `git@host:path` as `git@host/path`, without `.git`.

    Source: Argo CD, util/git/git.go: NormalizeGitURL. That one makes nothing of a URL that cannot be parsed, so that
    all of those are the same to it; here each stays itself.
    """
    url = url.strip().lower()
    if _SSH_URL.fullmatch(url) and not url.startswith("ssh://"):
        url = url.replace(":", "/", 1)
    return url.removesuffix(".git").removeprefix("ssh://")


def _repository(text: str) -> _Pattern:
    text = text.strip()
    prefix = DENY if text.startswith(DENY) else ""
    return _Pattern(text, compile_glob(normalised(text.removeprefix(prefix)), "/"))


def _pattern(text: str) -> _Pattern:
    return _Pattern(text, compile_glob(text.removeprefix(DENY)))


def _destination(written: ProjectDestination) -> _Destination:
    server = _pattern(written.server.rstrip("/"))
    return _Destination(written, server, _pattern(written.name), _pattern(written.namespace))


def _kinds(written: Iterable[GroupKind]) -> tuple[_Kind, ...]:
    return tuple(
        _Kind(each, compile_name_glob(each.group), compile_name_glob(each.kind), compile_name_glob(each.name))
        for each in written
    )


def _names(cluster: Cluster) -> Sequence[str]:
    return (cluster.name, IN_CLUSTER_NAME) if cluster.in_cluster else (cluster.name,)


def _servers(cluster: Cluster) -> Sequence[str]:
    known = (cluster.server, *cluster.urls, IN_CLUSTER_URL if cluster.in_cluster else None)
    return tuple(url.rstrip("/") for url in known if url)


def _described(written: ProjectDestination) -> str:
    parts = (("server", written.server), ("name", written.name), ("namespace", written.namespace))
    return "{" + ", ".join(f"{key}: {value!r}" for key, value in parts if value) + "}"


def _none_of(field: str, entries: Iterable[str]) -> str:
    given = list(entries)
    return f"{field} permits only {mask(', '.join(given))}." if given else f"{field} is empty, which permits nothing."
