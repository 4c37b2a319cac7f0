"""How what becomes of objects is learned: by few watches, whatever happens to them."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from fleet.engine.kubernetes.errors import ClusterUnavailableError, NotReadyError, StoppedError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.provider import Provider
from fleet.engine.kubernetes.waits import Wait, wait_for
from localclusters.cluster import Cluster
from tests.engine.kubernetes.faults import FaultyProxy, status
from tests.engine.kubernetes.kubectl import Kubectl
from tests.engine.kubernetes.manifests import Object, config_map, meta, namespace_, ref
from tests.engine.kubernetes.test_delete import until

DONE = {"pulumi.com/waitFor": "jsonpath={.data.done}=yes"}


def awaited(name: str, namespace: str) -> Object:
    wanted = config_map(name, namespace, done="no")
    return {**wanted, "metadata": {**wanted["metadata"], "annotations": DONE}}


def wait_of(wanted: Object) -> Wait:
    wait = wait_for(wanted, asked=False)
    assert wait is not None
    return wait


class Bench:
    """One provider, and the objects that it waits for."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.told: list[str] = []

    async def begin(self, *names: str, namespace: str) -> "asyncio.Future[list[Any]]":
        """Begin to wait for objects; return when all of them are waited for, and watched."""
        before = len(self.told)

        async def ready(name: str) -> Any:
            wanted = awaited(name, namespace)
            made = await self.provider.create(wanted, manager="fleet", adopt=False)
            return await self.provider.ready(made.body, wait_of(wanted), tell=self.told.append)

        task: asyncio.Future[list[Any]] = asyncio.gather(*(ready(name) for name in names))
        await until(lambda: len(self.told) >= before + len(names) and self.provider.stats.get("watch", 0) > 0)
        assert not task.done()
        return task


@pytest.fixture
def bench(provider: Provider) -> Bench:
    return Bench(provider)


@pytest.fixture
def shaky_bench(shaky: Provider) -> Bench:
    return Bench(shaky)


def finish(kubectl: Kubectl, *names: str) -> None:
    kubectl("patch", "configmap", *names, "--type", "merge", "-p", '{"data":{"done":"yes"}}')


async def cut_off(proxy: FaultyProxy) -> None:
    """Break off the one watch that is open."""
    await until(lambda: len(proxy.watching) == 1)
    (request,) = proxy.watching
    proxy.cut()
    await until(lambda: request not in proxy.watching)


async def test_one_watch_serves_all_of_a_collection(bench: Bench, namespace: str, kubectl: Kubectl) -> None:
    names = [f"a{number}" for number in range(20)]
    waiting = await bench.begin(*names, namespace=namespace)
    lists = bench.provider.stats["list"]
    finish(kubectl, *names)
    ready = await waiting
    assert [each["metadata"]["name"] for each in ready] == names
    assert {each["data"]["done"] for each in ready} == {"yes"}
    assert (bench.provider.stats["watch"], bench.provider.stats["list"]) == (1, lists)
    assert set(bench.told) == {"{.data.done} is no, not yes"}


async def test_who_waits_later_is_served_by_the_same_watch(bench: Bench, namespace: str, kubectl: Kubectl) -> None:
    first = await bench.begin("a", namespace=namespace)
    second = await bench.begin("b", namespace=namespace)
    finish(kubectl, "b")
    await second
    assert not first.done()
    finish(kubectl, "a")
    await first
    assert bench.provider.stats["watch"] == 1


async def test_what_became_of_an_object_before_it_was_waited_for_is_seen(
    bench: Bench, namespace: str, kubectl: Kubectl
) -> None:
    early = await bench.provider.create(awaited("early", namespace), manager="fleet", adopt=False)
    finish(kubectl, "early")
    other = await bench.begin("other", namespace=namespace)
    # It is older than what the watch began with.
    await bench.provider.ready(early.body, wait_of(awaited("early", namespace)))
    late = await bench.provider.create(awaited("late", namespace), manager="fleet", adopt=False)
    finish(kubectl, "late")
    finish(kubectl, "other")
    await other
    # The watch has told it already.
    await bench.provider.ready(late.body, wait_of(awaited("late", namespace)))
    assert bench.provider.stats["watch"] == 1


async def test_many_namespaces_have_one_watch(bench: Bench, namespace: str, kubectl: Kubectl, cluster: Cluster) -> None:
    names = [f"{namespace}-{number}" for number in range(6)]
    for name in names:
        assert cluster.request("POST", "/api/v1/namespaces", namespace_(name)).ok
    tasks = [await bench.begin("a", namespace=name) for name in names]
    for name in names:
        finish(replace(kubectl, namespace=name), "a")
    await asyncio.gather(*tasks)
    assert bench.provider.stats["watch"] == 4
    for name in names:
        cluster.request("DELETE", f"/api/v1/namespaces/{name}")


async def test_a_watch_that_is_cut_is_gone_on_with(
    shaky_bench: Bench, proxy: FaultyProxy, namespace: str, kubectl: Kubectl
) -> None:
    waiting = await shaky_bench.begin("a", "b", namespace=namespace)
    for name in "ab":
        await cut_off(proxy)
        finish(kubectl, name)
    await waiting
    assert proxy.seen.count("WATCH") >= 3


async def test_a_watch_that_has_expired_begins_anew(
    shaky_bench: Bench, proxy: FaultyProxy, namespace: str, kubectl: Kubectl
) -> None:
    waiting = await shaky_bench.begin("a", "b", namespace=namespace)
    await until(lambda: len(proxy.watching) == 1)
    lists = shaky_bench.provider.stats.get("list", 0)

    async def too_old(request: web.Request) -> web.StreamResponse:
        """The API server's own answer for a version that it has forgotten."""
        finish(kubectl, "a")
        gone = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410}
        return web.Response(text=json.dumps({"type": "ERROR", "object": gone}) + "\n")

    proxy.inject("WATCH", too_old)
    proxy.inject("WATCH", status(410, "too old resource version"))
    await cut_off(proxy)
    await until(lambda: not proxy.faults and len(proxy.watching) == 1)
    assert shaky_bench.provider.stats["list"] == lists + 2
    finish(kubectl, "b")
    await waiting


async def test_a_server_that_refuses_watches_is_asked(
    shaky_bench: Bench, proxy: FaultyProxy, namespace: str, kubectl: Kubectl
) -> None:
    proxy.inject("WATCH", status(405), 10)
    waiting = await shaky_bench.begin("a", namespace=namespace)
    finish(kubectl, "a")
    await waiting


@pytest.fixture
def modest(cluster: Cluster, namespace: str, inputs: ProviderInputs) -> ProviderInputs:
    """Return the way in of a user who may get and change ConfigMaps, and nothing else."""
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create", "patch", "delete"]}]
    base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    subject = {"kind": "User", "name": "modest", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "modest"}
    made = {"metadata": meta("modest"), "rules": rules}
    assert cluster.request("POST", f"{base}/roles", made).ok
    bound = {"metadata": meta("modest"), "subjects": [subject], "roleRef": role}
    assert cluster.request("POST", f"{base}/rolebindings", bound).ok
    kubeconfig = json.loads(
        Kubectl(cluster.kubeconfig, namespace, cluster.kubeconfig.parent)("config", "view", "--raw", "-o", "json")
    )
    for user in kubeconfig["users"]:
        user["user"]["as"] = "modest"
    return replace(inputs, kubeconfig=json.dumps(kubeconfig))


async def test_who_may_not_watch_asks_for_each_object(modest: ProviderInputs, namespace: str, kubectl: Kubectl) -> None:
    async with Provider(modest) as provider:
        waiting = await Bench(provider).begin("a", "b", namespace=namespace)
        finish(kubectl, "a", "b")
        await waiting
        wanted = awaited("a", namespace)
        wanted["metadata"]["finalizers"] = ["example.com/hold"]
        await provider.update(wanted, manager="fleet")
        deleting = asyncio.create_task(provider.delete(ref(wanted)))
        await until(lambda: "deletionTimestamp" in kubectl.get("configmap", "a")["metadata"])
        kubectl.patch("configmap", "a", {"metadata": {"finalizers": None}})
        await deleting


async def test_who_may_not_watch_all_namespaces_watches_each(
    shaky_bench: Bench, proxy: FaultyProxy, namespace: str, kubectl: Kubectl, cluster: Cluster
) -> None:
    names = [f"{namespace}-{number}" for number in range(5)]
    for name in names:
        assert cluster.request("POST", "/api/v1/namespaces", namespace_(name)).ok
    tasks = [await shaky_bench.begin("a", namespace=name) for name in names[:3]]
    await until(lambda: len(proxy.watching) == 3)
    proxy.inject("WATCH", status(403, 'configmaps is forbidden: User "a" cannot watch resource "configmaps"'))
    tasks += [await shaky_bench.begin("a", namespace=name) for name in names[3:]]
    await until(lambda: len(proxy.watching) == 5)
    for name in names:
        finish(replace(kubectl, namespace=name), "a")
    await asyncio.gather(*tasks)
    for name in names:
        cluster.request("DELETE", f"/api/v1/namespaces/{name}")


async def test_an_object_that_is_deleted_is_not_waited_for(bench: Bench, namespace: str, kubectl: Kubectl) -> None:
    waiting = await bench.begin("a", namespace=namespace)
    kubectl("delete", "configmap", "a")
    kubectl("create", "configmap", "a", "--from-literal=done=yes")
    with pytest.raises(NotReadyError, match="somebody has deleted it"):
        await waiting


async def test_a_run_that_is_stopped_waits_for_nothing(provider: Provider, namespace: str) -> None:
    wanted, stop, told = awaited("a", namespace), asyncio.Event(), asyncio.Event()
    made = await provider.create(wanted, manager="fleet", adopt=False)
    waiting = asyncio.create_task(provider.ready(made.body, wait_of(wanted), tell=lambda _: told.set(), stop=stop))
    await told.wait()
    stop.set()
    with pytest.raises(StoppedError):
        await waiting


async def test_a_server_that_is_restarted_is_waited_for(
    bench: Bench, namespace: str, kubectl: Kubectl, cluster: Cluster
) -> None:
    waiting = await bench.begin("a", namespace=namespace)
    lists = bench.provider.stats.get("list", 0)
    # What comes after it, elsewhere: a new API server knows nothing of the time before, and has a watch begin anew.
    kubectl("create", "secret", "generic", "other")
    await asyncio.to_thread(cluster.stop)
    await asyncio.to_thread(cluster.start)
    finish(kubectl, "a")
    await waiting
    assert bench.provider.stats.get("list", 0) == lists + 1


async def test_a_server_that_does_not_come_back_ends_the_waiting(
    shaky_bench: Bench, proxy: FaultyProxy, namespace: str
) -> None:
    waiting = await shaky_bench.begin("a", namespace=namespace)
    await until(lambda: len(proxy.watching) == 1)
    await proxy.leave()
    with pytest.raises(ClusterUnavailableError, match="cannot be reached"):
        await waiting
