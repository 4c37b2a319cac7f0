"""Rendering: from sources to manifests, the part with effects.

In: which revisions of which repositories, then which directories at which commits. Out: full SHAs, then Manifests. It
knows nothing of clusters, and decides nothing about what goes where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

from fleet.errors import FleetError, Problem, RenderError, SourceError, Where
from fleet.model.manifest import Manifest
from fleet.model.plan import RenderRequest
from fleet.render.directory import render
from fleet.render.git import Repositories
from fleet.render.objects import DamagedError
from fleet.render.problems import completed
from fleet.render.progress import Report, one_at_a_time

__all__ = ["Repositories", "render_all"]

# Reading waits for git, parsing does not wait: more threads than this only take turns.
_AT_ONCE = 4


def render_all(
    requests: Iterable[RenderRequest],
    repositories: Repositories,
    report: Report,
    used_by: Mapping[RenderRequest, Where] = MappingProxyType({}),
) -> Mapping[RenderRequest, tuple[Manifest, ...]]:
    """Return the manifests of each request; equal requests are rendered once.

    report: gets warnings, a line each. used_by: completes `where` of the problems of a request.
    Raises one error with the problems of all requests: a SourceError if any repository or path is at fault, else a
    RenderError.
    """
    wanted = tuple(dict.fromkeys(requests))
    warn = one_at_a_time(report)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        outcomes = tuple(pool.map(lambda request: _attempt(request, repositories, warn), wanted))
    failed = [
        type(outcome)(*completed(outcome.problems, used_by.get(request, Where())))
        for request, outcome in zip(wanted, outcomes, strict=True)
        if isinstance(outcome, FleetError)
    ]
    if failed:
        kind = SourceError if any(isinstance(each, SourceError) for each in failed) else RenderError
        raise kind(*(problem for each in failed for problem in each.problems))
    rendered = zip(wanted, outcomes, strict=True)
    return MappingProxyType({request: found for request, found in rendered if isinstance(found, tuple)})


def _attempt(request: RenderRequest, repositories: Repositories, report: Report) -> tuple[Manifest, ...] | FleetError:
    """Return the manifests, or the error. A mirror that turns out to be damaged is fetched anew, once."""
    try:
        try:
            return _render(request, repositories, report)
        except DamagedError as damaged:
            repositories.renew(damaged.directory)
            return _render(request, repositories, report)
    except FleetError as error:
        return error
    except DamagedError as damaged:
        summary = "a repository cannot be read, though it has been fetched anew"
        hint = f"Delete {damaged.directory} while nothing runs, and check the repository with `git fsck`."
        return SourceError(Problem(summary, detail=f"Its {damaged}.", hint=hint))


def _render(request: RenderRequest, repositories: Repositories, report: Report) -> tuple[Manifest, ...]:
    with repositories.snapshot(request.repo, request.commit) as snapshot:
        return render(request, snapshot, report)
