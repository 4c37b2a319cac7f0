"""Three real clusters, and every engine that is present."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from localclusters import LocalClusters, StartClusters
from localclusters.progress import silent
from tests.e2e.workbench import ENGINES, Embedded, Engine, Workbench, opened, present
from testtools import ensure_tools


@pytest.fixture(scope="session")
def clusters(local_clusters: StartClusters) -> LocalClusters:
    """Return hub, dev and prod, shared by all tests: each keeps to a namespace of its own."""
    return local_clusters()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Return each engine in turn; one that is not installed is a skip that says what to install."""
    return present(request.param)


@pytest.fixture
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, engine: Engine, clusters: LocalClusters
) -> Iterator[Workbench]:
    """Return a fresh project; its namespace is made in every cluster and deleted again."""
    with opened(tmp_path, engine, clusters, request.node.name) as workbench:
        yield workbench


@pytest.fixture(scope="session")
def tools() -> Path:
    """Return the directory with helm and kustomize."""
    return ensure_tools(silent)


@pytest.fixture
def equipped(bench: Workbench, tools: Path) -> Workbench:
    """Return the fresh project with helm and kustomize on its PATH."""
    bench.extra_environment["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return bench


@pytest.fixture
def embedded(request: pytest.FixtureRequest, tmp_path: Path, clusters: LocalClusters) -> Iterator[Workbench]:
    """Return the same for what only our own engine does."""
    with opened(tmp_path, Embedded(), clusters, request.node.name) as workbench:
        yield workbench


@pytest.fixture
def with_pulumi(request: pytest.FixtureRequest, tmp_path: Path, clusters: LocalClusters) -> Iterator[Workbench]:
    """Return the same for what only Pulumi does."""
    with opened(tmp_path, present("pulumi"), clusters, request.node.name) as workbench:
        yield workbench
