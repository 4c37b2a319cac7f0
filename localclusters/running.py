"""Clusters for as long as a block of Python runs: up at its start, down at its end, whatever ends it.

A guard process takes the clusters down when this process dies without doing so itself, as it does when it is killed.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from localclusters import processes
from localclusters.clusters import LocalClusters
from localclusters.progress import Progress, to_stderr
from localclusters.spec import DEFAULT_NAMES, ClusterSpec, make_specs

PACKAGE_PARENT = Path(__file__).parent.parent


class StartClusters(Protocol):
    """The type of the pytest fixture `local_clusters`: call it for clusters."""

    def __call__(
        self,
        names: Iterable[str | ClusterSpec] = DEFAULT_NAMES,
        *,
        controllers: bool = True,
        scheduler: bool = True,
        nodes: bool = True,
    ) -> LocalClusters:
        """Clusters that are up: the session's own for these arguments, started when they are first asked for."""


@contextmanager
def running(
    names: Iterable[str | ClusterSpec] = DEFAULT_NAMES,
    *,
    directory: str | Path | None = None,
    controllers: bool = True,
    scheduler: bool = True,
    nodes: bool = True,
    progress: Progress = to_stderr,
    ready_timeout_s: float = 180.0,
) -> Iterator[LocalClusters]:
    """Clusters that are up inside the block and gone, with their data, after it.

    `directory` None means a new temporary folder, which goes as well; in a folder of one's own the logs stay.
    The three switches hold for every name that is not a ClusterSpec. What died by itself is told by `progress`.
    Raises LocalClustersError when clusters are up in the folder already, BuildError and StartError.
    """
    specs = make_specs(names, controllers=controllers, scheduler=scheduler, nodes=nodes)
    with ExitStack() as stack:
        folder = Path(directory) if directory is not None else _temporary_folder(stack)
        clusters = LocalClusters(folder, progress=progress, ready_timeout_s=ready_timeout_s)
        clusters.require_nothing_up()
        stack.enter_context(_guarded(clusters, remove_folder=directory is None))
        stack.callback(clusters.down)
        clusters.up(specs)
        stack.enter_context(clusters.held_ports())
        stack.callback(_tell_deaths, clusters, progress)
        yield clusters


def _tell_deaths(clusters: LocalClusters, progress: Progress) -> None:
    for death in clusters.deaths():
        progress(death)


def _temporary_folder(stack: ExitStack) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="localclusters-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextmanager
def _guarded(clusters: LocalClusters, *, remove_folder: bool) -> Iterator[None]:
    """Have a process that takes the clusters down when this one ends; it sees that by the end of a pipe."""
    reader, writer = os.pipe()
    try:
        os.set_inheritable(reader, True)
        guard = processes.spawn(
            "",
            [sys.executable, "-m", "localclusters.guard", str(reader), clusters.directory, str(remove_folder)],
            Path(os.devnull),
            {**os.environ, "PYTHONPATH": str(PACKAGE_PARENT)},
        )
    finally:
        os.close(reader)
    try:
        yield
    finally:
        os.close(writer)
        processes.end([guard], grace_s=30)
