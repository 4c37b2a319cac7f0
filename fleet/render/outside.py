"""Outside: the repositories and charts that turn up only while something is rendered, such as remote bases.

In: what a file of a repository names. Out: Snapshots. Each is resolved once per run and pinned for it, as what users
name themselves is; mirrors are applied.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack

from fleet.frozen import dataclass
from fleet.model.plan import Revision
from fleet.render.base_urls import BaseUrl
from fleet.render.charts.location import directory_of
from fleet.render.kustomization import NamedChart
from fleet.render.snapshot import Root, Snapshot
from fleet.render.sources import Sources


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens for one request. opened: keeps it open. turn: one at a time resolves."""

    sources: Sources
    opened: ExitStack
    turn: threading.Lock

    def repository(self, parent: Root, url: BaseUrl) -> Snapshot:
        """Return the commit that a URL means. parent: the repository that names it. Raises SourceError."""
        git = self.sources.git
        revision = Revision(git.named_by(parent.address, url.repo), url.ref)
        with self.turn:
            commit = git.resolve([revision])[revision]
        return self.opened.enter_context(git.snapshot(revision.repo, commit))

    def chart(self, chart: NamedChart) -> tuple[Snapshot, str]:
        """Return a chart's files, and the directory that they are in. Raises SourceError."""
        charts = self.sources.charts
        revision = Revision(self.sources.git.mirrored(chart.repo), chart.version or "*", chart=chart.name)
        with self.turn:
            version = charts.resolve([revision])[revision]
            charts.pin()
        snapshot = self.opened.enter_context(charts.snapshot(revision.repo, chart.name, version))
        return snapshot, directory_of(chart.name)
