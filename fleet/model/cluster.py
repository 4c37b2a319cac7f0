"""Cluster: one connection that applications can be deployed through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from fleet.model import checks

# What Argo CD calls the cluster that it runs in, by URL and by name.
IN_CLUSTER_URL = "https://kubernetes.default.svc"
IN_CLUSTER_NAME = "in-cluster"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kubernetes cluster that the stack deploys to, by a kubeconfig's context.

    name: part of every URN of the cluster's objects; renaming a cluster means new objects.
    kubeconfig: path of a kubeconfig file, relative to the project; None is what kubectl would use ($KUBECONFIG or
        ~/.kube/config). Only the path is kept in the state, never credentials.
    context: the kubeconfig's context; None is its current context.
    server: the API server's URL by which destinations mean this cluster. It is a name only: the connection is made as
        the kubeconfig says.
    urls: further URLs that mean this cluster, placeholders in files taken from elsewhere included.
    in_cluster: True for the one cluster that `https://kubernetes.default.svc` and the name `in-cluster` mean.
    labels: for selecting clusters.
    project: the Project that the cluster belongs to: all its namespaces are destinations for that one.
    paused: True leaves the cluster as it was last deployed, drift included.
    identifier: what makes it *this* cluster for good, whatever its URL or credentials; None is its name. Only
        a change of it makes Pulumi replace what was deployed there.
    kube_version, api_versions: what charts are told of it, `1.33.1`, and `apps/v1` or `apps/v1/Deployment`; empty is
        what is remembered of it, else what Helm assumes.
    scopes: (group, kind) → whether objects of the kind live in namespaces; of kinds that are neither built in nor
        defined by the stack. What is remembered is added when the stack is read.
    """

    name: str
    kubeconfig: str | None = field(default=None, kw_only=True)
    context: str | None = field(default=None, kw_only=True)
    server: str | None = field(default=None, kw_only=True)
    urls: Sequence[str] = field(default=(), kw_only=True)
    in_cluster: bool = field(default=False, kw_only=True)
    labels: Mapping[str, str] = field(default_factory=dict, kw_only=True, hash=False)
    project: str | None = field(default=None, kw_only=True)
    paused: bool = field(default=False, kw_only=True)
    identifier: str | None = field(default=None, kw_only=True)
    kube_version: str = field(default="", kw_only=True)
    api_versions: Sequence[str] = field(default=(), kw_only=True)
    scopes: Mapping[tuple[str, str], bool] = field(default_factory=dict, kw_only=True, hash=False, repr=False)

    def __post_init__(self) -> None:
        checks.name("Cluster", "name", self.name)
        owner = f"Cluster {self.name!r}"
        for optional in ("kubeconfig", "context", "server", "identifier"):
            checks.text(owner, optional, getattr(self, optional), optional=True)
        if self.project is not None:
            checks.name(owner, "project", self.project)
        for boolean in ("in_cluster", "paused"):
            checks.flag(owner, boolean, getattr(self, boolean))
        checks.kube_version(owner, "kube_version", self.kube_version)
        versions = checks.sequence(owner, "api_versions", self.api_versions, str, "strings")
        object.__setattr__(self, "api_versions", versions)
        object.__setattr__(self, "urls", checks.sequence(owner, "urls", self.urls, str, "URLs"))
        object.__setattr__(self, "labels", checks.labels(owner, "labels", self.labels))
        object.__setattr__(self, "scopes", _scopes(owner, self.scopes))

    def means(self, reference: str) -> bool:
        """Return whether a destination's `server` or `name` means this cluster. Trailing slashes do not count."""
        if reference in (IN_CLUSTER_URL, IN_CLUSTER_NAME) and self.in_cluster:
            return True
        known = {url.rstrip("/") for url in (self.server, *self.urls) if url}
        return reference == self.name or reference.rstrip("/") in known


def _scopes(owner: str, value: object) -> Mapping[tuple[str, str], bool]:
    if isinstance(value, Mapping) and all(_is_scope(*entry) for entry in value.items()):
        return MappingProxyType(dict(value))
    raise checks.fail(owner, "scopes", value, "a mapping of (group, kind) to True or False")


def _is_scope(kind: object, namespaced: object) -> bool:
    is_kind = isinstance(kind, tuple) and len(kind) == 2 and all(isinstance(each, str) for each in kind)
    return is_kind and isinstance(namespaced, bool)
