"""Connections under TLS that break anywhere: in the handshake, in an answer, while nobody looks."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from fleet import yamlio
from fleet.engine.kubernetes.errors import ClusterUnavailableError, ObjectFailedError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.provider import Provider
from localclusters.cluster import Cluster
from localclusters.kubeconfig import only_context
from tests.engine.kubernetes import cables
from tests.engine.kubernetes.cables import Break, Cable
from tests.engine.kubernetes.kubectl import Kubectl
from tests.engine.kubernetes.manifests import config_map, ref
from tests.engine.kubernetes.test_access import connect_proxy
from tests.engine.kubernetes.test_delete import until
from tests.engine.kubernetes.test_watch import awaited, finish, wait_of

# Bytes of the server's: none; within its greeting and its certificate; within the answers that follow, of which the
# first are those of discovery.
POINTS = (0, 1, 90, 700, 1_500, 2_200, 3_000, 5_000, 9_000)
BREAKS = [pytest.param(cables.reset, id="reset"), pytest.param(cables.hang_up, id="hung-up")]


@pytest.fixture
async def cable(cluster: Cluster) -> AsyncIterator[Cable]:
    address = urlsplit(cluster.server)
    assert address.hostname is not None
    assert address.port is not None
    async with cables.laid(address.hostname, address.port) as laid:
        yield laid


@pytest.fixture
def along(cable: Cable, cluster: Cluster, inputs: ProviderInputs) -> ProviderInputs:
    """The way to the cluster along the cable."""
    (document,) = yamlio.load_documents(cluster.kubeconfig.read_text(), file="kubeconfig")
    kubeconfig = only_context(dict(document.data), cluster.context)
    (entry,) = kubeconfig["clusters"]
    entry = {**entry, "cluster": {**entry["cluster"], "server": f"https://127.0.0.1:{cable.port}"}}
    return replace(inputs, kubeconfig=json.dumps({**kubeconfig, "clusters": [entry]}), context=None)


@pytest.mark.parametrize("end", BREAKS)
async def test_connections_that_break_anywhere_are_made_again(
    along: ProviderInputs, cable: Cable, namespace: str, kubectl: Kubectl, end: Break
) -> None:
    cable.limits, cable.end = deque(POINTS), end
    names = [f"a{number}" for number in range(20)]
    async with Provider(along) as provider:
        for name in names:
            await provider.create(config_map(name, namespace), manager="fleet", adopt=False)
        for name in names[:10]:
            await provider.delete(ref(config_map(name, namespace)))
    assert not cable.limits
    assert cable.connections == len(POINTS) + 1
    found = kubectl("get", "configmaps", "-o", "name").split()
    assert set(found) - {"configmap/kube-root-ca.crt"} == {f"configmap/{name}" for name in names[10:]}


async def test_a_server_whose_connections_all_break_in_the_handshake_is_given_up(
    along: ProviderInputs, cable: Cable, namespace: str
) -> None:
    cable.limits, cable.end = deque([90] * 10_000), cables.hang_up
    async with Provider(along) as provider:
        with pytest.raises(ClusterUnavailableError, match="cannot be reached"):
            await provider.create(config_map("a", namespace), manager="fleet", adopt=False)
    assert cable.connections > 1


async def test_connections_on_which_everything_is_swallowed_are_left(
    along: ProviderInputs, cable: Cable, namespace: str, kubectl: Kubectl
) -> None:
    """As a firewall does that has forgotten them; others come through."""
    async with Provider(replace(along, timeout_s=2.0)) as provider:
        await provider.create(config_map("a", namespace), manager="fleet", adopt=False)
        for strand in cable.strands:
            await cables.swallow(strand)
        await provider.create(config_map("b", namespace), manager="fleet", adopt=False)
    assert "configmap/b" in kubectl("get", "configmaps", "-o", "name").split()


async def test_through_a_proxy_they_are_left_too(cluster: Cluster, inputs: ProviderInputs, namespace: str) -> None:
    (document,) = yamlio.load_documents(cluster.kubeconfig.read_text(), file="kubeconfig")
    kubeconfig = only_context(dict(document.data), cluster.context)
    (entry,) = kubeconfig["clusters"]
    async with connect_proxy() as (address, _), cables.laid("127.0.0.1", int(address.rpartition(":")[2])) as cable:
        entry = {**entry, "cluster": {**entry["cluster"], "proxy-url": f"http://127.0.0.1:{cable.port}"}}
        way = replace(inputs, kubeconfig=json.dumps({**kubeconfig, "clusters": [entry]}), context=None)
        async with Provider(replace(way, timeout_s=2.0)) as provider:
            names = [config_map(f"a{number}", namespace) for number in range(6)]
            await asyncio.gather(*(provider.create(each, manager="fleet", adopt=False) for each in names))
            assert len(cable.strands) > 2
            for strand in cable.strands:
                await cables.swallow(strand)
            await provider.create(config_map("b", namespace), manager="fleet", adopt=False)


async def test_a_server_that_swallows_everything_from_the_middle_of_a_run_is_given_up(
    along: ProviderInputs, cable: Cable, namespace: str
) -> None:
    async with Provider(replace(along, timeout_s=0.5)) as provider:
        await provider.create(config_map("a", namespace), manager="fleet", adopt=False)
        cable.limits, cable.end = deque([0] * 10_000), cables.swallow
        for strand in cable.strands:
            await cables.swallow(strand)
        with pytest.raises(ClusterUnavailableError, match="cannot be reached"):
            await until_given_up(provider, namespace)


async def until_given_up(provider: Provider, namespace: str) -> None:
    """Each object has an end of its own before that of the cluster is seen."""
    for number in range(1_000):
        with suppress(ObjectFailedError):
            await provider.create(config_map(f"b{number}", namespace), manager="fleet", adopt=False)


@pytest.mark.parametrize("end", BREAKS)
async def test_a_watch_that_breaks_is_gone_on_with(
    along: ProviderInputs, cable: Cable, namespace: str, kubectl: Kubectl, end: Break
) -> None:
    told: list[str] = []
    wanted = awaited("a", namespace)
    async with Provider(along) as provider:
        made = await provider.create(wanted, manager="fleet", adopt=False)
        ready = asyncio.ensure_future(provider.ready(made.body, wait_of(wanted), tell=told.append))
        await until(lambda: bool(told) and provider.stats.get("watch", 0) > 0)
        for strand in tuple(cable.strands):
            await end(strand)
        await until(lambda: provider.stats.get("watch", 0) > 1)
        finish(kubectl, "a")
        await ready
