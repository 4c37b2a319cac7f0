"""Registration: the plans of all clusters, to the engine. The last step of the program.

First every provider and every application of every cluster, then the objects: from the applications an engine reads
what a cluster must have before the first write. All clusters go on side by side; a slow one holds up no other.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pulumi

from fleet.model.plan import ClusterPlan, PlannedObject
from fleet.register.outputs import DEPLOYED, deployed
from fleet.register.providers import register_provider
from fleet.register.resources import ApplicationResource, KubernetesObject

# Objects of a cluster that are registered before the event loop gets to send them, and before the other clusters' turn.
_BATCH = 8
# Registrations that are under way at once: a thread waits for each of them, and there are 4 per `--parallel`, which is
# 16. More would only take memory; and were they not shared out, a slow cluster would soon hold every thread.
_UNDER_WAY = 64


@dataclass(frozen=True, slots=True)
class _Cluster:
    """What a cluster's objects hang on. adopter: for objects that may be there already; None where none may."""

    plan: ClusterPlan
    provider: pulumi.ProviderResource
    adopter: pulumi.ProviderResource | None
    applications: Mapping[str, ApplicationResource]

    @property
    def resources(self) -> tuple[pulumi.Resource, ...]:
        providers = (self.provider,) if self.adopter is None else (self.provider, self.adopter)
        return (*providers, *self.applications.values())

    def provider_of(self, planned: PlannedObject) -> pulumi.ProviderResource:
        return self.adopter if planned.adopt and self.adopter is not None else self.provider


async def register(plans: Sequence[ClusterPlan], profiles: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Register everything and return the stack's outputs.

    profiles: cluster → the arguments of its provider.
    """
    clusters = [_open(plan, profiles[plan.cluster.name]) for plan in plans]
    await _registered(resource for cluster in clusters for resource in cluster.resources)
    with _collecting_seldom():
        window = max(_BATCH, _UNDER_WAY // max(len(clusters), 1))
        await asyncio.gather(*(_register_objects(cluster, window) for cluster in clusters))
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


async def _registered(resources: Iterable[pulumi.Resource]) -> None:
    await asyncio.gather(*(resource.urn.future() for resource in resources))


async def _register_objects(cluster: _Cluster, window: int) -> None:
    """Register a cluster's objects in order, about `window` of them at a time."""
    registered: list[KubernetesObject] = []
    for planned in cluster.plan.objects:
        registered.append(_register_object(cluster, planned, registered))
        if len(registered) % _BATCH == 0:
            await asyncio.sleep(0)
            await _settled(registered[-window : -window + 1])


def _register_object(
    cluster: _Cluster, planned: PlannedObject, registered: Sequence[KubernetesObject]
) -> KubernetesObject:
    return KubernetesObject(
        planned,
        parent=cluster.applications[planned.application],
        provider=cluster.provider_of(planned),
        depends_on=[registered[position] for position in planned.depends_on],
    )


async def _settled(resources: Iterable[pulumi.Resource]) -> None:
    """Wait until the engine is done with the resources. Those that failed are reported by the engine and the SDK."""
    await asyncio.gather(*(resource.urn.future() for resource in resources), return_exceptions=True)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Look for garbage less often: all that is registered stays alive, and half the time would go into walking it."""
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
