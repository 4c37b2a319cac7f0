"""Stacks: which there are in a backend, as far as that can be told without their secrets, and removing one.

In: a backend. Out: summaries. A checkpoint is looked into no further than to count what is in it, so that one which
this engine cannot work with is listed, and removed, all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fleet.engine import lock
from fleet.engine.backend import Backend, StackRef
from fleet.engine.state import ROOT_STACK
from fleet.errors import FleetError, Problem, StateError, Where
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """A stack that has a state. updated: RFC 3339; empty before the first update. resources: None where unknown.

    problem: why nothing is known of it. is_held: a run that may be alive holds it.
    """

    ref: StackRef
    updated: str = ""
    resources: int | None = None
    is_held: bool = False
    problem: Problem | None = None


def summaries(backend: Backend, projects: tuple[str, ...]) -> tuple[Summary, ...]:
    """Return the stacks of the projects, by project and name. Raises StateError for another layout."""
    backend.check_layout()
    refs = (StackRef(project, stack) for project in projects for stack in backend.stacks(project))
    return tuple(_summary(backend, ref) for ref in refs)


def _summary(backend: Backend, ref: StackRef) -> Summary:
    held = any(not holder.is_dead() for holder in lock.holders(backend, ref))
    try:
        latest = _latest(backend, ref)
    except StateError as error:
        return Summary(ref, is_held=held, problem=error.problems[0])
    resources = len(latest.get("resources") or ())
    return Summary(ref, str((latest.get("manifest") or {}).get("time") or ""), resources, held)


def _latest(backend: Backend, ref: StackRef) -> Mapping[str, Any]:
    """Return the parsed JSON of a stack's deployment. Raises StateError for a damaged one."""
    try:
        latest = json.loads(backend.read(ref) or b"{}").get("checkpoint", {}).get("latest") or {}
        return dict(latest)
    except (ValueError, AttributeError, TypeError) as error:
        raise backend.broken(ref, f"{type(error).__name__}: {error}") from error


def remove(backend: Backend, ref: StackRef, *, force: bool, backups: bool) -> None:
    """Remove a stack, its state and its history; nothing in any cluster changes. backups: those go too.

    Raises FleetError for one that still has resources, without `force`; LockedError where a run holds it.
    """
    with lock.held(backend, ref) as hold:
        if not force:
            _refuse_what_is_in_use(backend, ref)
        backend.remove(ref, backups=backups)
        hold.take_over()


def _refuse_what_is_in_use(backend: Backend, ref: StackRef) -> None:
    latest = _latest(backend, ref)
    held = [each for each in latest.get("resources") or () if each.get("type") != ROOT_STACK]
    under_way = latest.get("pending_operations") or ()
    journal = backend.journal_file(ref)
    if held or under_way:
        summary = f"{ref.stack!r} still has resources; removal rejected"
        hint = "`fleet destroy` deletes them; with --force the stack goes, and they stay in their clusters."
        raise FleetError(Problem(summary, detail=f"There are {len(held) + len(under_way)}.", hint=hint))
    if journal.exists():
        summary = f"A run of {ref.stack!r} was interrupted, and its journal may hold resources; removal rejected"
        hint = "`fleet destroy` finds out; with --force the stack goes, and what there may be stays in its clusters."
        raise FleetError(Problem(summary, where=Where(file=str(journal)), hint=hint))
