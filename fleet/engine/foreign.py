"""Foreign: what a state holds that only Pulumi can work with.

In: a snapshot. Out: nothing, or one error that names all of it. This engine would take such a resource for something
that the program no longer wants, and to forget it would lose it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from fleet.engine import objects
from fleet.engine import urn as urns
from fleet.engine.checkpoint import shortened
from fleet.engine.state import Resource, Snapshot
from fleet.engine.unsupported import unsupported
from fleet.errors import Problem, UnsupportedError, gather

# `default`, and since there are versions of packages `default_4_34_2`.
_DEFAULT_PROVIDER: Final = "default"
_OPERATIONS: Final = ("creating", "updating", "deleting")
_NEVER: Final = "the embedded engine never works with whatever cluster a kubeconfig happens to point at"
_EXPLICIT: Final = (
    "The state is left untouched. Give its resources an explicit provider, and deploy that once with Pulumi."
)
_UNTOUCHED: Final = "The state is left untouched. Use Pulumi for this stack."


def refuse(snapshot: Snapshot) -> None:
    """Raise UnsupportedError for resources, and operations under way, of what this engine does not deploy."""
    under_way = snapshot.pending_operations
    found: dict[Problem, list[str]] = {}
    for each in (*snapshot.resources, *(operation.resource for operation in under_way)):
        for problem in _problems(each):
            found.setdefault(problem, []).append(each.urn)
    for operation in under_way:
        if operation.type not in _OPERATIONS:
            summary = f"The state holds an operation under way that the embedded engine does not know: {operation.type}"
            found.setdefault(Problem(summary, hint=_UNTOUCHED), []).append(operation.resource.urn)
    errors = (_with_urns(problem, urns_) for problem, urns_ in found.items())
    error = gather(errors)
    if error is not None:
        raise error


def _problems(resource: Resource) -> Iterator[Problem]:
    """Yield what is foreign about a resource. What was only read is not ours to lose, and providers hold nothing."""
    if not resource.custom or resource.external or resource.is_provider:
        return
    reason = _reason(resource)
    if reason:
        yield Problem(f"The state holds a {resource.type}: the embedded engine {reason}", hint=_UNTOUCHED)
    elif resource.provider and urns.parse(resource.provider_urn).name.startswith(_DEFAULT_PROVIDER):
        yield Problem(f"The state holds objects of Pulumi's default provider; {_NEVER}", hint=_EXPLICIT)


def _reason(resource: Resource) -> str:
    try:
        if resource.type.count(":") != 2 or not objects.is_object(resource.type):
            return "deploys to Kubernetes only"
    except UnsupportedError:
        return f"does not support resources of type {resource.type}"
    is_patch = objects.is_patch(resource.type, resource.inputs or resource.outputs)
    return "does not support resources that patch objects" if is_patch else ""


def _with_urns(problem: Problem, found: Iterable[str]) -> UnsupportedError:
    return unsupported(problem.summary, detail=shortened(tuple(found)), hint=problem.hint)
