"""Clusters: what a run knows of each cluster, and the connection to it. One cluster's trouble stays its own.

A provider resource of the program is a connection; two providers with one `clusterIdentifier` are one cluster, so
that an object can move between them and stay. Connections are opened when something has to be done in the cluster,
never before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fleet.engine import urn as urns
from fleet.engine import values
from fleet.engine.events import ClusterFailed, Event, Message, Severity
from fleet.engine.kubernetes.errors import ClusterUnavailableError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.provider import Provider
from fleet.engine.state import PROVIDER_PREFIX, Resource
from fleet.errors import Problem, StateError, UnsupportedError

KUBERNETES = f"{PROVIDER_PREFIX}kubernetes"


class Cluster:
    """One cluster during a run: its connection and its fate."""

    def __init__(self, name: str, provider: Provider, emit: Callable[[Event], None]) -> None:
        self.name = name
        self.provider = provider
        self._emit = emit
        self._required: dict[str, set[str]] = {}
        self._provided: set[str] = set()
        self._ready: asyncio.Task[None] | None = None
        self.failure: Problem | None = None
        self.has_failed_objects = False

    def fail(self, problem: Problem) -> None:
        """Give the cluster up for this run. Said once, however many objects find out."""
        if self.failure is None:
            self.failure = problem
            self._emit(ClusterFailed(self.name, problem))

    def require(self, namespaces: tuple[str, ...], application: str) -> None:
        """Note namespaces that must be there before anything is written."""
        for namespace in namespaces:
            self._required.setdefault(namespace, set()).add(application)

    def provide(self, namespace: str) -> None:
        """Note a namespace that the program itself registers."""
        self._provided.add(namespace)

    async def ready(self) -> None:
        """Wait until the cluster may be written to. Asked once, before the first write.

        Raises ClusterUnavailableError when it cannot be reached or a required namespace is missing.
        """
        if self._ready is None:
            self._ready = asyncio.ensure_future(self._check())
        await asyncio.shield(self._ready)

    async def _check(self) -> None:
        wanted = sorted(self._required.keys() - self._provided)
        missing = sorted(await self.provider.namespaces_missing(wanted)) if wanted else []
        if missing:
            raise ClusterUnavailableError(self._missing(missing))

    def _missing(self, namespaces: list[str]) -> Problem:
        users = [f"{each}: wanted by {', '.join(sorted(self._required[each]))}" for each in namespaces]
        return Problem(
            "Namespaces do not exist; nothing was written to this cluster",
            detail="\n".join(users),
            hint="Create them, add them to Git, or let them be created: `create_namespace=True` in the DSL, "
            "`CreateNamespace=true` among the syncOptions of Argo CD YAML.",
        )


@dataclass(frozen=True, slots=True)
class Connection:
    """What a provider resource stands for. adopt: existing objects are taken over. namespace: None for no default."""

    cluster: Cluster
    adopt: bool
    namespace: str | None


class Clusters:
    """The clusters of a run, by the URN of the provider resources that lead to them. Closes what it opened."""

    def __init__(self, project_dir: Path, emit: Callable[[Event], None]) -> None:
        self._project_dir = project_dir
        self._emit = emit
        self._connections: dict[str, Connection] = {}
        self._clusters: dict[str, Cluster] = {}

    async def __aenter__(self) -> Clusters:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(cluster.provider.close() for cluster in self._clusters.values()))

    def add(self, urn: str, inputs: Mapping[str, Any]) -> Cluster:
        """Return the cluster of a provider resource. Raises UnsupportedError for settings it cannot follow."""
        plain = values.reveal(inputs)
        name = urns.parse(urn).name
        settings = ProviderInputs.from_pulumi(name, plain, base_dir=self._project_dir)
        identity = identifier(urn, plain)
        cluster = self._clusters.get(identity)
        if cluster is None:
            # Which objects are taken over is each provider resource's own affair, on a connection that they share.
            provider = Provider(replace(settings, upsert=False), warn=self._warning(name))
            cluster = Cluster(name, provider, self._emit)
            self._clusters[identity] = cluster
        self._connections[urn] = Connection(cluster, settings.upsert, settings.namespace)
        return cluster

    def _warning(self, name: str) -> Callable[[str], None]:
        return lambda text: self._emit(Message(text, Severity.WARNING, cluster=name))

    def of(self, reference: str, resource: str) -> Connection:
        """Return the connection that a `provider` option (`<urn>::<id>`) means. resource: who asks, for the message."""
        if not reference:
            raise UnsupportedError(
                Problem(
                    f"{resource} has no explicit provider",
                    detail="The embedded engine never deploys to whatever cluster a kubeconfig happens to point at.",
                    hint="Pass `provider=` (or `providers=` to its component), a pulumi_kubernetes.Provider.",
                )
            )
        connection = self._connections.get(reference.rpartition("::")[0])
        if connection is None:
            raise StateError(f"{resource} refers to a provider that is not registered: {reference}")
        return connection

    def of_state(self, resource: Resource, state: Mapping[str, Resource]) -> Cluster | None:
        """Return the cluster of an object in the state, connecting as the state says where the program did not.

        None where the state holds no provider for it.
        """
        known = self._connections.get(resource.provider_urn)
        if known is not None:
            return known.cluster
        provider = state.get(resource.provider_urn)
        return None if provider is None else self.add(provider.urn, provider.inputs)

    def named(self, name: str) -> Cluster | None:
        """Return the cluster whose first provider has this name; None when there is none."""
        return next((cluster for cluster in self._clusters.values() if cluster.name == name), None)

    def all(self) -> tuple[Cluster, ...]:
        """Return every cluster, in the order in which they were met."""
        return tuple(self._clusters.values())


def identifier(urn: str, inputs: Mapping[str, Any]) -> str:
    """Return what makes two providers one cluster: `clusterIdentifier`, else the provider itself."""
    given = values.reveal(inputs.get("clusterIdentifier"))
    return str(given) if given else urn
