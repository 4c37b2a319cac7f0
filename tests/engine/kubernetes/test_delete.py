import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from fleet.engine.kubernetes.errors import ObjectFailedError, StoppedError
from fleet.engine.kubernetes.propagation import Propagation
from fleet.engine.kubernetes.provider import Provider
from fleet.engine.kubernetes.refs import Ref
from localclusters.cluster import Cluster
from tests.engine.kubernetes.kubectl import Kubectl
from tests.engine.kubernetes.manifests import config_map, deployment, meta, namespace_, pod_template, ref

HOLD = "example.com/hold"


def held(name: str, namespace: str) -> dict[str, Any]:
    wanted = config_map(name, namespace)
    wanted["metadata"]["finalizers"] = [HOLD]
    return wanted


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - the cluster does not call us
            await asyncio.sleep(0.05)


def release(kubectl: Kubectl, name: str) -> None:
    kubectl.patch("configmap", name, {"metadata": {"finalizers": None}})


async def test_an_object_is_gone_at_once(provider: Provider, namespace: str) -> None:
    wanted = config_map("a", namespace)
    await provider.create(wanted, manager="fleet", adopt=False)
    await provider.delete(ref(wanted))
    assert await provider.read(ref(wanted)) is None
    # One look before creating, and the read above: nothing to wait for.
    assert provider.stats["get"] == 2


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(Ref("v1", "ConfigMap", "nothing", "default"), id="object"),
        pytest.param(Ref("v1", "ConfigMap", "nothing", "nowhere"), id="namespace"),
        pytest.param(Ref("example.com/v1", "Gizmo", "nothing", "default"), id="kind"),
    ],
)
async def test_what_is_not_there_is_deleted(provider: Provider, missing: Ref) -> None:
    await provider.delete(missing)


async def test_an_object_in_another_version_is_not_taken_for_gone(provider: Provider, namespace: str) -> None:
    with pytest.raises(ObjectFailedError, match="does not serve Deployment in apps/v1beta1"):
        await provider.delete(Ref("apps/v1beta1", "Deployment", "web", namespace))


async def test_a_later_object_of_the_same_name_stays(provider: Provider, namespace: str) -> None:
    wanted = config_map("a", namespace)
    first = await provider.create(wanted, manager="fleet", adopt=False)
    await provider.delete(ref(wanted))
    second = await provider.create(wanted, manager="fleet", adopt=False)
    await provider.delete(ref(wanted, uid=first.body["metadata"]["uid"]))
    assert await provider.read(ref(wanted)) == second.body
    await provider.delete(ref(wanted, uid=second.body["metadata"]["uid"]))
    assert await provider.read(ref(wanted)) is None


async def test_dependents_go_first(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    wanted = deployment("web", namespace, replicas=2)
    await provider.create(wanted, manager="fleet", adopt=False)
    kubectl("rollout", "status", "deployment", "web", "--timeout=60s")
    await provider.delete(ref(wanted))
    assert kubectl("get", "deployments,replicasets,pods", "-o", "name") == ""


async def test_dependents_may_stay(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    wanted = deployment("web", namespace)
    await provider.create(wanted, manager="fleet", adopt=False)
    kubectl("rollout", "status", "deployment", "web", "--timeout=60s")
    await provider.delete(ref(wanted), propagation=Propagation.ORPHAN)
    assert kubectl("get", "deployments", "-o", "name") == ""
    assert kubectl("get", "replicasets", "-o", "name").count("replicaset") == 1


async def test_a_finalizer_is_waited_for(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    await provider.create(held("a", namespace), manager="fleet", adopt=False)
    deleting = asyncio.create_task(provider.delete(ref(config_map("a", namespace))))
    await until(lambda: "deletionTimestamp" in kubectl.get("configmap", "a")["metadata"])
    assert not deleting.done()
    release(kubectl, "a")
    await deleting
    assert await provider.read(ref(config_map("a", namespace))) is None


async def test_what_blocks_is_named(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    await provider.create(held("a", namespace), manager="fleet", adopt=False)
    with pytest.raises(ObjectFailedError) as raised:
        await provider.delete(ref(config_map("a", namespace)), timeout_s=0.5)
    for part in (f"ConfigMap {namespace}/a", "still there after 0.5 s", f"finalizer {HOLD}"):
        assert part in str(raised.value)
    release(kubectl, "a")
    await provider.delete(ref(config_map("a", namespace)))


async def test_what_a_namespace_waits_for_is_named(provider: Provider, namespace: str, cluster: Cluster) -> None:
    name = f"{namespace}-held"
    await provider.create(namespace_(name), manager="fleet", adopt=False)
    await provider.create(held("a", name), manager="fleet", adopt=False)
    with pytest.raises(ObjectFailedError) as raised:
        await provider.delete(ref(namespace_(name)), timeout_s=10)
    assert f"{HOLD} in 1 resource instances" in str(raised.value)
    patch = {"metadata": {"finalizers": None}}
    path = f"/api/v1/namespaces/{name}/configmaps/a"
    assert cluster.request("PATCH", path, patch, content_type="application/merge-patch+json").ok
    await provider.delete(ref(namespace_(name)))


async def test_dependents_that_do_not_go_are_named(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    wanted = deployment("web", namespace)
    wanted["spec"]["template"]["metadata"]["finalizers"] = [HOLD]
    await provider.create(wanted, manager="fleet", adopt=False)
    kubectl("rollout", "status", "deployment", "web", "--timeout=60s")
    told: list[str] = []
    with pytest.raises(ObjectFailedError, match=r"Pod web-\S+, which is still there"):
        await provider.delete(ref(wanted), timeout_s=5, tell=told.append)
    assert told[0] == "finalizer foregroundDeletion: its dependents have to go first"
    for name in kubectl("get", "pods", "-o", "name").split():
        kubectl.patch("pod", name.removeprefix("pod/"), {"metadata": {"finalizers": None}})
    await provider.delete(ref(wanted))


async def test_many_that_wait_share_one_watch(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    names = [f"a{number}" for number in range(20)]
    creates = (provider.create(held(name, namespace), manager="fleet", adopt=False) for name in names)
    await asyncio.gather(*creates)
    before = dict(provider.stats)
    told: list[str] = []
    deletes = [
        asyncio.create_task(provider.delete(ref(config_map(name, namespace)), tell=told.append)) for name in names
    ]
    await until(lambda: len(told) >= len(names))
    assert set(told) == {f"finalizer {HOLD}"}
    assert not any(each.done() for each in deletes)
    kubectl("patch", "configmap", *names, "--type", "merge", "-p", '{"metadata":{"finalizers":null}}')
    await asyncio.gather(*deletes)
    assert provider.stats["watch"] == 1
    assert provider.stats["list"] == before["list"]
    assert kubectl("get", "configmap", "-o", "name").split() == ["configmap/kube-root-ca.crt"]


@pytest.mark.parametrize("kind", ["Service", "Pod", "ServiceAccount"])
async def test_an_answer_that_shows_what_was_is_not_waited_for(provider: Provider, namespace: str, kind: str) -> None:
    """The API server answers the deletion of some kinds with the object, also where it is gone at once."""
    wanted = {"apiVersion": "v1", "kind": kind, "metadata": meta("a", namespace)}
    if kind == "Service":
        wanted["spec"] = {"ports": [{"port": 80}]}
    if kind == "Pod":
        wanted["spec"] = {**pod_template("a")["spec"], "nodeSelector": {"no": "such-node"}}
    await provider.create(wanted, manager="fleet", adopt=False)
    await provider.delete(ref(wanted), timeout_s=30)
    assert await provider.read(ref(wanted)) is None


async def test_a_run_that_is_stopped_waits_for_no_deletion(
    provider: Provider, namespace: str, kubectl: Kubectl
) -> None:
    await provider.create(held("a", namespace), manager="fleet", adopt=False)
    stop, told = asyncio.Event(), asyncio.Event()
    deleting = asyncio.create_task(
        provider.delete(ref(config_map("a", namespace)), tell=lambda _: told.set(), stop=stop)
    )
    await told.wait()
    stop.set()
    with pytest.raises(StoppedError):
        await deleting
    release(kubectl, "a")


async def test_waiting_ends_with_the_provider(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    await provider.create(held("a", namespace), manager="fleet", adopt=False)
    async with Provider(provider.inputs) as other:
        deleting = asyncio.create_task(other.delete(ref(config_map("a", namespace))))
        await until(lambda: other.stats.get("watch", 0) > 0)
        deleting.cancel()
    assert deleting.cancelled()
    release(kubectl, "a")
