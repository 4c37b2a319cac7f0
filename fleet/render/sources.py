"""Sources: everything that a run reads from, repositories of Git and of charts, as one thing.

In: Revisions, later RenderRequests. Out: full SHAs and exact versions, later Snapshots. It only tells the two apart,
and holds the cache while it is open.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import field
from pathlib import Path
from types import MappingProxyType

from fleet.errors import SourceError, Where
from fleet.frozen import dataclass
from fleet.model.plan import RenderRequest, Revision
from fleet.render import housekeeping
from fleet.render.charts.charts import Charts
from fleet.render.git import Repositories
from fleet.render.partial import LackingError
from fleet.render.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of one run. Use it as a context manager: it closes both, and nothing leaves the cache before.

    keep_days: what no run has used for longer is removed from the cache afterwards; None for nothing.
    """

    git: Repositories
    charts: Charts
    keep_days: int | None = None
    _opened: ExitStack = field(default_factory=ExitStack, repr=False)

    def __enter__(self) -> Sources:
        self._opened.enter_context(housekeeping.held(self.cache_dir))
        return self

    def __exit__(self, *_: object) -> None:
        self.git.close()
        self.charts.close()
        self._opened.close()
        if self.keep_days is not None:
            housekeeping.tidy(self.cache_dir, self.keep_days)

    @property
    def cache_dir(self) -> Path:
        """The directory that everything is kept in."""
        return self.git.cache_dir

    def resolve(
        self,
        revisions: Iterable[Revision],
        used_by: Mapping[Revision, Where] = MappingProxyType({}),
        *,
        everywhere: Collection[Revision] = (),
    ) -> Mapping[Revision, str]:
        """Return the full SHA or the exact version of each revision, all fetched.

        used_by: completes `where` of the problems of a revision. everywhere: see Charts.resolve.
        Raises SourceError with the problems of all of them.
        """
        wanted = tuple(dict.fromkeys(revisions))
        commits = [each for each in wanted if not each.chart]
        charts = [each for each in wanted if each.chart]
        with ThreadPoolExecutor(max_workers=1) as pool:
            later = pool.submit(_outcome, lambda: self.charts.resolve(charts, used_by, everywhere=everywhere))
            found = _outcome(lambda: self.git.resolve(commits, used_by))
            versions = later.result()
        failed = [each for each in (found, versions) if isinstance(each, SourceError)]
        if failed:
            raise SourceError(*(problem for error in failed for problem in error.problems))
        if charts:
            self.charts.pin()
        return MappingProxyType(
            {each: value for part in (found, versions) if isinstance(part, Mapping) for each, value in part.items()}
        )

    @contextmanager
    def snapshot(self, request: RenderRequest) -> Iterator[Snapshot]:
        """Provide the files of a request that was made of what `resolve` returned, for the calling thread.

        Raises SourceError. Reading raises LackingError, see Repositories.snapshot.
        """
        if request.chart:
            opened = self.charts.snapshot(request.repo, request.chart, request.commit)
        else:
            opened = self.git.snapshot(request.repo, request.commit)
        with opened as snapshot:
            yield snapshot

    def renew(self, directory: Path) -> None:
        """Fetch anew what turned out to be damaged in a directory. Raises SourceError."""
        if not self.charts.renew(directory):
            self.git.renew(directory)

    def obtain(self, lacking: Iterable[LackingError]) -> Mapping[Path, SourceError]:
        """Fetch what readers lack; see Repositories.obtain."""
        return self.git.obtain(lacking)


def _outcome(resolve: Callable[[], Mapping[Revision, str]]) -> Mapping[Revision, str] | SourceError:
    try:
        return resolve()
    except SourceError as error:
        return error
