"""Conflicts: what makes the manifests of a cluster impossible to deploy together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fleet.errors import Problem
from fleet.model.manifest import ObjectKey
from fleet.model.plan import Rendered, Target, TargetSource
from fleet.model.source import ChartSource
from fleet.plan.wanted import Wanted


def empty(rendered: Iterable[Rendered]) -> Iterable[Problem]:
    """Yield a problem for each application that renders nothing in a cluster and does not allow that."""
    for each in rendered:
        target = each.target
        if not each.manifests and not target.application.sync.allow_empty:
            yield Problem(
                _nothing(target, each.commits),
                target.destination.where,
                detail="What the application has deployed would no longer be wanted there.",
                hint="Check the path. If it is meant to be empty: allow_empty=True, in YAML `allowEmpty: true`.",
            ).at(application=target.application.name, cluster=target.cluster.name)


def _nothing(target: Target, commits: Sequence[str]) -> str:
    places = [_place(*each) for each in zip(target.sources, commits, strict=True) if each[0].source.renders]
    if len(places) == 1:
        return "{} holds no object at {}".format(*places[0])
    return f"no source holds an object: {', '.join(f'{what} at {when}' for what, when in places)}"


def _place(source: TargetSource, commit: str) -> tuple[str, str]:
    if isinstance(source.source, ChartSource):
        return f"chart {source.source.chart}", f"version {commit}"
    return repr(source.path), f"{source.revision.name} ({commit[:12]})"


def merged(wanted: Iterable[Wanted]) -> tuple[Wanted, ...]:
    """Return the objects without those that one application wants twice alike, as two of its destinations may."""
    unique: dict[tuple[str, ObjectKey], list[Wanted]] = {}
    for each in wanted:
        known = unique.setdefault((each.application, each.key), [])
        if all(each.manifest.body != other.manifest.body for other in known):
            known.append(each)
    return tuple(each for known in unique.values() for each in known)


def clashes(wanted: Iterable[Wanted]) -> Iterable[Problem]:
    """Yield a problem for each object of a cluster that is wanted more than once."""
    claims: dict[ObjectKey, list[Wanted]] = {}
    for each in wanted:
        claims.setdefault(each.key, []).append(each)
    for key in sorted(key for key, several in claims.items() if len(several) > 1):
        yield _clash(key, sorted(claims[key], key=_claimant))


def _claimant(wanted: Wanted) -> tuple[str, str]:
    return wanted.application, str(wanted.manifest.where)


def _clash(key: ObjectKey, claims: Sequence[Wanted]) -> Problem:
    applications = sorted({claim.application for claim in claims})
    cluster = claims[0].target.cluster.name
    detail = "\n".join(_claim(claim) for claim in claims)
    if len(applications) == 1:
        return Problem(
            f"{key} is there more than once, and not the same",
            detail=detail,
            hint="Leave one of them out.",
        ).at(application=applications[0], cluster=cluster)
    return Problem(
        f"{key} is wanted by {' and '.join(applications)}",
        detail=detail,
        hint="An object belongs to one application of a cluster. Leave it out of the others.",
    ).at(cluster=cluster)


def _claim(claim: Wanted) -> str:
    where = claim.manifest.where
    place = f"{where.file}:{where.line}" if where.line else where.file
    origins = (f"{source.revision.repo} at {source.revision.name}" for source in claim.target.rendering)
    return f"{claim.application}: {place} of {' or '.join(origins)}"
