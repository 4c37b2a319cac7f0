"""Registration: the plans of all clusters, to the engine. The last step of the program.

First every provider and every application of every cluster, then the objects: from the applications an engine reads
what a cluster must have before the first write. All clusters go on side by side; a slow one holds up no other.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.rpc import UNKNOWN
from pulumi.runtime.settings import get_root_resource

from fleet.frozen import dataclass
from fleet.model.plan import ClusterPlan, PlannedApplication, PlannedBarrier, PlannedObject
from fleet.register.applications import application_request, ended
from fleet.register.outputs import DEPLOYED, arrived, deployed, read_deployed
from fleet.register.providers import register_provider
from fleet.register.requests import barrier_request, request_of
from fleet.register.sending import Sender, sender

# Objects of a cluster that are registered and not answered yet. More would only take memory: engines carry out fewer.
_WINDOW = 64
# The same for those that are to become ready: mostly nobody is at work on them.
_WAITING_WINDOW = 1_000


@dataclass(frozen=True, slots=True)
class _Cluster:
    """What a cluster's objects are deployed through. adopter: for those that may be there already; None where none may.

    objects: application → what it has there.
    """

    plan: ClusterPlan
    provider: pulumi.ProviderResource
    adopter: pulumi.ProviderResource | None
    objects: Mapping[str, Sequence[PlannedObject]]


@dataclass(frozen=True, slots=True)
class _Anchors:
    """What a cluster's objects hang on: `<urn>::<id>` of the providers, application → URN of its component."""

    provider: str
    adopter: str
    applications: Mapping[str, str]


async def register(plans: Sequence[ClusterPlan], profiles: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Register everything and return the stack's outputs.

    profiles: cluster → the arguments of its provider.
    """
    clusters = [_open(plan, profiles[plan.cluster.name]) for plan in plans]
    async with sender() as send:
        stack = await _stack()
        anchors = await asyncio.gather(*(_anchored(cluster, stack, send) for cluster in clusters))
        failed = await asyncio.gather(
            *(_bring_about(cluster, each, send) for cluster, each in zip(clusters, anchors, strict=True))
        )
    failures = {(name, plan.cluster.name) for plan, names in zip(plans, failed, strict=True) for name in names}
    if failures and not pulumi.runtime.is_dry_run():
        return {DEPLOYED: arrived(deployed(plans), await read_deployed(), failures)}
    return {DEPLOYED: deployed(plans)}


async def _stack() -> str:
    """Return the stack's URN, which is what everything without another parent hangs on."""
    root = get_root_resource()
    return "" if root is None else str(await root.urn.future())


def _open(plan: ClusterPlan, profile: Mapping[str, Any]) -> _Cluster:
    name = plan.cluster.name
    provider = register_provider(name, profile, adopt=False)
    adopts = any(planned.adopt for planned in plan.objects)
    # The second comes after the first, so that to an engine, too, the cluster has the first one's name.
    adopter = register_provider(f"{name}-adopt", profile, adopt=True, after=provider) if adopts else None
    objects: dict[str, list[PlannedObject]] = defaultdict(list)
    for planned in plan.objects:
        objects[planned.application].append(planned)
    return _Cluster(plan, provider, adopter, objects)


async def _anchored(cluster: _Cluster, stack: str, send: Sender) -> _Anchors:
    """Register a cluster's applications."""
    provider = await _reference(cluster.provider)
    window = asyncio.Semaphore(_WINDOW)

    async def register(planned: PlannedApplication) -> tuple[str, str]:
        name = planned.application.name
        objects, paused = cluster.objects.get(name, ()), cluster.plan.cluster.paused
        request = application_request(planned, objects, parent=stack, provider=provider, paused=paused)
        async with window:
            return name, str((await send.register(request)).urn)

    registered = await asyncio.gather(*map(register, cluster.plan.applications))
    adopter = "" if cluster.adopter is None else await _reference(cluster.adopter)
    return _Anchors(provider, adopter, dict(registered))


async def _reference(provider: pulumi.ProviderResource) -> str:
    urn, id_ = await asyncio.gather(provider.urn.future(), provider.id.future())
    # In a preview a provider that is not there yet has no id; the engine takes this for it (Pulumi's rpc.UNKNOWN).
    return f"{urn}::{id_ or UNKNOWN}"


async def _bring_about(cluster: _Cluster, anchors: _Anchors, send: Sender) -> frozenset[str]:
    """Register a cluster's objects, and return the applications of those that failed."""
    failed = await _register_objects(cluster.plan, anchors, send)
    # An engine that sees this knows what the applications want in the cluster, while others are still at work.
    await asyncio.gather(*(send.register_outputs(ended(urn)) for urn in anchors.applications.values()))
    return failed


async def _register_objects(plan: ClusterPlan, anchors: _Anchors, send: Sender) -> frozenset[str]:
    """Register a cluster's objects in order, and return the applications of those that failed.

    An object whose registration the engine refuses ends the program.
    """
    objects = _Objects(plan, anchors, send)
    try:
        async with asyncio.TaskGroup() as group:
            for planned in plan.objects:
                await objects.begin(planned, group)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return frozenset(objects.failed)


class _Objects:
    """A cluster's objects on their way. Owns their URNs and those of barriers, which are known when the engine answers.

    failed: the applications of objects that failed so far.
    """

    def __init__(self, plan: ClusterPlan, anchors: _Anchors, send: Sender) -> None:
        self.failed: set[str] = set()
        self._send = send
        self._plan = plan
        self._anchors = anchors
        self._urns: list[asyncio.Future[str]] = []
        self._barriers: dict[int, asyncio.Future[str]] = {}
        self._windows = {True: asyncio.Semaphore(_WAITING_WINDOW), False: asyncio.Semaphore(_WINDOW)}

    async def begin(self, planned: PlannedObject, group: asyncio.TaskGroup) -> None:
        """Begin to register the next object; return when there is room for one that waits for no other."""
        if planned.barrier is not None and planned.barrier not in self._barriers:
            barrier = self._plan.barriers[planned.barrier]
            self._barriers[planned.barrier] = group.create_task(self._raise(barrier))
        # What waits for others, a hook that takes minutes perhaps, holds up nothing that does not.
        waits = not all(each.done() for each in self._needed(planned))
        if not waits:
            await self._windows[planned.waits].acquire()
        self._urns.append(asyncio.get_running_loop().create_future())
        group.create_task(self._register(planned, self._urns[-1], waits=waits))

    def _needed(self, planned: PlannedObject) -> list[asyncio.Future[str]]:
        """Return what an object depends on. That comes before it, so somebody is at work on all of it."""
        barriers = [] if planned.barrier is None else [self._barriers[planned.barrier]]
        return [*(self._urns[position] for position in planned.depends_on), *barriers]

    async def _raise(self, barrier: PlannedBarrier) -> str:
        dependencies = [await self._urns[position] for position in barrier.depends_on]
        parent = self._anchors.applications[barrier.application]
        response = await self._send.register(barrier_request(barrier, parent=parent, dependencies=dependencies))
        # If something before it has failed, so has it, and the engine leaves alone what is behind it.
        return str(response.urn)

    async def _register(self, planned: PlannedObject, urn: asyncio.Future[str], *, waits: bool) -> None:
        request = _request(planned, self._anchors, [await each for each in self._needed(planned)])
        window = self._windows[planned.waits]
        if waits:
            await window.acquire()
        response = await self._send.register(request)
        if response.result != resource_pb2.SUCCESS:
            self.failed.add(planned.application)
        # An object that failed has a URN all the same: the engine knows what to do with those that depend on it.
        urn.set_result(response.urn)
        window.release()


def _request(
    planned: PlannedObject, anchors: _Anchors, dependencies: Sequence[str]
) -> resource_pb2.RegisterResourceRequest:
    return request_of(
        planned,
        parent=anchors.applications[planned.application],
        provider=anchors.adopter if planned.adopt else anchors.provider,
        dependencies=dependencies,
    )
