"""Paused clusters: what was deployed there stays wanted, at the commits that it was deployed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fleet.errors import PlanError, Problem, Where
from fleet.model.plan import Target
from fleet.plan.namespace import DEFAULT_NAMESPACE

# (application, cluster, namespace) → the full SHA that was deployed last.
Deployed = Mapping[tuple[str, str, str], str]


def hold(targets: Iterable[Target], deployed: Deployed, paused: Iterable[str]) -> tuple[Target, ...]:
    """Return the targets, those in paused clusters at their deployed commits; what is not deployed there is left out.

    paused: the names of the paused clusters.
    Raises PlanError for what is deployed to a paused cluster and no longer declared: an object that nobody wants is an
    object to delete.
    """
    paused = frozenset(paused)
    held = {_place(target): target for target in targets if target.cluster.name in paused}
    problems = [_undeclared(place) for place in deployed if place[1] in paused and place not in held]
    if problems:
        raise PlanError(*problems)
    return tuple(
        _at(target, deployed[_place(target)]) if target.cluster.name in paused else target
        for target in targets
        if target.cluster.name not in paused or _place(target) in deployed
    )


def _place(target: Target) -> tuple[str, str, str]:
    return target.application.name, target.cluster.name, target.namespace or DEFAULT_NAMESPACE


def _at(target: Target, commit: str) -> Target:
    return replace(target, revision=replace(target.revision, name=commit))


def _undeclared(place: tuple[str, str, str]) -> Problem:
    application, cluster, namespace = place
    return Problem(
        f"the application is deployed to namespace {namespace!r} of this paused cluster, and no longer declared for it",
        Where(application=application, cluster=cluster),
        detail="Its objects would be deleted, but nothing changes in a paused cluster.",
        hint="Declare it again, or resume the cluster.",
    )
