"""Refresh: what the clusters hold, compared with what was last applied there; and what that makes of the state.

One LIST per kind and cluster, whatever the number of objects (`fleet.engine.kubernetes`). Nothing is changed in a
cluster.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fleet.engine import objects, paths, values
from fleet.engine.clusters import Cluster, Clusters
from fleet.engine.events import (
    Drift,
    DriftFound,
    DriftKind,
    Event,
    FieldChange,
    Message,
    Operation,
    Severity,
    StepFailed,
    StepFinished,
)
from fleet.engine.kubernetes.errors import ClusterUnavailableError
from fleet.engine.kubernetes.observation import Gone, Known, Observation, Present, Unreadable
from fleet.engine.roster import Roster
from fleet.engine.state import Resource, Secret

Observed = Mapping[str, Observation]


async def observe(cluster: Cluster, resources: Sequence[Resource], emit: Callable[[Event], None]) -> Observed:
    """Return what the cluster holds of the resources, by URN; nothing when it cannot be reached, which is said."""
    try:
        observed: Observed = await cluster.provider.observe([_known(each) for each in resources])
    except ClusterUnavailableError as error:
        cluster.fail(error.problem)
        return {}
    for note in sorted({each.note for each in observed.values() if isinstance(each, Present) and each.note}):
        emit(Message(note, Severity.WARNING, cluster=cluster.name))
    return observed


def _known(resource: Resource) -> Known:
    return Known(
        key=resource.urn,
        wanted=values.reveal(resource.inputs),
        resource_version=objects.resource_version(resource.outputs),
        manager=objects.field_manager(resource.inputs, resource.outputs),
    )


def by_cluster(
    resources: Sequence[Resource], clusters: Clusters, state: Mapping[str, Resource]
) -> dict[Cluster, list[Resource]]:
    """Return the Kubernetes objects among the resources, per cluster, in their order."""
    grouped: dict[Cluster, list[Resource]] = defaultdict(list)
    for resource in resources:
        if resource.custom and not resource.external and objects.is_object(resource.type):
            cluster = clusters.of_state(resource, state)
            if cluster is not None:
                grouped[cluster].append(resource)
    return grouped


def drift_of(resource: Resource, observation: Observation, cluster: str, parent: Resource | None) -> Drift | None:
    """Return how the object differs from what was last applied; None where it does not."""
    subject = objects.subject(resource.urn, resource.inputs, cluster, objects.application(parent))
    heals = objects.heals(parent)
    if isinstance(observation, Gone):
        return Drift(subject, DriftKind.DELETED, heals=heals)
    changes = observation.changes
    return Drift(subject, DriftKind.CHANGED, changes, heals=heals) if changes else None


def absorb(resource: Resource, observation: Observation) -> Resource | None:
    """Return the resource as the cluster has it, so that the next `up` sees the difference; None when it is gone."""
    if isinstance(observation, Gone):
        return None
    if observation.live is None:
        return resource
    inputs = resource.inputs
    for change in observation.changes:
        inputs = _absorb(inputs, change, observation.live)
    manager = objects.field_manager(resource.inputs, resource.outputs)
    return replace(resource, inputs=inputs, outputs=objects.outputs(inputs, observation.live, manager))


def _absorb(inputs: Any, change: FieldChange, live: Mapping[str, Any]) -> Any:
    path = paths.parse(change.path)
    there, value = paths.find(live, path)
    secret = inputs.get(path[0]) if path else None
    if isinstance(secret, Secret):
        inside = _set(secret.value, path[1:], there, value)
        return {**inputs, path[0]: Secret(inside)}
    return _set(inputs, path, there, value)


def _set(inputs: Any, path: paths.Path, there: bool, value: Any) -> Any:
    return paths.put(inputs, path, value) if there else paths.remove(inputs, path)


async def refresh(
    roster: Roster, clusters: Clusters, included: Callable[[str], bool], emit: Callable[[Event], None]
) -> None:
    """Bring the state to what the clusters hold, and tell the drift. Clusters are looked at side by side."""
    state = dict(roster.old)
    chosen = [each for each in state.values() if included(each.urn)]
    await asyncio.gather(
        *(
            _refresh(cluster, resources, state, roster, emit)
            for cluster, resources in by_cluster(chosen, clusters, state).items()
        )
    )


async def _refresh(
    cluster: Cluster,
    resources: Sequence[Resource],
    state: Mapping[str, Resource],
    roster: Roster,
    emit: Callable[[Event], None],
) -> None:
    observed = await observe(cluster, resources, emit)
    for resource in resources:
        observation = observed.get(resource.urn)
        if observation is None:
            continue
        parent = state.get(resource.parent)
        subject = objects.subject(resource.urn, resource.inputs, cluster.name, objects.application(parent))
        if isinstance(observation, Unreadable):
            emit(StepFailed(subject, Operation.SAME, observation.problem))
            continue
        drift = drift_of(resource, observation, cluster.name, parent)
        if drift is not None:
            emit(DriftFound(drift))
        # What is left alone stays in the state as it was deployed: otherwise the next `up` would put it right.
        absorbed = resource if drift is not None and not drift.heals else absorb(resource, observation)
        if absorbed is None:
            roster.remove(resource)
            emit(StepFinished(subject, Operation.FORGET))
        else:
            roster.amend(absorbed)
            emit(StepFinished(subject, Operation.SAME))
