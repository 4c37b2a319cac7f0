"""Repositories: what a run knows of Git. Every repository is fetched once, every revision means one commit.

In: Revisions, later RenderRequests. Out: full SHAs, later Snapshots to read from. It knows nothing of manifests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from fleet.errors import Problem, SourceError, Where
from fleet.model.plan import Revision
from fleet.render import address as addresses
from fleet.render import pins, revisions, submodules
from fleet.render.address import Address
from fleet.render.mirror import Mirror, unusable_cache
from fleet.render.missing import missing
from fleet.render.objects import Objects
from fleet.render.partial import LackingError
from fleet.render.problems import completed
from fleet.render.progress import Report, one_at_a_time
from fleet.render.runner import Git
from fleet.render.snapshot import Node, Root, Snapshot

# Fetching is waiting; more at once only makes a forge slow down or refuse.
_AT_ONCE = 8

_Problems = dict[Revision, tuple[Problem, ...]]


class Repositories:
    """The repositories of one run. Use it as a context manager, or close it: it keeps git running to read from.

    project_dir: where relative paths start. timeout_s: for one fetch, and for waiting for another run's fetch.
    run_id: runs with the same one use the same commits; None for a run that shares with no other.
    substitute: a submodule's URL as written → where to fetch it from.
    report: gets a line for whatever takes long; called from several threads, one at a time.
    """

    def __init__(
        self,
        *,
        cache_dir: Path,
        project_dir: Path,
        timeout_s: float = 300.0,
        run_id: str | None = None,
        substitute: Callable[[str], str] = lambda url: url,
        report: Report = lambda _: None,
    ) -> None:
        self._project_dir = project_dir.absolute()
        self._cache_dir = self._project_dir / cache_dir
        self._timeout_s = timeout_s
        self._run_id = run_id
        self._substitute = substitute
        self._lock = threading.Lock()
        self._report = one_at_a_time(report)
        self._commits: dict[Revision, str] = {}
        self._mirrors: dict[str, Mirror] = {}
        self._idle: dict[str, list[Objects]] = {}
        self._addresses: dict[str, Address] = {}

    def __enter__(self) -> Repositories:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def cache_dir(self) -> Path:
        """The directory that everything is kept in."""
        return self._cache_dir

    def close(self) -> None:
        """End the git processes that were kept for reading."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for readers in idle.values():
            for reader in readers:
                reader.close()

    def resolve(
        self, wanted: Iterable[Revision], used_by: Mapping[Revision, Where] = MappingProxyType({})
    ) -> Mapping[Revision, str]:
        """Return the full SHA of each revision. used_by: completes `where` of the problems of a revision.

        Repositories are fetched in parallel, each once. Raises SourceError with the problems of all of them.
        """
        asked = tuple(dict.fromkeys(wanted))
        new = [each for each in asked if each not in self._commits]
        pinned = pins.load(self._cache_dir / "runs", self._run_id, new)
        places, problems = self._places(new)
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            for commits, failures in pool.map(lambda place: self._resolve(place[0], place[1], pinned), places.items()):
                self._commits |= commits
                problems |= failures
        if problems:
            users = ((several, used_by.get(revision, Where())) for revision, several in problems.items())
            raise SourceError(*(each for several, user in users for each in completed(several, user)))
        self._save_pins(new)
        return MappingProxyType({each: self._commits[each] for each in asked})

    def reader(self, repo: str) -> Git:
        """Return git in the mirror of a repository that `resolve` has fetched. Raises SourceError."""
        return self._mirror(self._address(repo)).git

    @contextmanager
    def snapshot(self, repo: str, commit: str) -> Iterator[Snapshot]:
        """Provide the files of a commit that `resolve` returned, for the calling thread. Raises SourceError.

        Reading raises LackingError for files that have to be fetched first, by `obtain`.
        """
        borrowed: list[tuple[str, Objects]] = []

        def root(address: Address, sha: str, path: str) -> Root:
            mirror = self._mirror(address)
            if mirror.commits([sha])[sha] is None:
                raise SourceError(missing(mirror, sha))
            borrowed.append((address.key, self._borrow(mirror)))
            return Root(address, sha, borrowed[-1][1], path)

        def enter(node: Node) -> Root:
            try:
                return root(self._submodule(node), node.entry.sha, node.path)
            except SourceError as error:
                raise submodules.failed(node.path, error) from None

        try:
            yield Snapshot(root(self._address(repo), commit, ""), enter)
        finally:
            self._give_back(borrowed)

    def renew(self, directory: Path) -> None:
        """Fetch the repository anew whose mirror, in this directory, turned out to be damaged. Raises SourceError."""
        self._unread(directory).renew()

    def obtain(self, lacking: Iterable[LackingError]) -> Mapping[Path, SourceError]:
        """Fetch the files that readers lack, those of one mirror at once; return what went wrong, by mirror."""
        wanted: dict[Path, set[str]] = {}
        for each in lacking:
            wanted.setdefault(each.directory, set()).update(each.shas)
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            failures = pool.map(lambda item: _failure(self._unread(item[0]), item[1]), wanted.items())
            return {directory: error for directory, error in zip(wanted, failures, strict=True) if error}

    def _unread(self, directory: Path) -> Mirror:
        """Return the mirror in a directory, which may now be replaced: nobody keeps it open for reading."""
        with self._lock:
            (mirror,) = (each for each in self._mirrors.values() if each.directory == directory)
            for reader in self._idle.pop(mirror.address.key, []):
                reader.close()
        return mirror

    def mirrored(self, url: str) -> str:
        """Return where to fetch from what a file in a repository names."""
        return self._substitute(url)

    def named_by(self, parent: Address, url: str) -> str:
        """Return the repository that a file in another one names, as `resolve` takes it. Raises SourceError."""
        instead = self._substitute(url)
        return instead if instead != url else addresses.join(parent, url, self._project_dir).url

    def _address(self, repo: str) -> Address:
        found = self._addresses.get(repo)
        if found is None:
            found = self._addresses[repo] = addresses.parse(repo, self._project_dir)
        return found

    def _mirror(self, address: Address) -> Mirror:
        with self._lock:
            found = self._mirrors.get(address.key)
            if found is None:
                directory = self._cache_dir / "git" / f"{address.slug}.git"
                found = self._mirrors[address.key] = Mirror(address, directory, self._timeout_s, self._report)
            return found

    def _places(self, wanted: Iterable[Revision]) -> tuple[dict[str, list[Revision]], _Problems]:
        """Return the revisions by the keys of their repositories, and what is no address."""
        places: dict[str, list[Revision]] = {}
        problems: _Problems = {}
        for revision in wanted:
            try:
                mirror = self._mirror(self._address(revision.repo))
                places.setdefault(mirror.address.key, []).append(revision)
            except SourceError as error:
                problems[revision] = error.problems
        return places, problems

    def _resolve(
        self, key: str, wanted: list[Revision], pinned: Mapping[Revision, str]
    ) -> tuple[dict[Revision, str], _Problems]:
        mirror = self._mirrors[key]
        try:
            names = _names(mirror, wanted, pinned)
            found = mirror.commits(names.values())
        except SourceError as error:
            return {}, dict.fromkeys(wanted, error.problems)
        commits = {revision: sha for revision, name in names.items() if (sha := found[name])}
        lost: _Problems = {
            revision: (missing(mirror, name, revision.tag_prefix),)
            for revision, name in names.items()
            if not found[name]
        }
        return commits, lost

    def _save_pins(self, wanted: Iterable[Revision]) -> None:
        try:
            pins.save(self._cache_dir / "runs", self._run_id, {each: self._commits[each] for each in wanted})
        except OSError as error:
            raise SourceError(unusable_cache(self._cache_dir, error)) from None

    def _submodule(self, node: Node) -> Address:
        parent = node.root
        declared = parent.objects.tree(parent.commit).get(".gitmodules")
        if declared and parent.objects.lacking([declared.sha]):
            raise LackingError(parent.objects.directory, [declared.sha])
        path = node.path.removeprefix(f"{parent.path}/")
        url = submodules.url(self._mirror(parent.address).git, parent.commit, path)
        return self._address(self.named_by(parent.address, url))

    def _borrow(self, mirror: Mirror) -> Objects:
        with self._lock:
            idle = self._idle.get(mirror.address.key)
            return idle.pop() if idle else Objects(mirror.git)

    def _give_back(self, borrowed: Iterable[tuple[str, Objects]]) -> None:
        with self._lock:
            for key, reader in borrowed:
                self._idle.setdefault(key, []).append(reader)


def _failure(mirror: Mirror, shas: Iterable[str]) -> SourceError | None:
    try:
        mirror.obtain(shas)
    except SourceError as error:
        return error
    return None


def _names(mirror: Mirror, wanted: Iterable[Revision], pinned: Mapping[Revision, str]) -> dict[Revision, str]:
    """Return what to look for in the mirror. Tags are only needed, and fetched, for version constraints."""
    names = {revision: pinned.get(revision, revision.name) for revision in wanted}
    constrained = any(revisions.is_constraint(name) for name in names.values())
    tags = mirror.tags(names.values()) if constrained else ()
    return {revision: revisions.by_version(name, revision.tag_prefix, tags) for revision, name in names.items()}
