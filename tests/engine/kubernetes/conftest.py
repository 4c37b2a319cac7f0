"""One real cluster with all that makes things happen in it, a namespace for each test, and a way there with faults."""

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.provider import Provider
from localclusters import StartClusters
from localclusters.cluster import Cluster
from tests.engine.kubernetes.faults import FaultyProxy, faulty_proxy
from tests.engine.kubernetes.kubectl import Kubectl

_NUMBERS = itertools.count(1)


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests have the event loop that runs have."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def cluster(local_clusters: StartClusters) -> Cluster:
    return local_clusters(["dev"])["dev"]


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"test-{os.getpid()}-{next(_NUMBERS)}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    assert cluster.request("POST", "/api/v1/namespaces", body).ok
    yield name
    cluster.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def inputs(cluster: Cluster) -> ProviderInputs:
    return ProviderInputs(name="dev", base_dir=Path("/"), kubeconfig=str(cluster.kubeconfig), context=cluster.context)


@pytest.fixture
async def provider(inputs: ProviderInputs) -> AsyncIterator[Provider]:
    async with Provider(inputs) as opened:
        yield opened


@pytest.fixture
def kubectl(cluster: Cluster, namespace: str, tmp_path: Path) -> Kubectl:
    return Kubectl(cluster.kubeconfig, namespace, tmp_path)


@pytest.fixture
async def proxy(inputs: ProviderInputs) -> AsyncIterator[FaultyProxy]:
    async with faulty_proxy(inputs) as running:
        yield running


@pytest.fixture
def through(proxy: FaultyProxy, inputs: ProviderInputs) -> ProviderInputs:
    kubeconfig = {
        "current-context": "proxy",
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy"}}],
        "clusters": [{"name": "proxy", "cluster": {"server": proxy.url}}],
    }
    return replace(inputs, kubeconfig=json.dumps(kubeconfig), context=None)


@pytest.fixture
async def shaky(through: ProviderInputs) -> AsyncIterator[Provider]:
    async with Provider(through) as provider:
        yield provider
