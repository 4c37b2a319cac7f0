import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet.engine.events import FieldChange
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.observation import Gone, Known, Live, Observation, Present, Unreadable
from fleet.engine.kubernetes.provider import Provider
from localclusters.cluster import Cluster
from tests.engine.kubernetes.faults import FaultyProxy
from tests.engine.kubernetes.kubectl import Kubectl
from tests.engine.kubernetes.manifests import Object, config_map, crd, deployment, namespace_, ref, secret, widget

Act = Callable[[Kubectl], None]


async def made(provider: Provider, wanted: Object, manager: str = "fleet") -> Known:
    live = await provider.create(wanted, manager=manager, adopt=False)
    return known(wanted, live, manager)


def known(wanted: Object, live: Live, manager: str = "fleet") -> Known:
    return Known("it", wanted, live.body["metadata"]["resourceVersion"], manager)


async def look(provider: Provider, *objects: Known) -> Observation:
    async with Provider(provider.inputs) as fresh:
        return (await fresh.observe(objects))["it"]


def first_container(change: dict[str, Any]) -> Any:
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", **change}]}}}}


def scale(kubectl: Kubectl) -> None:
    kubectl("scale", "deployment", "web", "--replicas=5")


def edit(change: Any, how: str = "strategic") -> Act:
    return lambda kubectl: kubectl.patch("deployment", "web", change, how)


def append_argument(kubectl: Kubectl) -> None:
    path = "/spec/template/spec/containers/0/args/-"
    kubectl.patch("deployment", "web", [{"op": "add", "path": path, "value": "--debug"}], "json")


@pytest.mark.parametrize(
    ("act", "change"),
    [
        pytest.param(scale, FieldChange("spec.replicas", 2, 5), id="scaled"),
        pytest.param(
            edit(first_container({"image": "registry.example.com/main:2"})),
            FieldChange(
                "spec.template.spec.containers[0].image", "registry.example.com/main:1", "registry.example.com/main:2"
            ),
            id="image",
        ),
        pytest.param(
            append_argument,
            FieldChange("spec.template.spec.containers[0].args", ["serve"], ["serve", "--debug"]),
            id="argument-appended",
        ),
        pytest.param(
            lambda kubectl: kubectl("label", "deployment", "web", "team-"),
            FieldChange("metadata.labels", {"team": "shop"}, None),
            id="label-removed",
        ),
        pytest.param(
            lambda kubectl: kubectl("label", "deployment", "web", "team=other", "--overwrite"),
            FieldChange("metadata.labels.team", "shop", "other"),
            id="label-changed",
        ),
    ],
)
async def test_drift_is_what_applying_would_change(
    provider: Provider, namespace: str, kubectl: Kubectl, act: Act, change: FieldChange
) -> None:
    wanted = deployment("web", namespace, replicas=2)
    before = await made(provider, wanted)
    act(kubectl)
    found = await look(provider, before)
    assert isinstance(found, Present)
    assert changes(found) == (change,)
    assert found.note == ""
    healed = await provider.update(wanted, manager="fleet")
    after = await look(provider, known(wanted, healed))
    assert changes(after) == ()


async def test_an_argument_where_we_sent_none_is_not_ours(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    """Server-side apply owns no field that it was not sent; healing would not remove it, so it is no drift."""
    wanted = deployment("web", namespace)
    del wanted["spec"]["template"]["spec"]["containers"][0]["args"]
    before = await made(provider, wanted)
    kubectl.patch("deployment", "web", first_container({"args": ["--debug"]}), "strategic")
    found = await look(provider, before)
    assert changes(found) == ()


async def test_fields_that_kubectl_apply_took_are_drift(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    wanted = deployment("web", namespace, replicas=2)
    before = await made(provider, wanted)
    kubectl.apply(deployment("web", namespace, replicas=7), "--server-side", "--force-conflicts")
    found = await look(provider, before)
    assert changes(found) == (FieldChange("spec.replicas", 2, 7),)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda kubectl: kubectl("label", "deployment", "web", "theirs=1"), id="label-added"),
        pytest.param(lambda kubectl: kubectl("annotate", "deployment", "web", "theirs=1"), id="annotation-added"),
        pytest.param(scale, id="replicas-that-we-do-not-send"),
        pytest.param(edit(first_container({"env": [{"name": "A", "value": "b"}]})), id="env-added"),
        pytest.param(
            edit({"spec": {"template": {"spec": {"containers": [{"name": "sidecar", "image": "i"}]}}}}),
            id="container-added",
        ),
        pytest.param(edit({"spec": {"paused": True}}), id="field-that-we-do-not-send"),
        pytest.param(
            lambda kubectl: kubectl("rollout", "status", "deployment", "web", "--timeout=60s"), id="status-moved"
        ),
    ],
)
async def test_what_applying_leaves_alone_is_no_drift(
    provider: Provider, namespace: str, kubectl: Kubectl, act: Act
) -> None:
    wanted = deployment("web", namespace)
    before = await made(provider, wanted)
    act(kubectl)
    found = await look(provider, before)
    assert isinstance(found, Present)
    assert changes(found) == ()
    assert found.resource_version != before.resource_version
    assert found.live is not None
    again = await look(provider, replace(before, resource_version=found.resource_version))
    assert isinstance(again, Present)
    assert changes(again) == ()


async def test_an_object_that_is_gone(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    before = await made(provider, config_map("a", namespace))
    kubectl("delete", "configmap", "a")
    assert await look(provider, before) == Gone()


async def test_an_object_that_was_made_anew(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    before = await made(provider, config_map("a", namespace, key="value"))
    kubectl("delete", "configmap", "a")
    kubectl("create", "configmap", "a", "--from-literal=key=other")
    assert changes(await look(provider, before)) == (FieldChange("data.key", "value", "other"),)


async def test_an_object_without_a_known_version_is_compared(provider: Provider, namespace: str) -> None:
    before = await made(provider, config_map("a", namespace, key="value"))
    found = await look(provider, replace(before, resource_version=None))
    assert isinstance(found, Present)
    assert changes(found) == ()
    assert found.live is not None


async def test_values_of_secrets_are_not_shown(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    before = await made(provider, secret("s", namespace, stringData={"password": "hunter22"}))
    kubectl.patch("secret", "s", {"stringData": {"password": "hunter33"}})
    found = await look(provider, before)
    assert changes(found) == (FieldChange("data.password", "[secret]", "[secret]"),)


async def test_every_object_has_its_answer(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    names = ("same", "changed", "gone")
    objects = [await made(provider, config_map(name, namespace, key="value")) for name in names]
    kubectl.patch("configmap", "changed", {"data": {"key": "other"}})
    kubectl("delete", "configmap", "gone")
    async with Provider(provider.inputs) as fresh:
        found = await fresh.observe([replace(each, key=name) for each, name in zip(objects, names, strict=True)])
        assert dict(fresh.stats) == {"discover": 2, "list": 1, "get": 1, "dry-run": 1}
    assert found["same"] == Present(objects[0].resource_version or "")
    assert changes(found["changed"]) == (FieldChange("data.key", "value", "other"),)
    assert found["gone"] == Gone()


async def test_nothing_known_asks_nothing(provider: Provider) -> None:
    assert await provider.observe([]) == {}
    assert provider.stats == {}


async def test_a_collection_of_several_pages(provider: Provider, namespace: str) -> None:
    objects = await many(provider, [config_map(f"a{number}", namespace) for number in range(700)])
    async with Provider(provider.inputs) as fresh:
        found = await fresh.observe(objects)
        assert dict(fresh.stats) == {"discover": 2, "list": 2}
    assert {type(each) for each in found.values()} == {Present}
    assert len(found) == 700


async def test_a_look_costs_a_list_for_each_kind_whatever_the_number_of_objects(
    provider: Provider, shaky: Provider, proxy: FaultyProxy, namespace: str, kubectl: Kubectl
) -> None:
    """Counted where requests arrive: two ask for the kinds, one lists each of two kinds; then one object moves."""
    wanted = [config_map(f"c{number}", namespace, key="1") for number in range(60)]
    wanted += [secret(f"s{number}", namespace, stringData={"key": "1"}) for number in range(60)]
    objects = await many(provider, wanted)
    await shaky.observe(objects)
    assert proxy.seen == ["GET"] * 4
    proxy.seen.clear()
    kubectl.patch("configmap", "c7", {"data": {"key": "2"}})
    found = await shaky.observe(objects)
    assert sorted(proxy.seen) == ["GET"] * 3 + ["PATCH"]
    assert [key for key, each in found.items() if changes(each)] == ["c7"]


async def test_many_that_moved_are_read_by_one_list(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    objects = await many(provider, [config_map(f"a{number}", namespace, key="value") for number in range(30)])
    kubectl("label", "configmap", "--all", "theirs=1")
    kubectl.patch("configmap", "a7", {"data": {"key": "other"}})
    async with Provider(provider.inputs) as fresh:
        found = await fresh.observe(objects)
        assert dict(fresh.stats) == {"discover": 2, "list": 2, "dry-run": 30}
    assert [key for key, each in found.items() if changes(each)] == ["a7"]


@pytest.mark.parametrize("namespaces", [1, 2, 4])
async def test_a_kind_is_listed_once_whatever_the_number_of_namespaces(
    provider: Provider, namespace: str, namespaces: int
) -> None:
    names = [f"{namespace}-{number}" for number in range(namespaces)]
    await asyncio.gather(*(provider.create(namespace_(name), manager="fleet", adopt=False) for name in names))
    objects = await many(provider, [config_map("a", name) for name in names])
    async with Provider(provider.inputs) as fresh:
        found = await fresh.observe(objects)
        assert fresh.stats["list"] == 1
    assert {type(each) for each in found.values()} == {Present}
    await asyncio.gather(*(provider.delete(ref(namespace_(name))) for name in names))


async def test_who_may_list_single_namespaces_only_lists_each_of_them(
    provider: Provider, cluster: Cluster, namespace: str
) -> None:
    names = [namespace, f"{namespace}-2"]
    await provider.create(namespace_(names[1]), manager="fleet", adopt=False)
    for name in names:
        grant(cluster, name, to="narrow")
    objects = await many(provider, [config_map("a", name) for name in names])
    kubeconfig = impersonating(cluster.kubeconfig, "narrow")
    async with Provider(replace(provider.inputs, kubeconfig=kubeconfig)) as narrow:
        found = await narrow.observe(objects)
        assert narrow.stats["list"] == 1 + len(names)
    assert {type(each) for each in found.values()} == {Present}
    await provider.delete(ref(namespace_(names[1])))


def impersonating(path: Path, user: str) -> str:
    """Return a kubeconfig that is somebody else's."""
    kubeconfig = yaml.safe_load(path.read_text())
    for each in kubeconfig["users"]:
        each["user"]["as"] = user
    return json.dumps(kubeconfig)


def grant(cluster: Cluster, namespace: str, *, to: str) -> None:
    """Let a user list ConfigMaps in a namespace."""
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": to}}
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": to}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": to}
    assert cluster.request("POST", f"{path}/roles", head | {"kind": "Role", "rules": rules}).ok
    binding = head | {"kind": "RoleBinding", "roleRef": role, "subjects": [subject]}
    assert cluster.request("POST", f"{path}/rolebindings", binding).ok


async def test_a_kind_that_is_served_no_longer(provider: Provider, namespace: str) -> None:
    group = f"{namespace}.example.com"
    await provider.create(crd(group), manager="fleet", adopt=False)
    before = await made(provider, widget(group, "w", namespace))
    await provider.delete(ref(crd(group)))
    assert await look(provider, before) == Gone()


async def test_a_version_that_is_served_no_longer(provider: Provider, namespace: str) -> None:
    before = await made(provider, deployment("web", namespace))
    old = replace(before, wanted={**before.wanted, "apiVersion": "extensions/v1beta1"})
    found = await look(provider, old)
    assert isinstance(found, Unreadable)
    assert "no longer serves Deployment in extensions/v1beta1" in found.problem.summary
    assert changes(found) == ()
    assert found.live is None


@pytest.fixture
async def reader(inputs: ProviderInputs, cluster: Cluster) -> AsyncIterator[Provider]:
    async with Provider(replace(inputs, context=cluster.reader_context)) as limited:
        yield limited


@pytest.mark.parametrize(
    ("act", "paths"),
    [
        pytest.param(scale, ["spec.replicas"], id="scaled"),
        pytest.param(append_argument, ["spec.template.spec.containers[0].args"], id="argument-appended"),
        pytest.param(lambda kubectl: kubectl("label", "deployment", "web", "theirs=1"), [], id="label-added"),
        pytest.param(
            lambda kubectl: kubectl("rollout", "status", "deployment", "web", "--timeout=60s"), [], id="status-moved"
        ),
    ],
)
async def test_who_may_only_read_sees_an_estimate(
    provider: Provider, reader: Provider, kubectl: Kubectl, act: Act, paths: list[str]
) -> None:
    before = await made(provider, deployment("web", kubectl.namespace, replicas=2))
    act(kubectl)
    found = (await reader.observe([before]))["it"]
    assert isinstance(found, Present)
    assert [change.path for change in found.changes] == paths
    assert "dry run failed" in found.note
    assert "not allowed" in found.note


async def test_who_may_not_dry_run_is_refused_once(
    provider: Provider, reader: Provider, namespace: str, kubectl: Kubectl
) -> None:
    objects = await many(provider, [config_map(f"a{number}", namespace) for number in range(15)])
    kubectl("label", "configmap", "--all", "theirs=1")
    found = await reader.observe(objects)
    assert reader.stats["dry-run"] == 1
    assert {changes(each) for each in found.values()} == {()}


async def test_a_change_that_could_not_be_applied_is_drift_all_the_same(
    provider: Provider, namespace: str, kubectl: Kubectl
) -> None:
    before = await made(provider, deployment("web", namespace, app="a"))
    kubectl("delete", "deployment", "web")
    kubectl.apply(deployment("web", namespace, app="b"))
    found = await look(provider, before)
    assert isinstance(found, Present)
    assert "spec.selector.matchLabels.app" in [change.path for change in found.changes]
    assert "cannot be changed" in found.note


def changes(observation: Observation) -> tuple[FieldChange, ...]:
    assert not isinstance(observation, Gone)
    return observation.changes


async def many(provider: Provider, objects: Sequence[Object]) -> list[Known]:
    creates = (provider.create(each, manager="fleet", adopt=False) for each in objects)
    live = await asyncio.gather(*creates)
    found = [known(wanted, each) for wanted, each in zip(objects, live, strict=True)]
    return [replace(each, key=_key(each.wanted)) for each in found]


def _key(wanted: Any) -> str:
    metadata = wanted["metadata"]
    return str(metadata["name"]) if metadata["name"] != "a" else str(metadata["namespace"])
