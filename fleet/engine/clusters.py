"""Clusters: what a run knows of each cluster, and the connection to it. One cluster's trouble stays its own.

A provider resource of the program is a connection; two providers with one `clusterIdentifier` are one cluster, so
that an object can move between them and stay. Where there are none, it stays when their kubeconfigs name the same
server. Connections are opened when something has to be done in the cluster, never before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from fleet.engine import urn as urns
from fleet.engine import values
from fleet.engine.events import ClusterFailed, Event, Message, Severity
from fleet.engine.kubernetes.errors import ClusterUnavailableError, ObjectFailedError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.kubeconfig import read_context
from fleet.engine.kubernetes.provider import Provider
from fleet.engine.kubernetes.transport import IN_FLIGHT
from fleet.engine.needs import Needs
from fleet.engine.state import PROVIDER_PREFIX, Resource
from fleet.engine.unsupported import unsupported
from fleet.errors import FleetError, Problem, StateError

KUBERNETES = f"{PROVIDER_PREFIX}kubernetes"


class Cluster:
    """One cluster during a run: its connection and its fate."""

    def __init__(self, name: str, provider: Provider, emit: Callable[[Event], None]) -> None:
        self.name = name
        self.provider = provider
        self._emit = emit
        self._warned: set[str] = set()
        self.needs = Needs()
        self._ready: asyncio.Task[None] | None = None
        self.failure: Problem | None = None
        self.has_failed_objects = False

    def fail(self, problem: Problem) -> None:
        """Give the cluster up for this run. Said once, however many objects find out."""
        if self.failure is None:
            self.failure = problem
            self._emit(ClusterFailed(self.name, problem))

    def warn(self, text: str, cause: str) -> None:
        """Say something about the cluster once, however many objects give cause for it."""
        if text not in self._warned:
            self._warned.add(text)
            self._emit(Message(f"{text}: {cause}", Severity.WARNING, cluster=self.name))

    async def ready(self) -> None:
        """Wait until the cluster may be written to. Asked once, before the first write.

        Raises ClusterUnavailableError when it cannot be reached, lacks what is needed of it, or cannot say so.
        """
        if self._ready is None:
            self._ready = asyncio.ensure_future(self._check())
        await asyncio.shield(self._ready)

    async def _check(self) -> None:
        try:
            missing = await self.needs.missing(self.provider)
        except ObjectFailedError as error:
            # What keeps us from knowing keeps us from writing anything there.
            raise ClusterUnavailableError(error.problem) from error
        if missing is not None:
            raise ClusterUnavailableError(missing)


class Connection:
    """What a provider resource stands for: a cluster, and how the provider's objects are treated there."""

    def __init__(self, cluster: Cluster, settings: ProviderInputs) -> None:
        self.cluster = cluster
        self._settings = settings

    @property
    def adopt(self) -> bool:
        """Whether objects that exist already are taken over."""
        return self._settings.upsert

    @cached_property
    def namespace(self) -> str:
        """The namespace of objects that name none. Raises ClusterUnavailableError where the kubeconfig is no good."""
        return read_context(self._settings).namespace

    def reaches(self, other: Connection) -> bool:
        """Return whether both lead to one cluster: the same by `clusterIdentifier`, or by what their kubeconfigs say.

        Pulumi's provider decides by the same (pulumi-kubernetes, provider/pkg/provider/provider.go: DiffConfig).
        """
        if self.cluster is other.cluster:
            return True
        try:
            return bool(_server(self._settings) == _server(other._settings))
        except ClusterUnavailableError:
            return False


class Clusters:
    """The clusters of a run, by the references (`<urn>::<id>`) of the provider resources that lead to them.

    Closes what it opened. in_flight: requests under way at once to each; None for as many as is usual.
    """

    def __init__(
        self,
        project_dir: Path,
        emit: Callable[[Event], None],
        known: Iterable[Resource] = (),
        in_flight: int | None = None,
    ) -> None:
        self._project_dir = project_dir
        self._in_flight = in_flight or IN_FLIGHT
        self._emit = emit
        self._known = {each.reference: each for each in known if each.type == KUBERNETES}
        self._connections: dict[str, Connection] = {}
        self._clusters: dict[str, Cluster] = {}

    async def __aenter__(self) -> Clusters:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(cluster.provider.close() for cluster in self._clusters.values()))

    def add(self, reference: str, inputs: Mapping[str, Any]) -> Connection:
        """Return the connection of a provider resource. Raises UnsupportedError for settings it cannot follow."""
        plain = values.reveal(inputs)
        name = urns.parse(reference.rpartition("::")[0]).name
        settings = ProviderInputs.from_pulumi(name, plain, base_dir=self._project_dir)
        identity = identifier(reference, plain)
        cluster = self._clusters.get(identity)
        if cluster is None:
            # Which objects are taken over is each provider resource's own affair, on a connection that they share.
            provider = Provider(replace(settings, upsert=False), warn=self._warning(name), in_flight=self._in_flight)
            cluster = Cluster(name, provider, self._emit)
            self._clusters[identity] = cluster
        connection = Connection(cluster, settings)
        self._connections[reference] = connection
        return connection

    def replaces(self, urn: str, inputs: Mapping[str, Any], old: Resource) -> bool:
        """Return whether a provider with these inputs leads to another cluster than the one that it was."""
        before, after = (values.reveal(each).get("clusterIdentifier") for each in (old.inputs, inputs))
        if before and after:
            return bool(before != after)
        try:
            was, is_now = (self._server(urn, each) for each in (old.inputs, inputs))
        except FleetError:
            return False
        return bool(was != is_now)

    def _server(self, urn: str, inputs: Mapping[str, Any]) -> Any:
        return _server(ProviderInputs.from_pulumi(urn, values.reveal(inputs), base_dir=self._project_dir))

    def renamed(self, former: str, reference: str) -> None:
        """Note that a provider of the state goes by another reference now."""
        self._connections[former] = self._connections[reference]

    def add_all(self) -> None:
        """Add every cluster that the state knows, in the state's order: the first provider names its cluster."""
        for reference, resource in self._known.items():
            self.add(reference, resource.inputs)

    def _warning(self, name: str) -> Callable[[str], None]:
        return lambda text: self._emit(Message(text, Severity.WARNING, cluster=name))

    def of(self, reference: str, resource: str) -> Connection:
        """Return the connection that a `provider` option (`<urn>::<id>`) means. resource: who asks, for the message."""
        if not reference:
            raise unsupported(
                f"{resource} has no explicit provider",
                detail="The embedded engine never deploys to whatever cluster a kubeconfig happens to point at.",
                hint="Pass `provider=` (or `providers=` to its component), a pulumi_kubernetes.Provider.",
            )
        connection = self._connections.get(reference)
        if connection is None:
            raise StateError(f"{resource} refers to a provider that is not registered: {reference}")
        return connection

    def of_state(self, resource: Resource) -> Connection | None:
        """Return the connection of an object in the state, as the state says where the program did not.

        None where the state holds no provider for it.
        """
        connection = self._connections.get(resource.provider)
        if connection is not None:
            return connection
        provider = self._known.get(resource.provider)
        return None if provider is None else self.add(resource.provider, provider.inputs)

    def named(self, name: str) -> Cluster | None:
        """Return the cluster whose first provider has this name; None when there is none."""
        return next((cluster for cluster in self._clusters.values() if cluster.name == name), None)

    def all(self) -> tuple[Cluster, ...]:
        """Return every cluster, in the order in which they were met."""
        return tuple(self._clusters.values())


def _server(settings: ProviderInputs) -> Any:
    """Return the cluster of a kubeconfig that the settings choose: its URL and what is trusted there."""
    return read_context(settings).cluster.value.get("cluster")


def identifier(reference: str, inputs: Mapping[str, Any]) -> str:
    """Return what makes two providers one cluster: `clusterIdentifier`, else the provider itself."""
    given = values.reveal(inputs.get("clusterIdentifier"))
    return str(given) if given else reference
