"""Registering objects: what happens to one Kubernetes object that the program registers, from decision to state.

In: a goal and what the state knows. Out: the object in its cluster, the resource in the roster, events on the way. A
failure is told and remembered; the program goes on with what does not depend on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleet.engine import changes, objects, paths, recording, values
from fleet.engine.clusters import Clusters, Connection
from fleet.engine.events import (
    DriftFound,
    Event,
    FieldChange,
    Operation,
    StepFailed,
    StepFinished,
    StepStarted,
    Subject,
)
from fleet.engine.goal import Goal
from fleet.engine.kubernetes.errors import ClusterUnavailableError, ImmutableFieldError, ObjectFailedError
from fleet.engine.kubernetes.observation import Gone, Live, Observation, Unreadable
from fleet.engine.kubernetes.propagation import propagation
from fleet.engine.monitor import Registered
from fleet.engine.refreshing import absorb, drift_of
from fleet.engine.roster import Roster
from fleet.engine.state import Resource
from fleet.engine.values import Unknown
from fleet.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One object on its way: what is wanted, what was there, and where.

    inputs: as they will be recorded. old: None when the state does not know the object.
    observation: what a refresh found; None without a refresh.
    """

    urn: str
    goal: Goal
    inputs: Mapping[str, Any]
    old: Resource | None
    subject: Subject
    connection: Connection
    manager: str
    heals: bool
    observation: Observation | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with an object, and which fields make it so."""

    operation: Operation
    changes: tuple[FieldChange, ...] = ()


def decide(step: Step, *, moved: bool) -> Decision:
    """Return what is to be done. moved: the object was deployed through a provider for another cluster.

    Drift that is left alone does not count, unless the program itself changes the object: then all of it is applied.
    """
    old, observation = step.old, step.observation
    if old is None or (isinstance(observation, Gone) and step.heals):
        return Decision(Operation.CREATE)
    differing = changes.between(old.inputs, step.inputs)
    if moved or objects.identity(old.inputs) != objects.identity(step.inputs):
        return Decision(Operation.REPLACE, differing)
    if differing:
        replaces = _touches(differing, step.goal.replace_on_changes)
        gone = isinstance(observation, Gone)
        return Decision(Operation.CREATE if gone else Operation.REPLACE if replaces else Operation.UPDATE, differing)
    if step.heals and observation is not None and not isinstance(observation, Gone) and observation.changes:
        return Decision(Operation.UPDATE, tuple(_reversed(each) for each in observation.changes))
    return Decision(Operation.SAME)


def _touches(differing: Sequence[FieldChange], patterns: Sequence[str]) -> bool:
    parsed = [paths.parse(pattern) for pattern in patterns]
    return any(paths.covers(pattern, paths.parse(change.path)) for change in differing for pattern in parsed)


def _reversed(change: FieldChange) -> FieldChange:
    return FieldChange(change.path, before=change.after, after=change.before)


class Registrar:
    """Carries out the program's objects. Owns which of them failed, and which a preview would only create."""

    def __init__(
        self,
        roster: Roster,
        clusters: Clusters,
        emit: Callable[[Event], None],
        now: Callable[[], str],
        stop: asyncio.Event,
        *,
        dry_run: bool,
        continue_on_error: bool,
    ) -> None:
        self._roster = roster
        self._clusters = clusters
        self._emit = emit
        self._now = now
        self._stop = stop
        self._dry_run = dry_run
        self._continue_on_error = continue_on_error or dry_run
        self._interrupted = roster.interrupted
        self._failed: set[str] = set()
        self._pending: set[str] = set()

    def step(self, urn: str, goal: Goal, old: Resource | None, parent: Resource | None) -> Step:
        """Return the step for a goal, before anything is decided."""
        connection = self._clusters.of(goal.provider, f"{goal.type} {goal.name!r}")
        before = old.inputs if old else None
        inputs: Mapping[str, Any] = objects.body(goal.type, goal.name, goal.inputs, before, connection.namespace)
        if old is not None and goal.ignore_changes:
            inputs = paths.keep_old(inputs, old.inputs, [paths.parse(each) for each in goal.ignore_changes])
        application = objects.application(parent)
        return Step(
            urn=urn,
            goal=goal,
            inputs=inputs,
            old=old,
            subject=objects.subject(urn, inputs, connection.cluster.name, application),
            connection=connection,
            manager=objects.field_manager(inputs, old.outputs if old else {}),
            heals=objects.heals(parent),
        )

    def leave(self, step: Step) -> Registered:
        """Keep the object as the state has it: it was not asked for."""
        if step.old is not None:
            self._roster.put(step.old)
        return self._registered(step, step.old.outputs if step.old else {}, step.old)

    async def register(self, step: Step, parent: Resource | None) -> Registered:
        """Bring the object to its goal and say what became of it."""
        cluster = step.connection.cluster
        if isinstance(step.observation, Unreadable):
            return self._fail(step, Operation.SAME, step.observation.problem)
        if step.observation is not None and step.old is not None:
            drift = drift_of(step.old, step.observation, cluster.name, parent)
            if drift is not None:
                self._emit(DriftFound(drift))
        decision = decide(step, moved=self._moved(step))
        if decision.operation is Operation.SAME:
            return self._same(step)
        if self._blocked(step):
            return self._skip(step)
        self._emit(StepStarted(step.subject, decision.operation))
        try:
            return await self._carry_out(step, decision)
        except ClusterUnavailableError as error:
            cluster.fail(error.problem)
            return self._skip(step)
        except ObjectFailedError as error:
            cluster.has_failed_objects = True
            return self._fail(step, decision.operation, error.problem)

    def _moved(self, step: Step) -> bool:
        if step.old is None or step.old.provider == step.goal.provider:
            return False
        before = self._clusters.of_state(step.old, self._roster.old)
        return before is not step.connection.cluster

    def _blocked(self, step: Step) -> bool:
        cluster = step.connection.cluster
        if self._stop.is_set() or cluster.failure is not None:
            return True
        if cluster.has_failed_objects and not self._continue_on_error:
            return True
        return any(urn in self._failed for urn in step.goal.dependencies)

    async def _carry_out(self, step: Step, decision: Decision) -> Registered:
        await step.connection.cluster.ready()
        if self._unknowable(step):
            self._pending.add(step.urn)
            return self._done(step, decision, values.mask(step.inputs))
        handlers: Mapping[Operation, Callable[[Step, Decision], Awaitable[Registered]]] = {
            Operation.CREATE: self._create,
            Operation.UPDATE: self._update,
            Operation.REPLACE: self._replace,
        }
        return await handlers[decision.operation](step, decision)

    def _unknowable(self, step: Step) -> bool:
        """A preview cannot ask the cluster about what needs something that is not there yet."""
        if not self._dry_run:
            return False
        return values.holds(step.inputs, Unknown) or any(urn in self._pending for urn in step.goal.dependencies)

    async def _create(self, step: Step, decision: Decision) -> Registered:
        live = await self._created(step)
        if self._dry_run:
            self._pending.add(step.urn)
        operation = Operation.ADOPT if live.adopted else Operation.CREATE
        return self._done(step, Decision(operation, decision.changes), live.body)

    async def _created(self, step: Step) -> Live:
        """Create the object. What a run that was cut off may have created already is our own, and taken over."""
        planned = recording.record(step.goal, step.urn, None, inputs=step.inputs, outputs={}, now=self._now())
        await self._roster.creating(planned)
        try:
            return await step.connection.cluster.provider.create(
                values.reveal(step.inputs),
                manager=step.manager,
                adopt=step.connection.adopt or step.urn in self._interrupted,
                dry_run=self._dry_run,
            )
        except ObjectFailedError:
            self._roster.not_created(planned)
            raise

    async def _update(self, step: Step, decision: Decision) -> Registered:
        try:
            live = await step.connection.cluster.provider.update(
                values.reveal(step.inputs), manager=step.manager, dry_run=self._dry_run
            )
        except ImmutableFieldError:
            return await self._replace(step, Decision(Operation.REPLACE, decision.changes))
        return self._done(step, decision, live.body)

    async def _replace(self, step: Step, decision: Decision) -> Registered:
        """Delete the same object first; where it becomes another one, create that and delete the old one at the end."""
        old = step.old
        assert old is not None
        if old.protect:
            raise ObjectFailedError(_protected(step.subject, decision.changes))
        if self._dry_run:
            return self._done(step, decision, step.inputs)
        before = self._clusters.of_state(old, self._roster.old)
        same = objects.identity(old.inputs) == objects.identity(step.inputs)
        if before is step.connection.cluster and same:
            await before.provider.delete(objects.reference(old), propagation=propagation(values.reveal(old.inputs)))
        live = await self._created(step)
        if not (before is step.connection.cluster and same):
            self._roster.doom(old)
        return self._done(step, decision, live.body)

    def _done(self, step: Step, decision: Decision, live: Mapping[str, Any]) -> Registered:
        outputs = objects.outputs(step.inputs, live, step.manager)
        recorded = recording.record(
            step.goal,
            step.urn,
            step.old,
            id_=objects.object_id(live),
            inputs=step.inputs,
            outputs=outputs,
            now=self._now(),
        )
        self._roster.put(recorded, former=step.old.urn if step.old else None)
        self._emit(StepFinished(step.subject, decision.operation, decision.changes))
        return self._registered(step, outputs, recorded)

    def _same(self, step: Step) -> Registered:
        old = step.old
        assert old is not None
        outputs = old.outputs
        if step.heals and step.observation is not None:
            seen = absorb(old, step.observation)
            outputs = old.outputs if seen is None else seen.outputs
        recorded = recording.record(
            step.goal, step.urn, old, id_=old.id, inputs=old.inputs, outputs=outputs, now=self._now()
        )
        self._roster.put(recorded, former=old.urn)
        self._emit(StepFinished(step.subject, Operation.SAME))
        return self._registered(step, outputs, recorded)

    def _registered(self, step: Step, outputs: Mapping[str, Any], recorded: Resource | None) -> Registered:
        visible = {key: value for key, value in outputs.items() if not key.startswith("__")}
        is_new = self._dry_run and step.old is None
        return Registered(step.urn, "" if recorded is None or is_new else recorded.id, visible)

    def _fail(self, step: Step, operation: Operation, problem: Problem) -> Registered:
        self._emit(StepFailed(step.subject, operation, problem))
        return self._kept(step)

    def _skip(self, step: Step) -> Registered:
        self._emit(StepFinished(step.subject, Operation.SKIP))
        return self._kept(step)

    def _kept(self, step: Step) -> Registered:
        """What failed, or was not tried, stays in the state as it was."""
        self._failed.add(step.urn)
        if step.old is not None:
            self._roster.put(step.old)
        return Registered(step.urn, step.old.id if step.old else "", failed=True)


def _protected(subject: Subject, differing: Sequence[FieldChange]) -> Problem:
    fields = ", ".join(change.path for change in differing)
    return Problem(
        f"{subject} is protected and would have to be replaced",
        detail=f"These fields cannot be changed in place: {fields}." if fields else "",
        hint="Take back the change, or remove `protect` and deploy that first.",
    )
