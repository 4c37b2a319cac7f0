"""What waits: paused clusters, and in scheduled runs the applications that are not automated.

What was deployed there stays wanted, at the commits that it was deployed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fleet.errors import PlanError, Problem, Where
from fleet.model.plan import Target
from fleet.plan.namespace import DEFAULT_NAMESPACE

# (application, cluster, namespace) → per source the full SHA, or chart version, that was deployed last.
Deployed = Mapping[tuple[str, str, str], tuple[str, ...]]


def waits(targets: Iterable[Target], paused: Iterable[str], *, scheduled: bool) -> bool:
    """Return whether anything stays at its deployed commit in this run, so that those commits must be known."""
    return any(paused) or (scheduled and any(not target.application.sync.automated for target in targets))


def hold(
    targets: Iterable[Target], deployed: Deployed, paused: Iterable[str], *, scheduled: bool = False
) -> tuple[Target, ...]:
    """Return the targets, those that are to wait at their deployed commits; what is not deployed there is left out.

    paused: the names of the paused clusters. scheduled: applications that are not automated wait, too.
    Raises PlanError for what is deployed to a paused cluster and no longer declared: an object that nobody wants is an
    object to delete.
    """
    targets, paused = tuple(targets), frozenset(paused)
    held = {target: deployed.get(_place(target)) for target in targets if _is_held(target, paused, scheduled)}
    declared = {_place(target) for target in targets}
    problems = [_undeclared(place) for place in deployed if place[1] in paused and place not in declared]
    problems += (_other_sources(target) for target, known in held.items() if known and not _fits(target, known))
    if problems:
        raise PlanError(*problems)
    return tuple(
        _at(target, known) if (known := held.get(target)) else target
        for target in targets
        if target not in held or held[target]
    )


def _is_held(target: Target, paused: frozenset[str], scheduled: bool) -> bool:
    return target.cluster.name in paused or (scheduled and not target.application.sync.automated)


def _place(target: Target) -> tuple[str, str, str]:
    return target.application.name, target.cluster.name, target.namespace or DEFAULT_NAMESPACE


def _fits(target: Target, commits: Sequence[str]) -> bool:
    """Return whether there is a commit for each source; a source whose repository is another one is not noticed."""
    return len(commits) == len(target.sources)


def _at(target: Target, commits: Sequence[str]) -> Target:
    pinned = (
        replace(source, revision=replace(source.revision, name=commit, tag_prefix=""))
        for source, commit in zip(target.sources, commits, strict=True)
    )
    return replace(target, sources=tuple(pinned))


def _other_sources(target: Target) -> Problem:
    return Problem(
        "the application waits here at the commits it was deployed from, and has other sources now",
        target.destination.where,
        detail="Which commit belongs to which source can no longer be told.",
        hint="Deploy it with a run that does not leave it alone: resume the cluster, or run `up` by hand.",
    ).at(application=target.application.name, cluster=target.cluster.name)


def _undeclared(place: tuple[str, str, str]) -> Problem:
    application, cluster, namespace = place
    return Problem(
        f"the application is deployed to namespace {namespace!r} of this paused cluster, and no longer declared for it",
        Where(application=application, cluster=cluster),
        detail="Its objects would be deleted, but nothing changes in a paused cluster.",
        hint="Declare it again, or resume the cluster.",
    )
