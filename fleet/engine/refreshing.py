"""Refresh: what the clusters hold, compared with what was last applied there; and what that makes of the state.

One LIST per kind and cluster, whatever the number of objects (`fleet.engine.kubernetes`). Nothing is changed in a
cluster.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fleet.engine import changes, objects, paths, values
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
from fleet.engine.state import Resource

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
        wanted=values.reveal(objects.known_inputs(resource)),
        resource_version=objects.resource_version(resource.outputs),
        manager=objects.field_manager(resource.inputs, resource.outputs),
    )


def refined(observation: Observation, inputs: Mapping[str, Any], ignored: Sequence[str]) -> Observation:
    """Return the observation as people may see it, without changes of what is to be ignored. inputs: last applied."""
    if not isinstance(observation, Present) or not observation.changes:
        return observation
    return replace(observation, changes=changes.hidden(changes.heeded(observation.changes, ignored), inputs))


def by_cluster(resources: Sequence[Resource], clusters: Clusters) -> dict[Cluster, list[Resource]]:
    """Return the Kubernetes objects among the resources, per cluster, in their order."""
    grouped: dict[Cluster, list[Resource]] = defaultdict(list)
    for resource in resources:
        if resource.custom and not resource.external and objects.is_object(resource.type):
            connection = clusters.of_state(resource)
            if connection is not None:
                grouped[connection.cluster].append(resource)
    return grouped


def drift_of(resource: Resource, observation: Observation, cluster: str, parent: Resource | None) -> Drift | None:
    """Return how the object differs from what was last applied; None where it does not."""
    subject = objects.subject(resource.urn, objects.known_inputs(resource), cluster, objects.application(parent))
    heals = objects.heals(parent)
    if isinstance(observation, Gone):
        return Drift(subject, DriftKind.DELETED, heals=heals)
    found = observation.changes
    return Drift(subject, DriftKind.CHANGED, found, heals=heals) if found else None


def absorb(resource: Resource, observation: Observation) -> Resource | None:
    """Return the resource as the cluster has it, so that the next `up` sees the difference; None when it is gone."""
    if isinstance(observation, Gone):
        return None
    if observation.live is None:
        return resource
    inputs = resource.inputs
    if observation.changes:
        inputs = objects.marked(_absorbed(values.reveal(inputs), observation.changes, observation.live), inputs)
    manager = objects.field_manager(resource.inputs, resource.outputs)
    outputs = objects.outputs(inputs, observation.live, manager, resource.additional_secret_outputs)
    return replace(resource, inputs=inputs, outputs=outputs)


def _is_leaving(observation: Observation) -> bool:
    live = observation.live if isinstance(observation, Present) else None
    return live is not None and bool(live["metadata"].get("deletionTimestamp"))


def _absorbed(inputs: Any, found: Iterable[FieldChange], live: Mapping[str, Any]) -> Any:
    for change in found:
        path = paths.parse(change.path)
        there, value = paths.find(live, path)
        inputs = paths.put(inputs, path, value) if there else paths.remove(inputs, path)
    return inputs


async def refresh(
    roster: Roster, clusters: Clusters, included: Callable[[str], bool], emit: Callable[[Event], None]
) -> None:
    """Bring the state to what the clusters hold, and tell the drift. Clusters are looked at side by side."""
    state = dict(roster.old)
    chosen = [
        each
        for each in state.values()
        if included(each.urn) and not each.pending_replacement and not objects.is_paused(state.get(each.parent))
    ]
    await asyncio.gather(
        *(
            _refresh(cluster, resources, state, roster, emit)
            for cluster, resources in by_cluster(chosen, clusters).items()
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
        found = observed.get(resource.urn)
        if found is None:
            continue
        observation = refined(found, resource.inputs, resource.ignore_changes)
        parent = state.get(resource.parent)
        inputs = objects.known_inputs(resource)
        subject = objects.subject(resource.urn, inputs, cluster.name, objects.application(parent))
        if isinstance(observation, Unreadable):
            emit(StepFailed(subject, Operation.READ, observation.problem))
            continue
        drift = drift_of(resource, observation, cluster.name, parent)
        if drift is not None:
            emit(DriftFound(drift))
        if (drift is not None and not drift.heals) or _is_leaving(observation):
            # It stays in the state as it was deployed: what is left alone, because otherwise the next `up` would put it
            # right; what is on its way out, because nothing is known of it until it is gone.
            emit(StepFinished(subject, Operation.SAME))
            continue
        absorbed = absorb(resource, observation)
        if absorbed is None:
            roster.remove(resource)
            emit(StepFinished(subject, Operation.FORGET))
        else:
            roster.amend(absorbed)
            emit(StepFinished(subject, Operation.SAME))
