"""Three real clusters, and every engine that is present."""

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localclusters import LocalClusters, StartClusters
from tests.e2e.workbench import Embedded, Engine, Pulumi, Workbench

ENGINES: dict[str, Callable[[], Engine]] = {"embedded": Embedded, "pulumi": Pulumi}


@pytest.fixture(scope="session")
def clusters(local_clusters: StartClusters) -> LocalClusters:
    """Return hub, dev and prod, shared by all tests: each keeps to a namespace of its own."""
    return local_clusters()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Return each engine in turn; one that is not installed is a skip that says what to install."""
    if request.param == "pulumi" and (missing := Pulumi.missing()):
        pytest.skip(missing)
    return ENGINES[request.param]()


@pytest.fixture
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, engine: Engine, clusters: LocalClusters
) -> Iterator[Workbench]:
    """Return a fresh project; its namespace is made in every cluster and deleted again."""
    readable = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40].strip("-")
    namespace = f"{readable}-{uuid.uuid4().hex[:6]}"
    for cluster in clusters:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        assert cluster.request("POST", "/api/v1/namespaces", body).ok
    yield Workbench(tmp_path, engine, clusters, namespace)
    for cluster in clusters:
        cluster.request("DELETE", f"/api/v1/namespaces/{namespace}")


@pytest.fixture
def embedded(bench: Workbench) -> Workbench:
    """Return the project for what only our own engine does."""
    if bench.engine.name != "embedded":
        pytest.skip("about the embedded engine")
    return bench
