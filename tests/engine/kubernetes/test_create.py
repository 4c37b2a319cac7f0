import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from fleet.engine.kubernetes.errors import (
    KindNotServedError,
    NamespaceMissingError,
    ObjectExistsError,
    ObjectFailedError,
)
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.provider import Provider
from fleet.engine.kubernetes.transport import IN_FLIGHT
from localclusters.cluster import Cluster
from tests.engine.kubernetes.faults import FaultyProxy
from tests.engine.kubernetes.kubectl import Kubectl
from tests.engine.kubernetes.manifests import Object, config_map, crd, deployment, namespace_, ref, secret, widget

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def owners(live: Any) -> set[tuple[str, str]]:
    return {
        (entry["manager"], entry["operation"])
        for entry in live["metadata"]["managedFields"]
        if not entry.get("subresource")
    }


async def test_a_new_object_is_ours_alone(provider: Provider, namespace: str) -> None:
    live = await provider.create(config_map("a", namespace, key="value"), manager="fleet", adopt=False)
    assert not live.adopted
    assert live.body["data"] == {"key": "value"}
    assert owners(live.body) == {("fleet", "Apply")}
    assert await provider.read(ref(config_map("a", namespace))) == live.body


async def test_an_object_that_exists_is_not_touched(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    kubectl.apply(config_map("a", namespace, key="theirs"))
    before = kubectl.get("configmap", "a")
    with pytest.raises(ObjectExistsError) as raised:
        await provider.create(config_map("a", namespace, key="ours"), manager="fleet", adopt=False)
    assert kubectl.get("configmap", "a") == before
    text = str(raised.value)
    for part in (f"ConfigMap {namespace}/a", "exists already", "kubectl-client-side-apply", "adopt=True", "annotation"):
        assert part in text


@pytest.mark.parametrize("how", ["argument", "upsert"])
async def test_an_object_is_taken_over(
    inputs: ProviderInputs, provider: Provider, namespace: str, kubectl: Kubectl, how: str
) -> None:
    kubectl.apply(config_map("a", namespace, key="theirs", dropped="x"))
    async with Provider(replace(inputs, upsert=how == "upsert")) as other:
        wanted = config_map("a", namespace, key="ours")
        live = await other.create(wanted, manager="fleet", adopt=how == "argument")
    assert live.adopted
    assert live.body["data"] == {"key": "ours"}


PREDECESSORS = [
    pytest.param((), id="client-side"),
    pytest.param(("--server-side",), id="server-side"),
    pytest.param(("--server-side", "--field-manager=argocd-controller"), id="argo-cd-server-side"),
    pytest.param(("--field-manager=argocd-controller",), id="argo-cd-client-side"),
]


@pytest.mark.parametrize("arguments", PREDECESSORS)
async def test_what_predecessors_put_there_goes_on_taking_over(
    provider: Provider, namespace: str, kubectl: Kubectl, arguments: tuple[str, ...]
) -> None:
    theirs = deployment("web", namespace, replicas=2, minReadySeconds=5)
    theirs["metadata"]["annotations"] = {"old": "x"}
    kubectl.apply(theirs, *arguments)
    kubectl("annotate", "deployment", "web", "by-hand=stays")
    live = await provider.create(deployment("web", namespace, replicas=2), manager="fleet", adopt=True)
    assert live.adopted
    assert "minReadySeconds" not in live.body["spec"]
    annotations = live.body["metadata"]["annotations"]
    assert annotations["by-hand"] == "stays"
    assert not {"old", LAST_APPLIED} & set(annotations)
    assert not {manager for manager, _ in owners(live.body)} & {"kubectl-client-side-apply", "argocd-controller"}


@pytest.mark.parametrize("arguments", PREDECESSORS)
async def test_what_leaves_git_after_taking_over_leaves_the_cluster(
    provider: Provider, namespace: str, kubectl: Kubectl, arguments: tuple[str, ...]
) -> None:
    """What a predecessor applied is taken over as it is, and is changed by us later on."""
    theirs = deployment("web", namespace, replicas=2, minReadySeconds=5)
    theirs["metadata"]["annotations"] = {"ours-now": "x"}
    kubectl.apply(theirs, *arguments)
    taken = await provider.create(theirs, manager="fleet", adopt=True)
    assert taken.adopted
    assert taken.body["spec"]["minReadySeconds"] == 5
    live = await provider.update(deployment("web", namespace, replicas=2), manager="fleet")
    assert "minReadySeconds" not in live.body["spec"]
    assert "ours-now" not in live.body["metadata"].get("annotations", {})


def service(namespace: str, port: int) -> Object:
    spec = {"ports": [{"port": port, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": namespace}, "spec": spec}


@pytest.mark.parametrize("arguments", PREDECESSORS)
async def test_what_predecessors_left_is_not_in_the_way_of_what_is_wanted(
    inputs: ProviderInputs, namespace: str, kubectl: Kubectl, arguments: tuple[str, ...]
) -> None:
    """Two ports need names: the old one, theirs, has to go before the new one can come."""
    kubectl.apply(service(namespace, 80), *arguments)
    warnings: list[str] = []
    async with Provider(inputs, warn=warnings.append) as provider:
        wanted = service(namespace, 8080)
        would_be = await provider.create(wanted, manager="fleet", adopt=True, dry_run=True)
        assert would_be.adopted
        assert [each["port"] for each in would_be.body["spec"]["ports"]] == [8080]
        assert [text for text in warnings if "cannot be tried out" in text]
        live = await provider.create(wanted, manager="fleet", adopt=True)
    assert live.adopted
    assert [each["port"] for each in live.body["spec"]["ports"]] == [8080]
    assert owners(live.body) == {("fleet", "Apply")}


async def test_what_is_invalid_for_another_reason_stays_as_it_was(
    provider: Provider, namespace: str, kubectl: Kubectl
) -> None:
    kubectl.apply(service(namespace, 80))
    with pytest.raises(ObjectFailedError, match="it is not valid"):
        await provider.create(service(namespace, -1), manager="fleet", adopt=True)
    assert [each["port"] for each in kubectl.get("service", "s")["spec"]["ports"]] == [80]


async def test_taking_over_what_is_not_there_makes_it(provider: Provider, namespace: str) -> None:
    live = await provider.create(config_map("a", namespace), manager="fleet", adopt=True)
    assert not live.adopted


async def test_a_dry_run_makes_nothing(provider: Provider, namespace: str) -> None:
    wanted = config_map("a", namespace, key="value")
    live = await provider.create(wanted, manager="fleet", adopt=False, dry_run=True)
    assert live.body["metadata"]["uid"]
    assert await provider.read(ref(wanted)) is None
    assert not (await provider.create(wanted, manager="fleet", adopt=False)).adopted


async def test_few_objects_are_looked_for_one_by_one(provider: Provider, namespace: str) -> None:
    for number in range(3):
        await provider.create(config_map(f"a{number}", namespace), manager="fleet", adopt=False)
    assert provider.stats["get"] == 3
    assert "list" not in provider.stats


async def test_many_objects_are_looked_for_by_one_list(provider: Provider, namespace: str) -> None:
    await provider.create(config_map("there", namespace), manager="fleet", adopt=False)
    async with Provider(provider.inputs) as other:
        creates = (
            other.create(config_map(f"a{number}", namespace), manager="fleet", adopt=False) for number in range(40)
        )
        await asyncio.gather(*creates)
        assert other.stats["list"] == 1
        assert other.stats["get"] == 3
        assert other.stats["apply"] == 40
        with pytest.raises(ObjectExistsError):
            await other.create(config_map("there", namespace), manager="fleet", adopt=False)


async def test_what_we_deleted_can_be_made_again(provider: Provider, namespace: str) -> None:
    for _ in range(2):
        await provider.create(config_map("a", namespace), manager="fleet", adopt=False)
        await provider.delete(ref(config_map("a", namespace)))
    assert provider.stats["get"] == 1


async def test_the_namespace_must_be_there(provider: Provider) -> None:
    with pytest.raises(NamespaceMissingError, match="namespace nowhere does not exist"):
        await provider.create(config_map("a", "nowhere"), manager="fleet", adopt=False)


async def test_an_object_without_a_namespace_is_in_the_default_one(inputs: ProviderInputs, namespace: str) -> None:
    wanted = config_map("a", "", key="value")
    async with Provider(replace(inputs, namespace=namespace)) as provider:
        live = await provider.create(wanted, manager="fleet", adopt=False)
    assert live.body["metadata"]["namespace"] == namespace


@pytest.mark.parametrize(
    ("api_version", "kind", "texts"),
    [
        pytest.param("apps/v1beta1", "Deployment", ("in apps/v1.", "Change apiVersion to apps/v1"), id="old-version"),
        pytest.param("apps/v1", "Ingress", ("in networking.k8s.io/v1",), id="wrong-group"),
        pytest.param("example.com/v1", "Gizmo", ("CustomResourceDefinition",), id="unknown"),
    ],
)
async def test_the_kind_must_be_served(
    provider: Provider, namespace: str, api_version: str, kind: str, texts: tuple[str, ...]
) -> None:
    wanted = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": namespace}}
    with pytest.raises(KindNotServedError) as raised:
        await provider.create(wanted, manager="fleet", adopt=False)
    for text in (f"does not serve {kind} in {api_version}", *texts):
        assert text in str(raised.value)
    missing = await provider.kinds_missing([(api_version, kind), ("v1", "ConfigMap")])
    assert missing == {(api_version, kind): raised.value.served}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param({"replicaz": 1}, ".spec.replicaz", id="unknown-field"),
        pytest.param({"replicas": "two"}, ".spec.replicas", id="wrong-type"),
        pytest.param({"replicas": -1}, "spec.replicas: Invalid value: -1", id="wrong-value"),
    ],
)
async def test_an_invalid_object_is_refused(
    provider: Provider, namespace: str, change: dict[str, Any], text: str
) -> None:
    with pytest.raises(ObjectFailedError) as raised:
        await provider.create(deployment("web", namespace, **change), manager="fleet", adopt=False)
    assert "it is not valid" in str(raised.value)
    assert text in str(raised.value)
    assert provider.stats["apply"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"data": "hunter22"}, id="no-map"),
        pytest.param({"data": {"password": ["hunter22"]}}, id="list"),
        pytest.param({"data": {"password": "hunter22!"}}, id="no-base64"),
        pytest.param({"stringData": {"password": {"inner": "hunter22"}}}, id="nested"),
    ],
)
async def test_a_refused_secret_is_not_repeated(provider: Provider, namespace: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ObjectFailedError) as raised:
        await provider.create(secret("s", namespace, **fields), manager="fleet", adopt=False)
    assert "hunter22" not in str(raised.value)
    assert f"Secret {namespace}/s" in str(raised.value)


async def test_keys_of_string_data_are_ours(provider: Provider, namespace: str) -> None:
    await provider.create(secret("s", namespace, stringData={"a": "1", "b": "2"}), manager="fleet", adopt=False)
    live = await provider.update(secret("s", namespace, stringData={"a": "1"}), manager="fleet")
    assert live.body["data"] == {"a": "MQ=="}


async def test_an_object_on_its_way_out_is_not_made(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    wanted = config_map("a", namespace)
    kubectl.apply({**wanted, "metadata": {**wanted["metadata"], "finalizers": ["example.com/hold"]}})
    kubectl("delete", "configmap", "a", "--wait=false")
    with pytest.raises(ObjectExistsError, match="being deleted"):
        await provider.create(wanted, manager="fleet", adopt=False)
    with pytest.raises(ObjectFailedError, match=r"example\.com/hold"):
        await provider.create(wanted, manager="fleet", adopt=True)
    kubectl.patch("configmap", "a", {"metadata": {"finalizers": None}})


async def test_a_crd_and_its_resources_in_one_go(provider: Provider, namespace: str) -> None:
    group = f"{namespace}.example.com"
    wanted = widget(group, "w", namespace, size=1)
    with pytest.raises(KindNotServedError):
        await provider.create(wanted, manager="fleet", adopt=False)
    await provider.create(crd(group), manager="fleet", adopt=False)
    live = await provider.create(wanted, manager="fleet", adopt=False)
    assert live.body["spec"] == {"size": 1}
    await provider.delete(ref(crd(group)))
    assert await provider.read(ref(wanted)) is None
    with pytest.raises(KindNotServedError):
        await provider.create(wanted, manager="fleet", adopt=False)


async def test_a_crd_and_its_resources_made_anew(provider: Provider, namespace: str) -> None:
    group = f"{namespace}.example.com"
    for _ in range(2):
        await provider.create(crd(group), manager="fleet", adopt=False)
        await provider.create(widget(group, "w", namespace), manager="fleet", adopt=False)
        await provider.delete(ref(crd(group)))


async def test_a_crd_that_changes_its_versions(provider: Provider, namespace: str) -> None:
    group = f"{namespace}.example.com"
    first, second = crd(group), crd(group)
    (old,) = first["spec"]["versions"]
    second["spec"]["versions"] = [{**old, "served": False}, {**old, "name": "v2", "storage": False}]
    await provider.create(first, manager="fleet", adopt=False)
    assert await provider.kinds_missing([(f"{group}/v2", "Widget")]) == {(f"{group}/v2", "Widget"): (f"{group}/v1",)}
    await provider.update(second, manager="fleet")
    assert await provider.kinds_missing([(f"{group}/v1", "Widget")]) == {(f"{group}/v1", "Widget"): (f"{group}/v2",)}
    wanted = {**widget(group, "w", namespace), "apiVersion": f"{group}/v2"}
    await provider.create(wanted, manager="fleet", adopt=False)
    await provider.delete(ref(first))


async def test_a_crd_that_came_meanwhile_is_found(provider: Provider, namespace: str, cluster: Cluster) -> None:
    group = f"{namespace}.example.com"
    assert await provider.namespaces_missing([namespace]) == set()
    async with Provider(provider.inputs) as other:
        await other.create(crd(group), manager="other", adopt=False)
    live = await provider.create(widget(group, "w", namespace), manager="fleet", adopt=False)
    assert live.body["kind"] == "Widget"
    assert cluster.request("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}").ok


async def test_a_crd_whose_names_are_taken(provider: Provider, namespace: str) -> None:
    group = f"{namespace}.example.com"
    await provider.create(crd(group), manager="fleet", adopt=False)
    second = crd(group, kind="Gadget")
    second["spec"]["names"]["kind"] = "Widget"
    with pytest.raises(ObjectFailedError, match="names are taken"):
        await provider.create(second, manager="fleet", adopt=False)
    await provider.delete(ref(second))
    await provider.delete(ref(crd(group)))


async def test_missing_namespaces(provider: Provider, namespace: str) -> None:
    few = await provider.namespaces_missing([namespace, "nowhere"])
    many = await provider.namespaces_missing([namespace, *(f"nowhere-{number}" for number in range(20))])
    assert few == {"nowhere"}
    assert many == {f"nowhere-{number}" for number in range(20)}
    assert provider.stats["list"] == 1


async def test_a_namespace_that_we_made_is_not_missing(provider: Provider, namespace: str) -> None:
    name = f"{namespace}-own"
    assert await provider.namespaces_missing([name]) == {name}
    await provider.create(namespace_(name), manager="fleet", adopt=False)
    assert await provider.namespaces_missing([name]) == set()
    await provider.create(config_map("a", name), manager="fleet", adopt=False)
    await provider.delete(ref(namespace_(name)))
    assert await provider.namespaces_missing([name]) == {name}


async def test_the_server_may_warn(inputs: ProviderInputs, namespace: str) -> None:
    warnings: list[str] = []
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "e", "namespace": namespace}}
    async with Provider(inputs, warn=warnings.append) as provider:
        for _ in range(2):
            await provider.update(endpoints, manager="fleet")
    assert len(warnings) == 1
    assert warnings[0].startswith(f"Endpoints {namespace}/e: v1 Endpoints is deprecated")


@pytest.mark.parametrize(
    ("given", "most"), [pytest.param({"in_flight": 3}, 3, id="3"), pytest.param({}, 32, id="usual")]
)
async def test_no_more_requests_are_under_way_than_may_be(
    proxy: FaultyProxy, through: ProviderInputs, namespace: str, given: dict[str, int], most: int
) -> None:
    now, seen, full = 0, 0, asyncio.Event()

    async def count(request: web.Request) -> web.StreamResponse:
        nonlocal now, seen
        now += 1
        seen = max(seen, now)
        if now == most:
            full.set()
        await full.wait()
        await asyncio.sleep(0.01)
        now -= 1
        return await proxy.forward(request)

    proxy.inject("PATCH", count, times=80)
    async with Provider(through) if most == IN_FLIGHT else Provider(through, in_flight=most) as provider:
        objects = [config_map(f"a{number}", namespace) for number in range(80)]
        await asyncio.gather(*(provider.create(each, manager="fleet", adopt=False) for each in objects))
    assert seen == most
