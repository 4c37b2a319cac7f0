"""A desk for each test: a project, a namespace of its own in two real clusters, and every engine that is present."""

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localclusters import Cluster, LocalClusters, StartClusters
from tests.engine.programs.desk import Desk, Embedded, Engine, Pulumi

ENGINES: dict[str, Callable[[], Engine]] = {"embedded": Embedded, "pulumi": Pulumi}


@pytest.fixture(scope="session")
def clusters(local_clusters: StartClusters) -> LocalClusters:
    return local_clusters()


@pytest.fixture
def namespace(request: pytest.FixtureRequest, clusters: LocalClusters) -> Iterator[str]:
    readable = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40].strip("-")
    name = f"{readable}-{uuid.uuid4().hex[:6]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for cluster in ("hub", "dev"):
        assert clusters[cluster].request("POST", "/api/v1/namespaces", body).ok
    yield name
    for cluster in ("hub", "dev"):
        for each in _namespaces(clusters[cluster], name):
            clusters[cluster].request("DELETE", f"/api/v1/namespaces/{each}")


def _namespaces(cluster: Cluster, prefix: str) -> list[str]:
    """Return the test's own namespace, and those that its program has made."""
    answer = cluster.request("GET", "/api/v1/namespaces")
    names = (str(item["metadata"]["name"]) for item in answer.body["items"])
    return [name for name in names if name.startswith(prefix)]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "pulumi" and (missing := Pulumi.missing()):
        pytest.skip(missing)
    return ENGINES[request.param]()


@pytest.fixture
def desk(tmp_path: Path, engine: Engine, clusters: LocalClusters, namespace: str) -> Desk:
    """Return a fresh project for what both engines do alike."""
    return Desk(tmp_path, engine, clusters, namespace)


@pytest.fixture
def embedded(tmp_path: Path, clusters: LocalClusters, namespace: str) -> Desk:
    """Return a fresh project for what is said of the embedded engine alone."""
    return Desk(tmp_path, Embedded(), clusters, namespace)
