"""Registration: the plans of all clusters, to the engine. The last step of the program.

First every provider and every application of every cluster, then the objects: from the applications an engine reads
what a cluster must have before the first write. All clusters go on side by side; a slow one holds up no other.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.rpc import UNKNOWN

from fleet.model.plan import ClusterPlan, PlannedObject
from fleet.register.outputs import DEPLOYED, deployed
from fleet.register.providers import register_provider
from fleet.register.requests import request_of
from fleet.register.resources import ApplicationResource
from fleet.register.sending import send

# Objects of a cluster that are registered and not answered yet. More would only take memory: engines carry out fewer.
_WINDOW = 64


@dataclass(frozen=True, slots=True)
class _Cluster:
    """What a cluster's objects hang on. adopter: for objects that may be there already; None where none may."""

    plan: ClusterPlan
    provider: pulumi.ProviderResource
    adopter: pulumi.ProviderResource | None
    applications: Mapping[str, ApplicationResource]


@dataclass(frozen=True, slots=True)
class _Anchors:
    """The same once it is registered: `<urn>::<id>` of the providers, application → URN of its component."""

    provider: str
    adopter: str
    applications: Mapping[str, str]


async def register(plans: Sequence[ClusterPlan], profiles: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Register everything and return the stack's outputs.

    profiles: cluster → the arguments of its provider.
    """
    clusters = [_open(plan, profiles[plan.cluster.name]) for plan in plans]
    anchors = await asyncio.gather(*map(_anchored, clusters))
    with _collecting_seldom():
        await asyncio.gather(*map(_register_objects, (cluster.plan for cluster in clusters), anchors))
    for cluster in clusters:
        for application in cluster.applications.values():
            application.register_outputs({})
    return {DEPLOYED: deployed(plans)}


def _open(plan: ClusterPlan, profile: Mapping[str, Any]) -> _Cluster:
    name = plan.cluster.name
    provider = register_provider(name, profile, adopt=False)
    adopts = any(planned.adopt for planned in plan.objects)
    adopter = register_provider(f"{name}-adopt", profile, adopt=True) if adopts else None
    applications = {each.application.name: ApplicationResource(each, provider) for each in plan.applications}
    return _Cluster(plan, provider, adopter, applications)


async def _anchored(cluster: _Cluster) -> _Anchors:
    urns = await asyncio.gather(*(each.urn.future() for each in cluster.applications.values()))
    return _Anchors(
        provider=await _reference(cluster.provider),
        adopter="" if cluster.adopter is None else await _reference(cluster.adopter),
        applications={name: str(urn) for name, urn in zip(cluster.applications, urns, strict=True)},
    )


async def _reference(provider: pulumi.ProviderResource) -> str:
    urn, id_ = await asyncio.gather(provider.urn.future(), provider.id.future())
    # In a preview a provider that is not there yet has no id; the engine takes this for it (Pulumi's rpc.UNKNOWN).
    return f"{urn}::{id_ or UNKNOWN}"


async def _register_objects(plan: ClusterPlan, anchors: _Anchors) -> None:
    """Register a cluster's objects in order. One whose registration the engine refuses ends the program."""
    urns: list[asyncio.Future[str]] = []
    window = asyncio.Semaphore(_WINDOW)
    try:
        async with asyncio.TaskGroup() as group:
            for planned in plan.objects:
                await window.acquire()
                urn = asyncio.get_running_loop().create_future()
                group.create_task(_register_object(planned, anchors, urns, urn)).add_done_callback(
                    lambda _: window.release()
                )
                urns.append(urn)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _register_object(
    planned: PlannedObject, anchors: _Anchors, before: Sequence[asyncio.Future[str]], urn: asyncio.Future[str]
) -> None:
    """Register one object once everything that it depends on is there. before: the URNs of the plan's earlier objects.

    An object that failed has a URN all the same: the engine knows what became of it, and what to do with this one.
    """
    dependencies = [await before[position] for position in planned.depends_on]
    request = request_of(
        planned,
        parent=anchors.applications[planned.application],
        provider=anchors.adopter if planned.adopt else anchors.provider,
        dependencies=dependencies,
    )
    urn.set_result((await send(request)).urn)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Look for garbage less often: all that is registered stays alive, and half the time would go into walking it."""
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
