"""Dependencies: the charts that a chart needs and does not bring along in `charts/`.

In: the chart, where it is in its commit. Out: what has to be put into its `charts/`: archives of chart repositories,
and charts beside it in the same repository. As in Argo CD, whose helm builds dependencies when `helm template` misses
one, nothing is done about a chart that has all that it names. Different on purpose: only what is missing is added, and
a chart at a `file://` gets what it is missing itself, which helm would leave out without a word.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import field

from fleet.errors import Problem, RenderError, SourceError, Where
from fleet.frozen import dataclass
from fleet.model.masking import mask
from fleet.model.plan import Revision
from fleet.model.semver import parse_constraint, parse_version
from fleet.render.charts import archive, credentials, metadata
from fleet.render.charts.archive import NotAChartError
from fleet.render.charts.charts import Charts
from fleet.render.charts.metadata import Dependency, Metadata
from fleet.render.export import MOST_BYTES, Selection, select
from fleet.render.objects import Kind, TooLargeError
from fleet.render.progress import Report
from fleet.render.snapshot import LinkError, Node, Snapshot

_LOCAL = "file://"
_UPDATE = "Run `helm dependency update` in the chart, and commit Chart.lock."


@dataclass(frozen=True, slots=True)
class _Place:
    """A chart: where it is in the commit, and where it is put. within: the charts that it is part of."""

    path: str
    target: str
    within: tuple[str, ...] = ()


@dataclass(slots=True)
class Dependencies:
    """Completes one chart. opened: stays open until its files are written. report: gets what is worth knowing.

    everywhere: see Charts.resolve.
    """

    snapshot: Snapshot
    charts: Charts
    opened: ExitStack
    report: Report
    everywhere: bool = False
    _aliases: dict[str, str] = field(default_factory=dict)

    def complete(self, path: str, selection: Selection) -> None:
        """Add to a selection what the chart at a path is missing. Raises SourceError and RenderError."""
        self._complete(_Place(path, path), selection)

    def _complete(self, place: _Place, selection: Selection) -> None:
        files = dict(self._files(place.path, metadata.FILES))
        if not any(b"dependencies" in data for data in files.values()):
            return
        chart = metadata.read(files)
        present = self._present(place.path) if chart.dependencies else frozenset()
        missing = [each for each in chart.dependencies if each.name and each.name not in present]
        if not missing:
            return
        where = Where(file=posixpath.join(place.path, chart.file))
        if any(metadata.alias_of(each.repository) for each in missing):
            self._aliases = dict(credentials.aliases(os.environ))
        wanted = self._locked(chart, missing, where)
        for each in wanted:
            if each.repository.startswith(_LOCAL):
                self._add_local(each, place, selection, where)
        self._add_archives([each for each in wanted if not each.repository.startswith(_LOCAL)], place, selection, where)

    def _locked(self, chart: Metadata, missing: list[Dependency], where: Where) -> list[Dependency]:
        """Return what is missing at the versions that the lock says; without a lock, as it is."""
        remote = [each for each in missing if each.repository]
        if chart.lock is None:
            if any(not each.repository.startswith(_LOCAL) and not parse_version(each.version) for each in remote):
                what = "its dependencies are the newest that fit, in every run"
                self.report(f"the chart {posixpath.dirname(where.file) or '.'} has no Chart.lock: {what}")
            return remote
        if remote and not chart.fits(self._aliases):
            summary = f"{chart.lock_file} does not fit the dependencies in {chart.file}"
            raise RenderError(Problem(summary, where, hint=_UPDATE))
        names = {each.name for each in remote}
        return [each for each in chart.lock if each.name in names]

    def _add_archives(self, wanted: list[Dependency], place: _Place, selection: Selection, where: Where) -> None:
        """Put archives into `charts/`; those of all repositories are fetched at once."""
        revisions = {Revision(self._url(each, where), each.version or "*", chart=each.name): each for each in wanted}
        users = dict.fromkeys(revisions, where)
        versions = (
            self.charts.resolve(revisions, users, everywhere=tuple(revisions) if self.everywhere else ())
            if revisions
            else {}
        )
        if versions:
            self.charts.pin()
        for revision, version in versions.items():
            snapshot = self.opened.enter_context(self.charts.snapshot(revision.repo, revision.chart, version))
            node = snapshot.find(archive.PACKED)
            assert node is not None
            selection.files[f"{place.target}/charts/{revision.chart}-{version}.tgz".lstrip("/")] = node

    def _url(self, dependency: Dependency, where: Where) -> str:
        alias = metadata.alias_of(dependency.repository)
        if alias and alias not in self._aliases:
            summary = f"dependency {dependency.name} is in {dependency.repository}, which helm does not know here"
            hint = f"Write the repository's URL; or, on every machine: helm repo add {alias} <url>"
            raise SourceError(Problem(summary, where, hint=hint))
        return self.charts.substitute(metadata.aliased(dependency.repository, self._aliases))

    def _add_local(self, wanted: Dependency, place: _Place, selection: Selection, where: Where) -> None:
        """Put a chart of the same commit into `charts/`, with what it is missing itself."""
        path = posixpath.normpath(posixpath.join(place.path, wanted.repository.removeprefix(_LOCAL)))
        if path in (*place.within, place.path):
            raise RenderError(Problem(f"dependency {wanted.name} leads back to chart {path}", where))
        outside = wanted.repository.startswith(f"{_LOCAL}/") or path.startswith("../") or path == ".."
        found = None if outside else self._find(path)
        if found is None or found.entry.kind is not Kind.DIRECTORY:
            why = "That is not in the repository." if outside else f"There is no directory {path}."
            summary = f"dependency {wanted.name} is not at {mask(wanted.repository)}"
            raise SourceError(Problem(summary, where, detail=why))
        self._check_version(wanted, found, where)
        target = posixpath.join(place.target, "charts", wanted.name)
        _graft(select(self.snapshot, [found]), found.path, target, selection)
        self._complete(_Place(found.path, target, (*place.within, place.path)), selection)

    def _check_version(self, wanted: Dependency, found: Node, where: Where) -> None:
        said = metadata.read(dict(self._files(found.path, metadata.FILES)))
        version, constraint = parse_version(said.version), parse_constraint(wanted.version or "*")
        if version is None or constraint is None or not constraint.allows(version):
            summary = f"dependency {wanted.name} is to be version {wanted.version}"
            detail = f"The chart in {found.path} is version {said.version or 'unknown'}."
            raise RenderError(Problem(summary, where, detail=detail, hint=_UPDATE))

    def _present(self, path: str) -> frozenset[str]:
        """Return the names of the charts in a chart's `charts/`, as Helm loads them (pkg/chart/v2/loader/load.go)."""
        directory = self._find(posixpath.join(path, "charts"))
        if directory is None or directory.entry.kind is not Kind.DIRECTORY:
            return frozenset()
        names = directory.root.objects.tree(directory.entry.sha)
        return frozenset(
            self._name(posixpath.join(directory.path, name)) for name in names if not name.startswith(("_", "."))
        )

    def _name(self, path: str) -> str:
        """Return the name of a chart that is a directory or an archive; empty for anything else."""
        if not path.endswith(".tgz"):
            return metadata.read(dict(self._files(path, metadata.FILES[:1]))).name
        directory, name = posixpath.split(path)
        try:
            return metadata.read(archive.unpacked(dict(self._files(directory, [name])).get(name, b""))).name
        except NotAChartError:
            return ""

    def _files(self, directory: str, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        found = ((name, self._find(posixpath.join(directory, name))) for name in names)
        nodes = {name: node for name, node in found if node and node.entry.kind is Kind.FILE}
        try:
            yield from zip(nodes, self.snapshot.read(list(nodes.values()), MOST_BYTES), strict=True)
        except TooLargeError:
            return

    def _find(self, path: str) -> Node | None:
        try:
            return self.snapshot.find(path)
        except LinkError:
            return None


def _graft(part: Selection, source: str, target: str, selection: Selection) -> None:
    """Add a directory's files to a selection at another place; what its symlinks lead to outside of it stays there."""

    def moved(path: str) -> str:
        inside = path.startswith(f"{source}/")
        return f"{target}/{path.removeprefix(f'{source}/')}" if inside else path

    selection.files |= {moved(path): node for path, node in part.files.items()}
    selection.links |= {moved(path): moved(leads_to) for path, leads_to in part.links.items()}


def shown_path(path: str, files: Mapping[str, Node]) -> str:
    """Return where a file of a selection is in its repository, for one that was put somewhere else."""
    return files[path].path if path in files and not path.endswith(".tgz") else path
