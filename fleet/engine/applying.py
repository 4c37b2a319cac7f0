"""Applying: bringing one object about in its cluster, by creating, updating or replacing it.

In: a step, decided. Out: the object as the cluster has it. What must be durable before something is done in the
cluster, and between two halves of it, is entered in the roster here; what comes of it all is the registrar's to record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fleet.engine import arrivals, leaving, objects, paths, recording, values
from fleet.engine.arrivals import Arrivals
from fleet.engine.clusters import Clusters, Connection
from fleet.engine.events import Event, FieldChange, Operation, teller
from fleet.engine.interrupted import Interrupted, Made
from fleet.engine.kubernetes.diff import comparable
from fleet.engine.kubernetes.errors import (
    ImmutableFieldError,
    KindNotServedError,
    NamespaceMissingError,
    ObjectFailedError,
)
from fleet.engine.kubernetes.observation import Live
from fleet.engine.kubernetes.refs import Ref
from fleet.engine.roster import Roster
from fleet.engine.state import Resource
from fleet.engine.steps import Decision, Step
from fleet.errors import Problem
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. step: with the inputs that were applied. is_there: False for what a preview would only make."""

    step: Step
    operation: Operation
    live: Mapping[str, Any]
    is_there: bool = True


class Applier:
    """Applies steps. dry_run: asks the API servers what would come of it."""

    def __init__(
        self,
        roster: Roster,
        clusters: Clusters,
        interrupted: Interrupted,
        arrived: Arrivals,
        *,
        now: Callable[[], str],
        emit: Callable[[Event], None],
        stop: asyncio.Event,
        dry_run: bool,
    ) -> None:
        self._roster = roster
        self._clusters = clusters
        self._interrupted = interrupted
        self._arrived = arrived
        self._now = now
        self._emit = emit
        self._stop = stop
        self._dry_run = dry_run

    async def apply(self, step: Step, decision: Decision) -> Applied:
        """Do what was decided. Raises KubernetesError."""
        if decision.operation is Operation.CREATE:
            step = _as_new(step)
            live = await self._create(step)
            operation = Operation.ADOPT if live.adopted else Operation.CREATE
            return Applied(step, operation, live.body, is_there=live.adopted or not self._dry_run)
        if decision.operation is Operation.REPLACE:
            return await self._replace(step, decision.changes)
        if step.is_uncertain and not self._dry_run and await self._is_leaving(step):
            return await self._restore(step)
        try:
            return Applied(step, Operation.UPDATE, (await self._update(step)).body)
        except ImmutableFieldError:
            return await self._replace(step, decision.changes)

    async def _create(self, step: Step) -> Live:
        planned = recording.record(step.goal, step.urn, None, inputs=step.inputs, outputs={}, now=self._now())
        try:
            made = await self._interrupted.made(step.urn, step.inputs, step.connection)
            return await (self._make(step, planned) if made is None else self._go_on(step, planned, made))
        except ObjectFailedError as error:
            if not error.is_made and not self._interrupted.is_there(step.urn):
                self._roster.not_created(planned)
            raise

    async def _go_on(self, step: Step, planned: Resource, made: Made) -> Live:
        """Take over what a run that was cut off has made; make it anew where it cannot become what is wanted."""
        if not made.is_leaving:
            try:
                return await self._make(step, planned, adopt=True)
            except ImmutableFieldError as error:
                if step.goal.protect:
                    raise ObjectFailedError(_protected(step, ())) from error
        if self._dry_run:
            return Live(objects.expected(step.inputs), adopted=False)
        tell = teller(self._emit, step.subject)
        await leaving.until_gone(step.connection.cluster, planned, made.ref, tell=tell, stop=self._stop)
        self._interrupted.is_gone(step.urn)
        return await self._make(step, planned)

    async def _make(self, step: Step, planned: Resource, *, adopt: bool = False) -> Live:
        return await self._with_what_it_needs(
            step,
            lambda: step.connection.cluster.provider.create(
                values.reveal(step.inputs),
                manager=step.manager,
                adopt=adopt or step.connection.adopt,
                dry_run=self._dry_run,
                about_to=lambda: self._roster.creating(planned),
            ),
        )

    async def _with_what_it_needs(self, step: Step, create: Callable[[], Awaitable[Live]]) -> Live:
        try:
            return await create()
        except (NamespaceMissingError, KindNotServedError) as error:
            is_namespace = isinstance(error, NamespaceMissingError)
            thing = arrivals.namespace_of(step.inputs) if is_namespace else arrivals.kind_of(step.inputs)
            if self._dry_run or not await self._arrived.wait(step.connection.cluster, thing):
                raise
        return await create()

    async def _update(self, step: Step) -> Live:
        provider, old = step.connection.cluster.provider, step.old
        assert old is not None
        wanted = values.reveal(step.inputs)
        if step.goal.ignore_changes:
            wanted = _with_live(wanted, await provider.read(Ref.of(wanted)), step.goal.ignore_changes)
        try:
            return await provider.update(
                wanted,
                manager=step.manager,
                dry_run=self._dry_run,
                about_to=lambda: self._roster.touching(old, "updating"),
            )
        except ObjectFailedError as error:
            if not error.is_made:
                self._roster.untouched(old)
            raise

    async def _is_leaving(self, step: Step) -> bool:
        live = await step.connection.cluster.provider.read(Ref.of(values.reveal(step.inputs)))
        return live is not None and bool(live["metadata"].get("deletionTimestamp"))

    async def _restore(self, step: Step) -> Applied:
        """Make an object again that a run which was cut off has deleted, and that is still on its way out."""
        assert step.old is not None
        new = step.with_inputs(_anew(step))
        await self._delete(step.old, step.connection, step)
        return Applied(new, Operation.UPDATE, (await self._create(new)).body)

    async def _replace(self, step: Step, differing: Sequence[FieldChange]) -> Applied:
        """Delete an object that keeps its name first; one that gets another is created, and the old one goes last."""
        old = step.old
        assert old is not None
        new = step.with_inputs(_anew(step))
        before = self._clusters.of_state(old)
        if step.goal.protect:
            raise ObjectFailedError(_protected(step, differing))
        if _is_the_same(old, before, new):
            if step.goal.retain_on_delete:
                raise ObjectFailedError(_retained(step, differing))
            must_go_first = True
        else:
            must_go_first = bool(step.goal.delete_before_replace) and not step.goal.retain_on_delete
        if self._dry_run:
            return Applied(new, Operation.REPLACE, objects.expected(new.inputs), is_there=False)
        if must_go_first and before is not None:
            await self._delete(old, before, step)
        live = await self._create(new)
        if not must_go_first:
            self._roster.doom(replace(old, protect=False, retain_on_delete=bool(step.goal.retain_on_delete)))
        return Applied(new, Operation.REPLACE, live.body)

    async def _delete(self, old: Resource, connection: Connection, step: Step) -> None:
        tell = teller(self._emit, step.subject)
        await leaving.delete(connection.cluster, old, self._roster, tell=tell, stop=self._stop)
        # From here to the new one's creation there is none, which the next run must know if this one ends here.
        self._roster.amend(replace(old, pending_replacement=True))


def _as_new(step: Step) -> Step:
    """Return the step without the fields of an object that is gone: what is ignored is ignored in what is there."""
    if step.old is None or not step.goal.ignore_changes:
        return step
    goal, known = step.goal, objects.known_inputs(step.old)
    namespace = step.inputs["metadata"].get("namespace")
    return step.with_inputs(objects.body(goal.type, goal.name, goal.inputs, known, namespace))


def _anew(step: Step) -> Mapping[str, Any]:
    """Return the inputs as for an object that was never there: nothing is ignored, and a name is found anew."""
    goal, namespace = step.goal, step.inputs["metadata"].get("namespace")
    return objects.body(goal.type, goal.name, goal.inputs, None, namespace)


def _is_the_same(old: Resource, before: Connection | None, new: Step) -> bool:
    """Return whether the new object would be in the old one's place."""
    if before is None or not before.reaches(new.connection):
        return False
    return objects.identity(objects.known_inputs(old)) == objects.identity(new.inputs)


def _with_live(wanted: Any, live: Mapping[str, Any] | None, ignored: Sequence[str]) -> Any:
    """Return what to apply so that ignored fields stay as they are there: to leave out ours would remove them."""
    if live is None:
        return wanted
    merged = paths.keep_old(wanted, comparable(live), [paths.parse(text) for text in ignored])
    who = {key: wanted["metadata"][key] for key in ("name", "namespace") if key in wanted["metadata"]}
    what = {key: wanted[key] for key in ("apiVersion", "kind")}
    return {**merged, **what, "metadata": {**merged.get("metadata", {}), **who}}


def _protected(step: Step, differing: Sequence[FieldChange]) -> Problem:
    hint = "Take back the change, or remove `protect` from it in the program."
    return Problem(f"{step.subject} is protected and would have to be replaced", detail=_because(differing), hint=hint)


def _retained(step: Step, differing: Sequence[FieldChange]) -> Problem:
    return Problem(
        f"{step.subject} is to be retained and would have to be deleted and made again",
        detail=_because(differing),
        hint="Take back the change, delete the object yourself, or let it be deleted (`retain_on_delete=False`; for "
        "an application: `prune=True`).",
    )


def _because(differing: Sequence[FieldChange]) -> str:
    fields = ", ".join(change.path for change in differing)
    return f"These fields change, and not all of them can be changed in place: {fields}." if fields else ""
