"""Deleting: what leaves the stack, each object after all that needs it, whichever cluster that is in.

In: resources of the state that the program no longer registers, or all of them. Out: what was deleted leaves the
roster, what could not be deleted stays in it, with what it needs. Retained objects leave the roster and stay in their
cluster.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from fleet.engine import leaving, objects, refreshing
from fleet.engine import urn as urns
from fleet.engine.clusters import Cluster, Clusters
from fleet.engine.events import Event, Operation, StepFailed, StepFinished, StepStarted, Subject, teller
from fleet.engine.interrupted import Interrupted
from fleet.engine.kubernetes.errors import ClusterUnavailableError, ObjectFailedError, StoppedError
from fleet.engine.kubernetes.refs import Ref
from fleet.engine.roster import Roster
from fleet.engine.state import Resource
from fleet.errors import Problem

Identity = tuple[str, str, str, str]


def before(doomed: Sequence[Resource]) -> list[tuple[int, ...]]:
    """Return, for each resource, the positions of those that must be gone before it: all that need it.

    doomed: in the order of the state, in which everything stands behind what it needs.
    """
    needed_by: dict[str, list[int]] = defaultdict(list)
    first: list[tuple[int, ...]] = []
    for position in reversed(range(len(doomed))):
        first.append(tuple(needed_by[doomed[position].urn]))
        for needed in dict.fromkeys(doomed[position].needs()):
            needed_by[needed].append(position)
    return first[::-1]


def between(doomed: Sequence[Resource], staying: Sequence[Resource]) -> list[Resource]:
    """Return those of what stays that need, directly or not, something doomed, and are needed so by something doomed.

    staying: as the state had them, in its order. What is behind them has to be gone before what they used to need: of
    three waves, what goes from the last one comes before what goes from the first, though all of the second stays.
    """
    leading = {each.urn for each in doomed}
    candidates: list[Resource] = []
    for each in staying:
        if not leading.isdisjoint(each.needs()):
            leading.add(each.urn)
            candidates.append(each)
    reached = {urn for each in doomed for urn in each.needs()}
    found: list[Resource] = []
    for each in reversed(candidates):
        if each.urn in reached:
            reached.update(each.needs())
            found.append(each)
    return found[::-1]


def needed(doomed: Sequence[Resource], staying: Sequence[Resource]) -> dict[str, str]:
    """Return the URNs of those that something that stays needs, directly or not, with that of the one that does."""
    users = {urn: each.urn for each in staying for urn in each.needs()}
    for resource in reversed(doomed):
        if resource.urn in users and not resource.delete:
            users.update((urn, users[resource.urn]) for urn in resource.needs() if urn not in users)
    return {each.urn: users[each.urn] for each in doomed if each.urn in users and not each.delete}


class Remover:
    """Deletes objects from their clusters and the rest from the state.

    destroys: the whole stack is to go. targeted: what is to go was named, so that nothing else may be drawn in.
    """

    def __init__(
        self,
        roster: Roster,
        clusters: Clusters,
        emit: Callable[[Event], None],
        stop: asyncio.Event,
        *,
        destroys: bool,
        targeted: bool,
        dry_run: bool,
        continue_on_error: bool,
    ) -> None:
        self._roster = roster
        self._clusters = clusters
        self._emit = emit
        self._stop = stop
        self._destroys = destroys
        self._targeted = targeted
        self._dry_run = dry_run
        self._one_by_one = continue_on_error
        self._continue_on_error = continue_on_error or dry_run
        self._kept: set[str] = set()
        self._users: dict[str, str] = {}
        self._present: Mapping[Cluster, frozenset[Identity]] = {}

    async def remove(self, doomed: Sequence[Resource]) -> None:
        """Delete what the resources stand for; what other resources of the state still need stays."""
        ordered = self._ordered(doomed)
        if any(self._cluster(each) for each in ordered):
            self._present = self._wanted()
        self._refuse(ordered)
        deleted = {each.urn for each in ordered if not each.delete and self._is_to_go(each)}
        keys = {each.key for each in ordered}
        passed = between(ordered, [each for each in self._roster.old.values() if each.key not in keys])
        ordered = self._ordered((*ordered, *passed))
        order = before(ordered)
        tasks: dict[str | int, asyncio.Task[None]] = {}
        for position in reversed(range(len(ordered))):
            resource = ordered[position]
            goes = resource.key in keys
            if not goes or resource.deleted_with not in deleted:
                work = self._remove(resource) if goes else self._pass(resource)
                task = _after(_those(tasks, order[position]), work)
                tasks[position] = tasks[resource.urn] = task
        for position, resource in enumerate(ordered):
            if position not in tasks:
                # Deleting the other one should delete this one too, so it comes last: then there is little to do.
                first = _those(tasks, (*order[position], resource.deleted_with))
                tasks[position] = tasks[resource.urn] = _after(first, self._follow(resource))
        await asyncio.gather(*tasks.values())

    def _ordered(self, resources: Iterable[Resource]) -> list[Resource]:
        return sorted(resources, key=lambda resource: self._roster.position(resource.urn))

    async def clear(self, interrupted: Interrupted, included: Callable[[Resource], bool]) -> None:
        """Delete what a run that was cut off has created and nobody wants any more."""
        interrupted.settle_known()
        unsettled = [(each, where) for each, where in interrupted.unsettled() if included(each)]
        if unsettled:
            self._present = self._wanted()
        for planned, connection in unsettled:
            if connection is None or await self._clear(interrupted, planned, connection.cluster):
                interrupted.settle(planned)

    async def _clear(self, interrupted: Interrupted, planned: Resource, cluster: Cluster) -> bool:
        """Return whether it is certain that nothing of it is left."""
        if self._is_wanted(planned, cluster):
            return True
        if self._blocked(planned, cluster):
            return False
        try:
            ref = await interrupted.left_behind(planned)
        except ClusterUnavailableError as error:
            cluster.fail(error.problem)
            return False
        subject = self._subject(planned, cluster, None)
        return ref is None or await self._delete(planned, cluster, subject, ref)

    def going(self, left: Sequence[Resource]) -> list[Subject]:
        """Return the objects that would be deleted from their clusters, rather than forgotten or left there."""
        self._present = self._wanted()
        return [subject for each in left if not each.delete and (subject := self._to_go(each)) is not None]

    def _to_go(self, resource: Resource) -> Subject | None:
        cluster = self._cluster(resource)
        if cluster is None or not self._is_to_go(resource):
            return None
        return self._subject(resource, cluster, self._roster.old.get(resource.parent))

    def hold_back(self, left: Sequence[Resource]) -> None:
        """Say of the objects that would be deleted that they are not. They stay in the state, and so does all else."""
        for subject in self.going(left):
            self._emit(StepFinished(subject, Operation.SKIP))

    def _refuse(self, doomed: Sequence[Resource]) -> None:
        """Take out what has to stay: what something needs that stays, and, with anything protected, everything."""
        keys = {each.key for each in doomed}
        staying = [each for each in self._roster.resources() if each.key not in keys]
        for urn, user in needed(doomed, staying).items():
            self._kept.add(urn)
            if self._targeted:
                self._users[urn] = user
        protected = {each.urn for each in doomed if each.protect and self._is_to_go(each)}
        if protected and not self._one_by_one:
            self._kept.update(each.urn for each in doomed if each.urn not in protected)

    def _cluster(self, resource: Resource) -> Cluster | None:
        """Return where the object is; None for what is no object."""
        if not resource.custom or resource.external or not objects.is_object(resource.type):
            return None
        connection = self._clusters.of_state(resource)
        return None if connection is None else connection.cluster

    def _wanted(self) -> Mapping[Cluster, frozenset[Identity]]:
        """The objects that the program wants, whatever their URN: deleting one of those would be an outage."""
        wanted = [each for each in self._roster.resources() if not each.delete and self._roster.registered(each.urn)]
        return {
            cluster: frozenset(objects.identity(objects.known_inputs(each)) for each in resources)
            for cluster, resources in refreshing.by_cluster(wanted, self._clusters).items()
        }

    def _is_wanted(self, resource: Resource, cluster: Cluster) -> bool:
        return objects.identity(objects.known_inputs(resource)) in self._present.get(cluster, frozenset())

    def _is_to_go(self, resource: Resource) -> bool:
        """Return whether an object is to be deleted, rather than forgotten."""
        cluster = self._cluster(resource)
        if cluster is None or self._is_wanted(resource, cluster):
            return False
        parent = self._roster.old.get(resource.parent)
        return not resource.retain_on_delete or (self._destroys and objects.destroyable(resource, parent))

    def _subject(self, resource: Resource, cluster: Cluster, parent: Resource | None) -> Subject:
        inputs = objects.known_inputs(resource)
        return objects.subject(resource.urn, inputs, cluster.name, objects.application(parent))

    async def _remove(self, resource: Resource) -> None:
        cluster = self._cluster(resource)
        if cluster is None:
            self._forget(resource)
            return
        subject = self._subject(resource, cluster, self._roster.old.get(resource.parent))
        if self._is_wanted(resource, cluster):
            self._roster.remove(resource)
        elif not self._is_to_go(resource):
            self._roster.remove(resource)
            self._emit(StepFinished(subject, Operation.RETAIN))
        elif resource.protect:
            self._fail(subject, _protected(subject), resource)
        elif resource.urn in self._users:
            self._fail(subject, _used(subject, self._users[resource.urn]), resource)
        elif self._blocked(resource, cluster):
            self._keep(resource)
            self._emit(StepFinished(subject, Operation.SKIP))
        elif await self._delete(resource, cluster, subject):
            self._roster.remove(resource)

    async def _pass(self, resource: Resource) -> None:
        """Come to something that stays: what could not be deleted behind it keeps what is before it."""
        if resource.urn in self._kept:
            self._kept.update(resource.needs())

    async def _follow(self, resource: Resource) -> None:
        """Remove what goes with another resource, unless that one is still there."""
        if self._roster.current(resource.deleted_with) is not None:
            self._kept.add(resource.urn)
        await self._remove(resource)

    def _blocked(self, resource: Resource, cluster: Cluster) -> bool:
        is_kept = resource.urn in self._kept and not resource.delete
        if self._stop.is_set() or cluster.failure is not None or is_kept:
            return True
        return cluster.has_failed_objects and not self._continue_on_error

    async def _delete(self, resource: Resource, cluster: Cluster, subject: Subject, created: Ref | None = None) -> bool:
        """Delete an object and return whether it is gone. created: what a run that was cut off made of the resource."""
        self._emit(StepStarted(subject, Operation.DELETE))
        try:
            if not self._dry_run:
                await self._until_gone(resource, cluster, subject, created)
        except ClusterUnavailableError as error:
            cluster.fail(error.problem)
            self._fail(subject, error.problem, resource)
            return False
        except StoppedError:
            self._keep(resource)
            self._emit(StepFinished(subject, Operation.SKIP))
            return False
        except ObjectFailedError as error:
            self._fail(subject, error.problem, resource)
            return False
        self._emit(StepFinished(subject, Operation.DELETE))
        return True

    async def _until_gone(self, resource: Resource, cluster: Cluster, subject: Subject, created: Ref | None) -> None:
        tell = teller(self._emit, subject)
        if created is None:
            await leaving.delete(cluster, resource, self._roster, tell=tell, stop=self._stop)
        else:
            await leaving.until_gone(cluster, resource, created, tell=tell, stop=self._stop)

    def _fail(self, subject: Subject, problem: Problem, resource: Resource) -> None:
        self._keep(resource)
        self._emit(StepFailed(subject, Operation.DELETE, problem))

    def _keep(self, resource: Resource) -> None:
        """What stays keeps what it needs: a namespace outlives the object in it that could not be deleted."""
        self._kept.update((resource.urn, *resource.needs()))

    def _forget(self, resource: Resource) -> None:
        """Drop a component or a provider, unless something in the state still needs it."""
        if resource.urn in self._kept and not resource.delete:
            self._keep(resource)
        else:
            self._roster.remove(resource)


def _those(tasks: Mapping[str | int, asyncio.Task[None]], keys: Iterable[str | int]) -> list[asyncio.Task[None]]:
    return [tasks[key] for key in keys if key in tasks]


def _after(first: Sequence[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    async def wait() -> None:
        if first:
            await asyncio.wait(first)
        await work

    return asyncio.ensure_future(wait())


def _protected(subject: Subject) -> Problem:
    return Problem(
        f"{subject} is protected and would have to be deleted",
        hint="Keep it in the program, or remove `protect` and deploy that first.",
    )


def _used(subject: Subject, user: str) -> Problem:
    return Problem(
        f"{subject} is needed by {urns.parse(user).name!r}, which was not targeted",
        detail=user,
        hint="Target both.",
    )
