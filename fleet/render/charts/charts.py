"""Charts: what a run knows of chart repositories. Every version that is asked for means one archive.

In: Revisions with a chart. Out: exact versions, later Snapshots to read from. An exact version that was fetched once is
never asked for again; a constraint asks the repository in every run. It knows nothing of manifests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet.errors import Problem, SourceError, Where
from fleet.model.plan import Revision
from fleet.render import pins
from fleet.render.charts import location
from fleet.render.charts.archive import NotAChartError
from fleet.render.charts.location import Location
from fleet.render.charts.store import Kept, Store
from fleet.render.mirror import unusable_cache
from fleet.render.objects import Objects
from fleet.render.problems import completed, users
from fleet.render.progress import FetchProgress, Report, one_at_a_time
from fleet.render.snapshot import Node, Root, Snapshot

if TYPE_CHECKING:
    from fleet.render.charts.remote import Remote

# Fetching is waiting.
_AT_ONCE = 8


class Charts:
    """The charts of one run. Use it as a context manager, or close it.

    timeout_s: for one answer of a repository, and for waiting for another run.
    run_id: runs with the same one use the same versions; None for a run that shares with no other.
    substitute: a repository's URL as a chart has it for its dependency → where to fetch it from.
    report: gets a line for what takes long. warn: for a version that was published anew.
    """

    def __init__(
        self,
        *,
        cache_dir: Path,
        timeout_s: float = 300.0,
        run_id: str | None = None,
        substitute: Callable[[str], str] = lambda url: url,
        report: Report = lambda _: None,
        warn: Report = lambda _: None,
    ) -> None:
        self.substitute = substitute
        self._cache_dir = cache_dir.absolute()
        self._run_id = run_id
        self._timeout_s = timeout_s
        self._report = one_at_a_time(report)
        self._warn = one_at_a_time(warn)
        self._store = Store(self._cache_dir / "charts", timeout_s, self._report)
        self._turn = threading.Lock()
        self._remote: Remote | None = None
        self._versions: dict[Revision, str] = {}
        self._kept: dict[tuple[str, str, str], Kept] = {}
        self._idle: list[Objects] = []

    def __enter__(self) -> Charts:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections, and end the git processes that were kept for reading."""
        with self._turn:
            idle, self._idle = self._idle, []
            remote, self._remote = self._remote, None
        for reader in idle:
            reader.close()
        if remote is not None:
            remote.close()

    def resolve(
        self,
        revisions: Iterable[Revision],
        used_by: Mapping[Revision, Where] = MappingProxyType({}),
        *,
        everywhere: Collection[Revision] = (),
    ) -> Mapping[Revision, str]:
        """Return the exact version of each revision; all are in the cache then.

        used_by: completes `where` of the problems of a revision. everywhere: those whose archives may be fetched from
        other hosts with the repository's password. Raises SourceError with the problems of all of them; what is the
        same of several is told once.
        """
        asked = tuple(dict.fromkeys(revisions))
        wanted = [each for each in asked if each not in self._versions]
        pinned = pins.load(self._cache_dir / "runs", self._run_id, wanted)

        def attempt(revision: Revision) -> str | tuple[Problem, ...]:
            try:
                return self._resolve(revision, pinned.get(revision, revision.name), everywhere=revision in everywhere)
            except SourceError as error:
                return error.problems

        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            outcomes = dict(zip(wanted, pool.map(attempt, wanted), strict=True))
        failed: dict[tuple[Problem, ...], list[Where]] = {}
        for revision, outcome in outcomes.items():
            if not isinstance(outcome, str):
                failed.setdefault(outcome, []).append(used_by.get(revision, Where()))
        if failed:
            raise SourceError(*(each for wrong, places in failed.items() for each in completed(wrong, users(places))))
        found = {revision: outcome for revision, outcome in outcomes.items() if isinstance(outcome, str)}
        with self._turn:
            self._versions |= found
        return MappingProxyType({each: self._versions[each] for each in asked})

    def pin(self) -> None:
        """Have the other process of this run use the same versions. Raises SourceError."""
        with self._turn:
            try:
                pins.save(self._cache_dir / "runs", self._run_id, self._versions)
            except OSError as error:
                raise SourceError(unusable_cache(self._cache_dir, error)) from None

    @contextmanager
    def snapshot(self, repo: str, chart: str, version: str) -> Iterator[Snapshot]:
        """Provide a version that `resolve` returned, for the calling thread: its files are in `directory_of(chart)`.

        Raises SourceError.
        """
        kept = self._kept.get((repo, chart, version))
        if kept is None:
            self._resolve(Revision(repo, version, chart=chart), version, everywhere=False)
            kept = self._kept[repo, chart, version]
        with self._turn:
            reader = self._idle.pop() if self._idle else self._store.reader()
        try:
            yield Snapshot(Root(location.parse(repo).address, kept.commit, reader), _no_submodule)
        finally:
            with self._turn:
                self._idle.append(reader)

    def renew(self, directory: Path) -> bool:
        """Fetch anew what this run uses, if this is the directory that turned out to be damaged. Raises SourceError."""
        if directory != self._store.content:
            return False
        with self._turn:
            idle, self._idle = self._idle, []
            known = list(self._kept)
        for reader in idle:
            reader.close()
        self._store.clear()
        for repo, chart, version in known:
            self._resolve(Revision(repo, version, chart=chart), version, everywhere=False)
        return True

    def _resolve(self, revision: Revision, name: str, *, everywhere: bool) -> str:
        place = location.parse(revision.repo)
        location.check_chart(revision.chart, place)
        kept = self._store.find(place, revision.chart, name)
        if kept is None:
            with FetchProgress(f"chart {revision.chart} from {place.shown}", self._report):
                kept = self._fetched(place, revision.chart, name, everywhere=everywhere)
        with self._turn:
            self._kept[revision.repo, revision.chart, kept.version] = kept
        return kept.version

    def _fetched(self, place: Location, chart: str, name: str, *, everywhere: bool) -> Kept:
        remote = self._connected()
        offer = remote.find(place, chart, name)
        kept = self._store.find(place, chart, offer.version)
        if kept is not None and offer.digest in {"", kept.digest}:
            return kept
        if kept is not None:
            again = f"chart {chart} {kept.version} was published anew in {place.shown}"
            self._warn(f"{again}, with other contents: those are used now")
        data = remote.download(place, chart, offer, everywhere=everywhere)
        try:
            return self._store.add(place, chart, offer.version, data)
        except NotAChartError as error:
            summary = f"{chart} {offer.version} in {place.shown} is not a Helm chart"
            raise SourceError(Problem(summary, detail=str(error))) from None

    def _connected(self) -> Remote:
        from fleet.render.charts.remote import Remote  # noqa: PLC0415 - importing it takes time that few runs need

        with self._turn:
            if self._remote is None:
                self._remote = Remote(self._cache_dir / "charts" / "indexes", self._timeout_s)
            return self._remote


def _no_submodule(node: Node) -> Root:
    raise SourceError(Problem(f"{node.path} of the chart is a submodule"))
