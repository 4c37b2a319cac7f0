"""What a server does wrong that answers in principle: bounded patience, then an error that says so."""

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web

from fleet.engine.kubernetes.errors import ClusterUnavailableError, ObjectFailedError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.provider import Provider
from localclusters.cluster import Cluster
from tests.engine.kubernetes.faults import Fault, FaultyProxy, cut, hang_up, status
from tests.engine.kubernetes.kubectl import Kubectl
from tests.engine.kubernetes.manifests import config_map, ref

WEBHOOK = 'Internal error occurred: failed calling webhook "w"'


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        pytest.param(status(429, Retry_After="1"), 2, id="busy"),
        pytest.param(status(500, WEBHOOK), 3, id="failing"),
        pytest.param(status(503), 3, id="unavailable"),
        pytest.param(cut, 2, id="cut-in-the-middle"),
        pytest.param(hang_up, 2, id="hung-up"),
    ],
)
async def test_what_passes_is_waited_for(
    shaky: Provider, proxy: FaultyProxy, namespace: str, fault: Fault, times: int
) -> None:
    wanted = config_map("a", namespace, key="value")
    proxy.inject("PATCH", fault, times)
    live = await shaky.create(wanted, manager="fleet", adopt=False)
    assert live.body["data"] == {"key": "value"}
    proxy.inject("GET", fault, min(times, 2))
    assert await shaky.read(ref(wanted)) == live.body
    proxy.inject("DELETE", fault, times)
    await shaky.delete(ref(wanted))
    assert not proxy.faults
    assert shaky.stats["apply"] == times + 1


async def test_writers_at_the_same_time_take_turns(shaky: Provider, proxy: FaultyProxy, namespace: str) -> None:
    conflict = status(409, "the object has been modified; please apply your changes to the latest version")
    proxy.inject("PATCH", conflict, 2)
    await shaky.create(config_map("a", namespace), manager="fleet", adopt=False)
    proxy.inject("DELETE", conflict, 2)
    await shaky.delete(ref(config_map("a", namespace)))
    assert (shaky.stats["apply"], shaky.stats["delete"]) == (3, 3)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        pytest.param(status(500, WEBHOOK), "failed calling webhook", id="failing"),
        pytest.param(status(429, Retry_After="3600"), "too busy", id="busy-for-long"),
        pytest.param(status(403, 'admission webhook "w" denied the request: no'), "policy", id="refused"),
    ],
)
async def test_what_does_not_pass_fails_one_object(
    shaky: Provider, proxy: FaultyProxy, namespace: str, fault: Fault, text: str
) -> None:
    proxy.inject("PATCH", fault, 50)
    with pytest.raises(ObjectFailedError, match=text):
        await shaky.create(config_map("a", namespace), manager="fleet", adopt=False)
    proxy.faults.clear()
    assert not (await shaky.create(config_map("b", namespace), manager="fleet", adopt=False)).adopted


async def test_a_request_that_hangs_fails_one_object(
    proxy: FaultyProxy, through: ProviderInputs, namespace: str
) -> None:
    """Another request, answered meanwhile, shows that the server is well."""
    arrived = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(60)
        return web.Response()

    async with Provider(replace(through, timeout_s=2.0)) as provider:
        await provider.create(config_map("a", namespace), manager="fleet", adopt=False)
        proxy.inject("DELETE", hang, 20)
        deleting = asyncio.create_task(provider.delete(ref(config_map("a", namespace))))
        await arrived.wait()
        while not deleting.done():
            await provider.read(ref(config_map("a", namespace)))
            await asyncio.sleep(0.2)
        with pytest.raises(ObjectFailedError, match="did not answer"):
            deleting.result()


async def test_credentials_that_are_refused_once_are_had_again(
    shaky: Provider, proxy: FaultyProxy, namespace: str
) -> None:
    proxy.inject("PATCH", status(401, "Unauthorized"))
    live = await shaky.create(config_map("a", namespace), manager="fleet", adopt=False)
    assert live.body["metadata"]["name"] == "a"


async def test_credentials_that_stay_refused_end_the_work(shaky: Provider, proxy: FaultyProxy, namespace: str) -> None:
    await shaky.namespaces_missing([namespace])
    proxy.inject("PATCH", status(401, "Unauthorized"), 2)
    with pytest.raises(ClusterUnavailableError, match="refuses the credentials"):
        await shaky.update(config_map("a", namespace), manager="fleet")
    seen = len(proxy.seen)
    with pytest.raises(ClusterUnavailableError, match="refuses the credentials"):
        await shaky.update(config_map("b", namespace), manager="fleet")
    assert len(proxy.seen) == seen


async def test_a_list_that_expires_goes_on(
    shaky: Provider, proxy: FaultyProxy, provider: Provider, namespace: str
) -> None:
    names = [f"a{number}" for number in range(520)]
    await asyncio.gather(
        *(provider.create(config_map(name, namespace), manager="fleet", adopt=False) for name in names)
    )
    wanted = [config_map(name, namespace) for name in (*names[:4], "new")]

    async def expire(request: web.Request) -> web.StreamResponse:
        token = request.query["continue"]
        body = {"kind": "Status", "code": 410, "reason": "Expired", "metadata": {"continue": token}}
        return web.json_response(body, status=410)

    async def first_page(request: web.Request) -> web.StreamResponse:
        proxy.inject("GET", expire)
        return await proxy.forward(request)

    for each in wanted[:3]:
        with pytest.raises(ObjectFailedError, match="exists already"):
            await shaky.create(each, manager="fleet", adopt=False)
    proxy.inject("GET", first_page)
    await shaky.create(wanted[4], manager="fleet", adopt=False)
    assert shaky.stats["list"] == 3
    with pytest.raises(ObjectFailedError, match="exists already"):
        await shaky.create(wanted[3], manager="fleet", adopt=False)


async def test_a_server_that_comes_back_is_waited_for(
    provider: Provider, namespace: str, cluster: Cluster, kubectl: Kubectl
) -> None:
    await provider.create(config_map("a", namespace), manager="fleet", adopt=False)
    await asyncio.to_thread(cluster.stop)
    creating = asyncio.create_task(provider.create(config_map("b", namespace), manager="fleet", adopt=False))
    await asyncio.to_thread(cluster.start)
    await creating
    assert kubectl("get", "configmap", "b", "-o", "name") == "configmap/b\n"
