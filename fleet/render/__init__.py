"""Rendering: from sources to manifests, the part with effects.

In: which revisions of which repositories, then which paths at which commits. Out: full SHAs, then Manifests. It
knows nothing of clusters, and decides nothing about what goes where.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TypeVar

from fleet.errors import FleetError, Problem, RenderError, SourceError, Where
from fleet.model.manifest import Manifest
from fleet.model.plan import RenderRequest
from fleet.render.cache import Cache
from fleet.render.charts.charts import Charts
from fleet.render.git import Repositories
from fleet.render.objects import DamagedError
from fleet.render.partial import LackingError
from fleet.render.problems import completed, users
from fleet.render.progress import Report, once
from fleet.render.renderer import Overrule, Renderer, as_declared, needed
from fleet.render.source_files import source_files
from fleet.render.sources import Sources
from fleet.render.tools import Tools

__all__ = ["Charts", "Repositories", "Sources", "render_possible", "source_files_of"]

Result = TypeVar("Result")

# Reading waits for git, parsing does not wait: more threads than this only take turns.
_AT_ONCE = 4


def render_possible(
    requests: Iterable[RenderRequest],
    sources: Sources,
    report: Report,
    used_by: Mapping[RenderRequest, Where] = MappingProxyType({}),
    *,
    overrule: Overrule = as_declared,
) -> tuple[Mapping[RenderRequest, tuple[Manifest, ...]], FleetError | None]:
    """Return the manifests of those requests that can be rendered, and what is wrong with the others.

    Requests that come to the same are rendered once. report: gets warnings, a line each. used_by: completes `where` of
    the problems of a request. overrule: returns the tool of a request with one of the path's source files, by path and
    text, on top of it. The error has the problems of all requests: it is a SourceError if any repository or path is at
    fault, else a RenderError; None when all could be rendered.
    """
    cache = Cache(sources.cache_dir / "render")
    renderer = Renderer(sources, once(report), Tools(os.environ.get("PATH", "")), cache, overrule)
    wanted = tuple(dict.fromkeys(requests))
    failed: list[FleetError] = []
    settled = _each(wanted, renderer.settle, sources, failed, lambda request: used_by.get(request, Where()))
    sharing: dict[RenderRequest, list[Where]] = {}
    for request, same in settled.items():
        sharing.setdefault(same, []).append(used_by.get(request, Where()))
    tools = needed(sharing)
    for tool in tools:
        using = users([place for request, places in sharing.items() if tool in needed([request]) for place in places])
        failed += (RenderError(*completed(error.problems, using)) for error in renderer.tools.missing([tool]))
    possible = [request for request in sharing if not renderer.tools.missing(needed([request]))]
    rendered = _each(possible, renderer.render, sources, failed, lambda request: users(sharing[request]))
    if tools:
        cache.trim()
    made = {request: rendered[same] for request, same in settled.items() if same in rendered}
    return MappingProxyType(made), _all_of(failed)


def source_files_of(
    requests: Iterable[RenderRequest], sources: Sources, used_by: Mapping[RenderRequest, Where] = MappingProxyType({})
) -> Mapping[RenderRequest, tuple[tuple[str, str], ...]]:
    """Return path and text of each request's source files, in the order in which they count. Raises SourceError."""

    def read(request: RenderRequest) -> tuple[tuple[str, str], ...]:
        with sources.snapshot(request) as snapshot:
            return () if request.chart else tuple(source_files(request, snapshot))

    failed: list[FleetError] = []
    found = _each(dict.fromkeys(requests), read, sources, failed, lambda request: used_by.get(request, Where()))
    error = _all_of(failed)
    if error is not None:
        raise error
    return MappingProxyType(found)


def _all_of(failed: Sequence[FleetError]) -> FleetError | None:
    if not failed:
        return None
    kind = SourceError if any(isinstance(each, SourceError) for each in failed) else RenderError
    return kind(*(problem for each in failed for problem in each.problems))


def _each(
    requests: Iterable[RenderRequest],
    make: Callable[[RenderRequest], Result],
    sources: Sources,
    failed: list[FleetError],
    user: Callable[[RenderRequest], Where],
) -> dict[RenderRequest, Result]:
    """Return what is made of each request; errors are added to `failed`.

    Requests that lack files wait until all others are made: then the files of all of them are fetched together.
    """
    wanted = tuple(requests)
    outcomes = _attempts(wanted, make, sources)
    while lacking := {request: each for request, each in outcomes.items() if isinstance(each, LackingError)}:
        failures = sources.obtain(lacking.values())
        outcomes |= {
            request: failures[each.directory] for request, each in lacking.items() if each.directory in failures
        }
        again = [request for request, each in lacking.items() if each.directory not in failures]
        outcomes |= _attempts(again, make, sources)
    made: dict[RenderRequest, Result] = {}
    for request, outcome in outcomes.items():
        if isinstance(outcome, FleetError):
            failed.append(type(outcome)(*completed(outcome.problems, user(request))))
        elif not isinstance(outcome, LackingError):
            made[request] = outcome
    return made


def _attempts(
    requests: Sequence[RenderRequest], make: Callable[[RenderRequest], Result], sources: Sources
) -> dict[RenderRequest, Result | FleetError | LackingError]:
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        outcomes = pool.map(lambda request: _attempt(request, make, sources), requests)
        return dict(zip(requests, outcomes, strict=True))


def _attempt(
    request: RenderRequest, make: Callable[[RenderRequest], Result], sources: Sources
) -> Result | FleetError | LackingError:
    """Return what is made, or the error. A mirror that turns out to be damaged is fetched anew, once."""
    try:
        try:
            return make(request)
        except DamagedError as damaged:
            sources.renew(damaged.directory)
            return make(request)
    except (FleetError, LackingError) as error:
        return error
    except DamagedError as damaged:
        summary = "a repository cannot be read, though it has been fetched anew"
        hint = f"Delete {damaged.directory} while nothing runs, and check the repository with `git fsck`."
        return SourceError(Problem(summary, detail=f"Its {damaged}.", hint=hint))
