"""Registering objects: what happens to one Kubernetes object that the program registers, from decision to state.

In: a goal and what the state knows. Out: the object in its cluster, the resource in the roster, events on the way. A
failure is told and remembered; the program goes on with what does not depend on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fleet.engine import arrivals, changes, hiding, objects, paths, recording, spelling, values
from fleet.engine import urn as urns
from fleet.engine.applying import Applied, Applier
from fleet.engine.arrivals import Arrivals
from fleet.engine.clusters import Clusters, Connection
from fleet.engine.events import (
    DriftFound,
    Event,
    FieldChange,
    Operation,
    StepFailed,
    StepFinished,
    StepStarted,
    teller,
)
from fleet.engine.goal import Goal
from fleet.engine.interrupted import Interrupted
from fleet.engine.kubernetes.diff import comparable
from fleet.engine.kubernetes.errors import (
    ClusterUnavailableError,
    KindNotServedError,
    KubernetesError,
    NamespaceMissingError,
    NotPermittedError,
    NotReadyError,
    ObjectFailedError,
    StoppedError,
)
from fleet.engine.kubernetes.observation import Unreadable
from fleet.engine.kubernetes.refs import Ref
from fleet.engine.kubernetes.status import State
from fleet.engine.kubernetes.waits import Wait, wait_for
from fleet.engine.monitor import Registered
from fleet.engine.refreshing import absorb, drift_of
from fleet.engine.roster import Roster
from fleet.engine.state import Resource
from fleet.engine.steps import Decision, Step, decide
from fleet.engine.values import Unknown
from fleet.errors import Problem

_NOT_AWAITED = "the run ended before it was ready"
_UNTRIED = "previewed from Git and the state alone, because this user may not try changes out"


class Registrar:
    """Carries out the program's objects. Owns which of them failed, and which a preview would only create."""

    def __init__(
        self,
        roster: Roster,
        clusters: Clusters,
        interrupted: Interrupted,
        arrived: Arrivals,
        *,
        emit: Callable[[Event], None],
        now: Callable[[], str],
        stop: asyncio.Event,
        dry_run: bool,
        details: bool = False,
    ) -> None:
        self._roster = roster
        self._clusters = clusters
        self._details = details
        self._interrupted = interrupted
        self._arrived = arrived
        self._applier = Applier(roster, clusters, interrupted, arrived, now=now, emit=emit, stop=stop, dry_run=dry_run)
        self._emit = emit
        self._now = now
        self._stop = stop
        self._dry_run = dry_run
        self._failed: set[str] = set()
        self._absent: set[str] = set()
        self._pending: set[str] = set()
        self._doubtful: list[tuple[Step, Decision, arrivals.Thing, Problem]] = []

    async def step(self, urn: str, goal: Goal, old: Resource | None, parent: Resource | None) -> Step:
        """Return the step for a goal, before anything is decided."""
        connection = self._clusters.of(goal.provider, f"{goal.type} {goal.name!r}")
        known = old or self._interrupted.planned(urn)
        before = objects.known_inputs(known) if known else None
        namespace = await _namespace(goal, before, connection)
        inputs: Mapping[str, Any] = objects.body(goal.type, goal.name, goal.inputs, before, namespace)
        if old is not None and before is not None and goal.ignore_changes:
            inputs = paths.keep_old(inputs, before, [paths.parse(each) for each in goal.ignore_changes])
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
            waits=objects.waits(urn, parent),
            awaited_by=objects.awaited_by(urn, parent),
            is_uncertain=old is not None and self._roster.is_uncertain(old),
        )

    def leave(self, step: Step) -> Registered:
        """Keep the object as the state has it: it was not asked for."""
        if step.old is None:
            self._absent.add(step.urn)
            return Registered(step.urn, failed=True)
        kept = self._keep(step, step.old)
        # Only where the program asks for no outputs may it learn in this way that the object is not what it wants.
        behind = bool(step.subject.application) and objects.known_inputs(kept) != step.inputs
        return Registered(step.urn, kept.id, _visible(kept.outputs), failed=behind)

    def failed(self, urn: str) -> None:
        """Note that something failed that others may depend on."""
        self._failed.add(urn)

    def fails_with(self, urn: str, goal: Goal) -> bool:
        """Return whether something that a component depends on has failed, or is not there. Then so is it."""
        reasons = [known for known in (self._absent, self._failed) if not known.isdisjoint(goal.dependencies)]
        for known in reasons:
            known.add(urn)
        return bool(reasons)

    async def register(self, step: Step, parent: Resource | None) -> Registered:
        """Bring the object to its goal and say what became of it."""
        cluster = step.connection.cluster
        if step.observation is not None and step.old is not None:
            drift = drift_of(step.old, step.observation, cluster.name, parent)
            if drift is not None:
                self._emit(DriftFound(drift))
        decision = decide(step, moved=self._moved(step))
        if decision.operation is Operation.SAME:
            return self._same(step)
        if self._details and decision.operation is Operation.CREATE:
            decision = replace(decision, changes=changes.in_new(step.inputs))
        if left_out := [urn for urn in step.goal.dependencies if urn in self._absent]:
            return self._fail(step, decision.operation, _needs(step, left_out))
        return self._skip(step) if self._blocked(step) else await self._attempt(step, decision)

    async def _attempt(self, step: Step, decision: Decision) -> Registered:
        cluster = step.connection.cluster
        self._emit(StepStarted(step.subject, decision.operation))
        try:
            return await self._carry_out(step, decision)
        except ClusterUnavailableError as error:
            cluster.fail(error.problem)
            return self._skip(step)
        except StoppedError:
            return self._skip(step)
        except ObjectFailedError as error:
            if self._dry_run and isinstance(error, NamespaceMissingError | KindNotServedError):
                return self._doubt(step, decision, error)
            if self._dry_run and isinstance(error, NotPermittedError):
                return self._untried(step, decision, error.problem)
            cluster.has_failed_objects = True
            return self._fail(step, decision.operation, error.problem)

    def conclude(self) -> None:
        """Say what became of objects that need something which the program might still have brought."""
        for step, decision, thing, problem in self._doubtful:
            if self._arrived.has(step.connection.cluster, thing):
                self._emit(StepFinished(step.subject, decision.operation, decision.changes))
            else:
                self._emit(StepFailed(step.subject, decision.operation, _hidden(problem, step)))
        self._doubtful.clear()

    def _moved(self, step: Step) -> bool:
        if step.old is None or step.old.provider == step.goal.provider:
            return False
        before = self._clusters.of_state(step.old)
        return before is None or not before.reaches(step.connection)

    def _blocked(self, step: Step) -> bool:
        cluster = step.connection.cluster
        if self._stop.is_set() or cluster.failure is not None:
            return True
        if not self._dry_run and values.holds(step.inputs, Unknown):
            # It comes from something that failed, by ways that are no dependencies.
            return True
        return any(urn in self._failed for urn in (*step.goal.dependencies, step.goal.parent))

    async def _carry_out(self, step: Step, decision: Decision) -> Registered:
        await step.connection.cluster.ready()
        timeout_s = step.goal.timeouts.get("update" if decision.operation is Operation.UPDATE else "create")
        wait = wait_for(objects.head(step.inputs), asked=step.waits, timeout_s=timeout_s)
        if self._unknowable(step):
            self._emit(StepFinished(step.subject, decision.operation, decision.changes))
            return self._foretold(step, decision)
        before = await _as_it_is(step, decision)
        applied = await self._applier.apply(step, decision)
        if before is not None and comparable(before) == comparable(applied.live):
            applied, decision = replace(applied, operation=Operation.SAME), Decision(Operation.SAME)
        if wait is None or self._dry_run or wait.judge(applied.live).state is State.READY:
            return self._done(applied, decision.changes)
        return await self._until_ready(applied, decision.changes, wait)

    async def _until_ready(self, applied: Applied, differing: Sequence[FieldChange], wait: Wait) -> Registered:
        step = applied.step
        # However this run ends, the next one knows that the object is there, and was not seen ready.
        self._record(applied, init_errors=(_NOT_AWAITED,))
        provider, tell = step.connection.cluster.provider, teller(self._emit, step.subject, awaited_by=step.awaited_by)
        try:
            live = await provider.ready(applied.live, wait, tell=tell, stop=self._stop)
        except StoppedError:
            self._failed.add(step.urn)
            self._emit(StepFinished(step.subject, applied.operation, tuple(differing)))
            return Registered(step.urn, objects.object_id(applied.live), failed=True)
        except KubernetesError as error:
            return self._unready(applied, error)
        return self._done(replace(applied, live=live), differing)

    def _unready(self, applied: Applied, error: KubernetesError) -> Registered:
        """Keep an object that was applied and did not become ready, with the reasons, as Pulumi does."""
        step, cluster = applied.step, applied.step.connection.cluster
        if isinstance(error, ClusterUnavailableError):
            cluster.fail(error.problem)
        cluster.has_failed_objects = True
        problem = _with_consequence(_hidden(error.problem, step), step)
        live = error.live if isinstance(error, NotReadyError) else applied.live
        id_, _ = self._record(replace(applied, live=live), (problem.summary, *problem.detail.splitlines()))
        self._failed.add(step.urn)
        self._emit(StepFailed(step.subject, applied.operation, problem))
        return Registered(step.urn, id_, failed=True)

    def _unknowable(self, step: Step) -> bool:
        """A preview cannot ask the cluster about what needs something that is not there yet."""
        if not self._dry_run:
            return False
        return values.holds(step.inputs, Unknown) or any(urn in self._pending for urn in step.goal.dependencies)

    def _foretold(self, step: Step, decision: Decision) -> Registered:
        """Say what can be said of an object in a preview without asking its cluster."""
        self._arrived.note(step.connection.cluster, step.inputs)
        outputs, id_ = objects.expected(step.inputs), ""
        if step.old is not None and decision.operation is Operation.UPDATE:
            metadata = {**values.reveal(step.old.outputs.get("metadata") or {}), **step.inputs["metadata"]}
            outputs, id_ = {**step.old.outputs, **step.inputs, "metadata": metadata}, step.old.id
        else:
            self._note_pending(step)
        recorded = recording.record(
            step.goal, step.urn, step.old, id_=id_, inputs=step.inputs, outputs=outputs, now=self._now()
        )
        self._roster.put(recorded, former=step.old.urn if step.old else None)
        return Registered(step.urn, id_, _visible(outputs))

    def _note_pending(self, step: Step) -> None:
        """Note what others need before a cluster can be asked about them: a namespace, or a kind."""
        if arrivals.brought(step.inputs):
            self._pending.add(step.urn)

    def _doubt(self, step: Step, decision: Decision, error: NamespaceMissingError | KindNotServedError) -> Registered:
        """What is missing in a preview may be among what the program has yet to register."""
        is_namespace = isinstance(error, NamespaceMissingError)
        thing = arrivals.namespace_of(step.inputs) if is_namespace else arrivals.kind_of(step.inputs)
        self._doubtful.append((step, decision, thing, error.problem))
        return self._foretold(step, decision)

    def _untried(self, step: Step, decision: Decision, problem: Problem) -> Registered:
        """Who may only read can preview all the same, if not as surely."""
        step.connection.cluster.warn(_UNTRIED, problem.detail)
        self._emit(StepFinished(step.subject, decision.operation, decision.changes))
        return self._foretold(step, decision)

    def _done(self, applied: Applied, differing: Sequence[FieldChange]) -> Registered:
        id_, outputs = self._record(applied)
        step = applied.step
        if not applied.is_there:
            self._note_pending(step)
        located = objects.located(step.inputs, applied.live)
        subject = step.subject if located is step.inputs else step.with_inputs(located).subject
        # How what is taken over was before is not known.
        told = () if applied.operation is Operation.ADOPT else tuple(differing)
        self._emit(StepFinished(subject, applied.operation, told))
        return Registered(step.urn, id_, _visible(outputs))

    def _record(self, applied: Applied, init_errors: tuple[str, ...] = ()) -> tuple[str, Mapping[str, Any]]:
        """Record an object as its cluster has it; return its id and outputs."""
        step, live = applied.step, applied.live
        inputs = objects.located(step.inputs, live)
        outputs = objects.outputs(inputs, live, step.manager, step.goal.additional_secret_outputs)
        id_ = objects.object_id(live) if applied.is_there else ""
        recorded = recording.record(
            step.goal,
            step.urn,
            step.old,
            id_=id_,
            inputs=inputs,
            outputs=outputs,
            init_errors=init_errors,
            now=self._now(),
        )
        self._roster.put(recorded, former=step.old.urn if step.old else None)
        self._arrived.note(step.connection.cluster, inputs)
        return id_, outputs

    def _same(self, step: Step) -> Registered:
        old = step.old
        assert old is not None
        if isinstance(step.observation, Unreadable):
            return self._fail(step, Operation.READ, step.observation.problem)
        outputs = old.outputs
        if step.heals and step.observation is not None:
            seen = absorb(old, step.observation)
            outputs = old.outputs if seen is None else seen.outputs
        inputs = old.inputs if step.inputs == old.inputs else step.inputs
        secret = step.goal.additional_secret_outputs
        if inputs is not old.inputs or set(secret) != set(old.additional_secret_outputs):
            outputs = objects.outputs(inputs, _visible(values.reveal(outputs)), step.manager, secret)
        recorded = recording.record(
            step.goal, step.urn, old, id_=old.id, inputs=inputs, outputs=outputs, now=self._now()
        )
        self._roster.put(recorded, former=old.urn)
        self._arrived.note(step.connection.cluster, inputs)
        self._emit(StepFinished(step.subject, Operation.SAME))
        return Registered(step.urn, recorded.id, _visible(outputs))

    def _fail(self, step: Step, operation: Operation, problem: Problem) -> Registered:
        self._emit(StepFailed(step.subject, operation, _hidden(problem, step)))
        return self._kept(step)

    def _skip(self, step: Step) -> Registered:
        self._emit(StepFinished(step.subject, Operation.SKIP))
        return self._kept(step)

    def _kept(self, step: Step) -> Registered:
        """What failed, or was not tried, stays in the state as it is: perhaps deleted and not yet made again."""
        self._failed.add(step.urn)
        if step.old is None:
            return Registered(step.urn, failed=True)
        kept = self._keep(step, self._roster.old.get(step.old.urn, step.old))
        return Registered(step.urn, kept.id, failed=True)

    def _keep(self, step: Step, old: Resource) -> Resource:
        kept = replace(old, urn=step.urn, type=step.goal.type, parent=step.goal.parent)
        self._roster.keep(kept, former=old.urn)
        return kept


async def _as_it_is(step: Step, decision: Decision) -> Mapping[str, Any] | None:
    """Return the object before an update that may turn out to be none; None for any other step."""
    if decision.operation is not Operation.UPDATE or not decision.changes or step.is_uncertain:
        return None
    if not spelling.may_be_the_same(decision.changes):
        return None
    return await step.connection.cluster.provider.read(Ref.of(values.reveal(step.inputs)))


async def _namespace(goal: Goal, before: Mapping[str, Any] | None, connection: Connection) -> str | None:
    """Return the namespace of an object that names none; None for cluster-scoped kinds, and where it is not known."""
    metadata = values.reveal(goal.inputs.get("metadata") or {})
    if isinstance(metadata, Unknown) or metadata.get("namespace"):
        return None
    with suppress(ClusterUnavailableError, ObjectFailedError):  # Creating it fails for the same reason, and says so.
        if before is None:
            is_in_one = await connection.cluster.provider.is_namespaced(*objects.api_version_and_kind(goal.type))
        else:
            is_in_one = bool(values.reveal(before["metadata"]).get("namespace"))
        return connection.namespace if is_in_one else None
    return None


def _visible(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the program sees of outputs: all but what engines keep for themselves."""
    return {key: value for key, value in outputs.items() if not key.startswith("__")}


def _hidden(problem: Problem, step: Step) -> Problem:
    """An API server repeats what it refuses."""
    return hiding.in_problem(problem, hiding.hider(hiding.secrets_in(step.inputs)))


def _with_consequence(problem: Problem, step: Step) -> Problem:
    if not step.awaited_by:
        return problem
    return replace(problem, detail="\n".join((problem.detail, f"{step.awaited_by} waits for it, and is left alone.")))


def _needs(step: Step, left_out: Sequence[str]) -> Problem:
    names = ", ".join(repr(urns.parse(urn).name) for urn in left_out)
    return Problem(
        f"{step.subject} needs {names}, which is left out and not there yet",
        hint="Target both, or leave out both.",
    )
