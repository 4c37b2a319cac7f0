"""Steps: one object on its way from what was to what is wanted, and what is to be done with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fleet.engine import changes, objects, paths
from fleet.engine.clusters import Connection
from fleet.engine.events import FieldChange, Operation, Subject
from fleet.engine.goal import Goal
from fleet.engine.kubernetes.observation import Gone, Observation, Present
from fleet.engine.kubernetes.waits import replaces_unready
from fleet.engine.state import Resource
from fleet.frozen import dataclass

# Paths that mean, to Pulumi, that an object has failed to become ready (pkg/resource/deploy/step_generator.go).
_ANYTHING = frozenset({"*", "#initerror"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One object on its way: what is wanted, what was there, and where.

    inputs: as they will be recorded. old: None when the state does not know the object.
    waits: its application asks for it to become ready, whatever its kind. awaited_by: what begins once it is.
    is_uncertain: a run that was cut off has changed or deleted the object, or was about to.
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
    waits: bool = False
    awaited_by: str = ""
    is_uncertain: bool = False
    observation: Observation | None = None

    def with_inputs(self, inputs: Mapping[str, Any]) -> Step:
        """Return the step for other inputs: what it is about may be called by another name then."""
        subject = objects.subject(self.urn, inputs, self.subject.cluster, self.subject.application)
        return replace(self, inputs=inputs, subject=subject)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with an object, and which fields make it so."""

    operation: Operation
    changes: tuple[FieldChange, ...] = ()


def decide(step: Step, *, moved: bool) -> Decision:
    """Return what is to be done. moved: the object was deployed through a provider for another cluster.

    Drift that is left alone does not count, unless the program itself changes the object: then all of it is applied.
    """
    old, gone = step.old, isinstance(step.observation, Gone)
    if old is None or old.pending_replacement or (gone and step.heals):
        return Decision(Operation.CREATE)
    before = objects.known_inputs(old)
    differing = changes.between(before, step.inputs)
    if moved or objects.identity(before) != objects.identity(step.inputs):
        return Decision(Operation.REPLACE, differing)
    if differing:
        replaces = touches(differing, step.goal.replace_on_changes)
        return Decision(Operation.CREATE if gone else Operation.REPLACE if replaces else Operation.UPDATE, differing)
    drift = step.observation.changes if isinstance(step.observation, Present) else ()
    if step.heals and drift:
        return Decision(Operation.UPDATE, tuple(_reversed(each) for each in drift))
    if old.init_errors:
        # It did not become ready: it is waited for again, as with Pulumi.
        anew = replaces_unready(objects.head(step.inputs)) or bool(_ANYTHING & {*step.goal.replace_on_changes})
        return Decision(Operation.REPLACE if anew else Operation.UPDATE)
    return Decision(Operation.UPDATE if step.is_uncertain else Operation.SAME)


def touches(differing: Iterable[FieldChange], patterns: Sequence[str]) -> bool:
    """Return whether any of the changes is at, within or around one of the paths."""
    parsed = [paths.parse(pattern) for pattern in patterns]
    return any(paths.covers(pattern, paths.parse(change.path)) for change in differing for pattern in parsed)


def _reversed(change: FieldChange) -> FieldChange:
    return FieldChange(change.path, before=change.after, after=change.before)
