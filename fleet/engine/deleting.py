"""Deleting: what leaves the stack, in reverse order of dependencies, each cluster on its own.

In: resources of the state that the program no longer registers, or all of them. Out: what was deleted leaves the
roster, what could not be deleted stays in it. Retained objects leave the roster and stay in their cluster.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from fleet.engine import objects, refreshing, values
from fleet.engine.clusters import Cluster, Clusters
from fleet.engine.events import Event, Operation, StepFailed, StepFinished, StepStarted, Subject
from fleet.engine.kubernetes.errors import ClusterUnavailableError, ObjectFailedError
from fleet.engine.kubernetes.propagation import propagation
from fleet.engine.roster import Roster
from fleet.engine.state import Resource
from fleet.errors import Problem

Identity = tuple[str, str, str, str]


def generations(doomed: Sequence[Resource]) -> list[list[Resource]]:
    """Return the resources in groups to be deleted one after the other: nobody in a group is needed by a later one.

    doomed: in the order of the state, in which everything stands behind what it needs.
    """
    rank: dict[str, int] = defaultdict(int)
    for resource in reversed(doomed):
        for needed in resource.needs():
            rank[needed] = max(rank[needed], rank[resource.urn] + 1)
    ordered = sorted(doomed, key=lambda resource: rank[resource.urn])
    return [list(group) for _, group in groupby(ordered, key=lambda resource: rank[resource.urn])]


class Remover:
    """Deletes objects from their clusters and the rest from the state."""

    def __init__(
        self,
        roster: Roster,
        clusters: Clusters,
        emit: Callable[[Event], None],
        stop: asyncio.Event,
        *,
        dry_run: bool,
        continue_on_error: bool,
    ) -> None:
        self._roster = roster
        self._clusters = clusters
        self._emit = emit
        self._stop = stop
        self._dry_run = dry_run
        self._continue_on_error = continue_on_error or dry_run
        self._kept: set[str] = set()

    async def remove(self, doomed: Sequence[Resource]) -> None:
        """Delete what the resources stand for; what other resources of the state still need stays."""
        state = dict(self._roster.old)
        per_cluster = refreshing.by_cluster(doomed, self._clusters, state)
        present = self._present(state) if per_cluster else {}
        await asyncio.gather(
            *(
                self._remove_from(cluster, each, state, present.get(cluster, frozenset()))
                for cluster, each in per_cluster.items()
            )
        )
        handled = {resource.key for each in per_cluster.values() for resource in each}
        self._forget([resource for resource in doomed if resource.key not in handled])

    def _present(self, state: Mapping[str, Resource]) -> Mapping[Cluster, frozenset[Identity]]:
        """The objects that the program wants, whatever their URN: deleting one of those would be an outage."""
        wanted = [each for each in self._roster.resources() if not each.delete and self._roster.registered(each.urn)]
        grouped = refreshing.by_cluster(wanted, self._clusters, state)
        return {
            cluster: frozenset(objects.identity(each.inputs) for each in resources)
            for cluster, resources in grouped.items()
        }

    async def _remove_from(
        self,
        cluster: Cluster,
        doomed: Sequence[Resource],
        state: Mapping[str, Resource],
        present: frozenset[Identity],
    ) -> None:
        for generation in generations(doomed):
            await asyncio.gather(
                *(
                    self._remove_object(
                        cluster, resource, state.get(resource.parent), objects.identity(resource.inputs) in present
                    )
                    for resource in generation
                )
            )

    async def _remove_object(self, cluster: Cluster, resource: Resource, parent: Resource | None, wanted: bool) -> None:
        subject = objects.subject(resource.urn, resource.inputs, cluster.name, objects.application(parent))
        if wanted:
            self._roster.remove(resource)
        elif resource.protect:
            self._fail(subject, _protected(subject), resource)
        elif resource.retain_on_delete:
            self._roster.remove(resource)
            self._emit(StepFinished(subject, Operation.RETAIN))
        elif self._blocked(cluster, resource):
            self._kept.add(resource.urn)
            self._kept.update(resource.needs())
            self._emit(StepFinished(subject, Operation.SKIP))
        else:
            await self._delete(cluster, resource, subject)

    def _blocked(self, cluster: Cluster, resource: Resource) -> bool:
        if self._stop.is_set() or cluster.failure is not None or resource.urn in self._kept:
            return True
        return cluster.has_failed_objects and not self._continue_on_error

    async def _delete(self, cluster: Cluster, resource: Resource, subject: Subject) -> None:
        self._emit(StepStarted(subject, Operation.DELETE))
        try:
            if not self._dry_run:
                await cluster.provider.delete(
                    objects.reference(resource),
                    propagation=propagation(values.reveal(resource.inputs)),
                    timeout_s=resource.custom_timeouts.get("delete"),
                )
        except ClusterUnavailableError as error:
            cluster.fail(error.problem)
            self._fail(subject, error.problem, resource)
        except ObjectFailedError as error:
            cluster.has_failed_objects = True
            self._fail(subject, error.problem, resource)
        else:
            self._roster.remove(resource)
            self._emit(StepFinished(subject, Operation.DELETE))

    def _fail(self, subject: Subject, problem: Problem, resource: Resource) -> None:
        """What stays keeps what it needs: a namespace outlives the object in it that could not be deleted."""
        self._kept.update(resource.needs())
        self._emit(StepFailed(subject, Operation.DELETE, problem))

    def _forget(self, rest: Sequence[Resource]) -> None:
        """Drop components and providers that nothing in the state needs any more, from the leaves to the root."""
        if not rest:
            return
        forgotten = {each.key for each in rest}
        needed = {urn for each in self._roster.resources() if each.key not in forgotten for urn in each.needs()}
        for resource in reversed(rest):
            if resource.urn in needed:
                needed.update(resource.needs())
            else:
                self._roster.remove(resource)


def _protected(subject: Subject) -> Problem:
    return Problem(
        f"{subject} is protected and would have to be deleted",
        hint="Keep it in the program, or remove `protect` and deploy that first.",
    )
