import asyncio
from typing import Any

import pytest

from fleet.engine.kubernetes.errors import ImmutableFieldError, ObjectFailedError
from fleet.engine.kubernetes.provider import Provider
from localclusters.cluster import Cluster
from tests.engine.kubernetes.kubectl import Kubectl
from tests.engine.kubernetes.manifests import (
    Object,
    config_map,
    crd,
    deployment,
    meta,
    namespace_,
    pod_template,
    ref,
    secret,
    widget,
)

MERGE = "application/merge-patch+json"


async def test_what_we_no_longer_send_goes(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    await provider.create(config_map("a", namespace, ours="1", dropped="2"), manager="fleet", adopt=False)
    kubectl.patch("configmap", "a", {"data": {"theirs": "3"}})
    live = await provider.update(config_map("a", namespace, ours="1"), manager="fleet")
    assert live.body["data"] == {"ours": "1", "theirs": "3"}


async def test_in_a_conflict_we_win(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    wanted = deployment("web", namespace, replicas=2)
    await provider.create(wanted, manager="fleet", adopt=False)
    kubectl("scale", "deployment", "web", "--replicas=5")
    live = await provider.update(wanted, manager="fleet")
    assert live.body["spec"]["replicas"] == 2


async def test_replicas_that_we_do_not_send_are_left_alone(
    provider: Provider, namespace: str, kubectl: Kubectl
) -> None:
    wanted = deployment("web", namespace)
    await provider.create(wanted, manager="fleet", adopt=False)
    kubectl("scale", "deployment", "web", "--replicas=5")
    live = await provider.update(wanted, manager="fleet")
    assert live.body["spec"]["replicas"] == 5


async def test_what_pulumi_made_by_post_is_ours(provider: Provider, namespace: str, cluster: Cluster) -> None:
    made = deployment("web", namespace, replicas=2, minReadySeconds=5)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    assert cluster.request("POST", f"{path}?fieldManager=fleet", made).ok
    live = await provider.update(deployment("web", namespace, replicas=3), manager="fleet")
    assert live.body["spec"]["replicas"] == 3
    assert "minReadySeconds" not in live.body["spec"]
    entries = [
        each["operation"]
        for each in live.body["metadata"]["managedFields"]
        if each["manager"] == "fleet" and not each.get("subresource")
    ]
    assert entries == ["Apply"]


async def test_what_pulumi_made_by_post_is_not_in_the_way(provider: Provider, namespace: str, cluster: Cluster) -> None:
    """A port is known by its number: with another one there are two, unless the first is ours to remove."""
    path = f"/api/v1/namespaces/{namespace}/services"
    ports = [[{"port": number, "protocol": "TCP"}] for number in (80, 8080)]
    assert cluster.request("POST", f"{path}?fieldManager=fleet", service(namespace, ports=ports[0])).ok
    for dry_run in (True, False):
        live = await provider.update(service(namespace, ports=ports[1]), manager="fleet", dry_run=dry_run)
        assert [each["port"] for each in live.body["spec"]["ports"]] == [8080]


async def test_what_others_change_meanwhile_is_no_obstacle(
    provider: Provider, namespace: str, cluster: Cluster
) -> None:
    made = config_map("a", namespace, key="old", gone="yes")
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    assert cluster.request("POST", f"{path}?fieldManager=fleet", made).ok
    written = 0

    def keep_writing() -> None:
        nonlocal written
        while written < 60:
            written += 1
            patch = {"metadata": {"annotations": {"turn": str(written)}}}
            assert cluster.request("PATCH", f"{path}/a?fieldManager=other", patch, content_type=MERGE).ok

    writing = asyncio.create_task(asyncio.to_thread(keep_writing))
    live = await provider.update(config_map("a", namespace, key="new"), manager="fleet")
    await writing
    assert live.body["data"] == {"key": "new"}


async def test_updating_twice_writes_once(provider: Provider, namespace: str) -> None:
    wanted = config_map("a", namespace, key="value")
    first = await provider.create(wanted, manager="fleet", adopt=False)
    second = await provider.update(wanted, manager="fleet")
    assert second.body["metadata"]["resourceVersion"] == first.body["metadata"]["resourceVersion"]


async def test_an_object_that_is_gone_is_made_again(provider: Provider, namespace: str) -> None:
    live = await provider.update(config_map("a", namespace, key="value"), manager="fleet")
    assert live.body["data"] == {"key": "value"}


async def test_a_dry_run_changes_nothing(provider: Provider, namespace: str) -> None:
    made = await provider.create(config_map("a", namespace, key="old"), manager="fleet", adopt=False)
    would_be = await provider.update(config_map("a", namespace, key="new"), manager="fleet", dry_run=True)
    assert would_be.body["data"] == {"key": "new"}
    assert await provider.read(ref(config_map("a", namespace))) == made.body


def service(namespace: str, **spec: Any) -> Object:
    ports = [{"port": 80, "protocol": "TCP"}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta("s", namespace), "spec": {"ports": ports, **spec}}


def job(namespace: str, *args: str) -> Object:
    template = pod_template("j", *args)
    template["spec"]["restartPolicy"] = "Never"
    spec = {"template": template, "suspend": True}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta("j", namespace), "spec": spec}


def stateful_set(namespace: str, service_name: str) -> Object:
    spec = {"selector": {"matchLabels": {"app": "s"}}, "serviceName": service_name, "template": pod_template("s")}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta("s", namespace), "spec": spec}


def binding(namespace: str, role: str) -> Object:
    group = "rbac.authorization.k8s.io"
    reference = {"apiGroup": group, "kind": "Role", "name": role}
    subjects = [{"apiGroup": group, "kind": "Group", "name": "g"}]
    head = {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": meta("b", namespace)}
    return {**head, "roleRef": reference, "subjects": subjects}


def claim(namespace: str, size: str, storage_class: str = "none") -> Object:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": size}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta("c", namespace), "spec": spec}


def pod(namespace: str, command: str) -> Object:
    spec = {"containers": [{"name": "main", "image": "i", "command": [command]}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta("p", namespace), "spec": spec}


def priority_class(namespace: str, value: int) -> Object:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": namespace},
        "value": value,
    }


def storage_class(namespace: str, provisioner: str) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": namespace},
        "provisioner": provisioner,
    }


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        pytest.param(
            lambda ns: deployment("web", ns, app="a"),
            lambda ns: deployment("web", ns, app="b"),
            "spec.selector",
            id="deployment-selector",
        ),
        pytest.param(
            lambda ns: service(ns, clusterIP="10.96.0.66"),
            lambda ns: service(ns, clusterIP="10.96.0.77"),
            "spec.clusterIPs[0]",
            id="service-clusterIP",
        ),
        pytest.param(lambda ns: job(ns, "a"), lambda ns: job(ns, "b"), "spec.template.spec", id="job-template"),
        pytest.param(lambda ns: stateful_set(ns, "a"), lambda ns: stateful_set(ns, "b"), "spec", id="statefulset"),
        pytest.param(lambda ns: binding(ns, "a"), lambda ns: binding(ns, "b"), "roleRef", id="roleRef"),
        pytest.param(lambda ns: claim(ns, "1Gi"), lambda ns: claim(ns, "1Gi", "other"), "spec", id="claim"),
        pytest.param(lambda ns: pod(ns, "a"), lambda ns: pod(ns, "b"), "spec", id="pod"),
        pytest.param(
            lambda ns: secret("s", ns, type="example.com/a"),
            lambda ns: secret("s", ns, type="example.com/b"),
            "type",
            id="secret-type",
        ),
        pytest.param(
            lambda ns: {**config_map("a", ns, key="old"), "immutable": True},
            lambda ns: {**config_map("a", ns, key="new"), "immutable": True},
            "data",
            id="immutable-configmap",
        ),
        pytest.param(
            lambda ns: {**secret("a", ns, data={"key": "b2xk"}), "immutable": True},
            lambda ns: {**secret("a", ns, data={"key": "bmV3"}), "immutable": True},
            "data",
            id="immutable-secret",
        ),
        pytest.param(lambda ns: priority_class(ns, 1), lambda ns: priority_class(ns, 2), "value", id="priority-class"),
        pytest.param(
            lambda ns: storage_class(ns, "a.example.com"),
            lambda ns: storage_class(ns, "b.example.com"),
            "provisioner",
            id="storage-class",
        ),
        pytest.param(
            lambda ns: crd(f"{ns}.example.com"),
            lambda ns: crd(f"{ns}.example.com", scope="Cluster"),
            "spec.scope",
            id="crd-scope",
        ),
    ],
)
async def test_what_can_only_be_replaced(
    provider: Provider, namespace: str, before: Any, after: Any, field: str
) -> None:
    old, new = before(namespace), after(namespace)
    await provider.create(old, manager="fleet", adopt=False)
    for dry_run in (True, False):
        with pytest.raises(ImmutableFieldError) as raised:
            await provider.update(new, manager="fleet", dry_run=dry_run)
        assert raised.value.fields == (field,)
    await provider.delete(ref(old))
    await provider.create(new, manager="fleet", adopt=False)
    await provider.delete(ref(new))


async def test_transition_rules_of_custom_resources(provider: Provider, namespace: str) -> None:
    group = f"{namespace}.example.com"
    await provider.create(crd(group), manager="fleet", adopt=False)
    await provider.create(widget(group, "w", namespace, fixed="a"), manager="fleet", adopt=False)
    with pytest.raises(ImmutableFieldError) as raised:
        await provider.update(widget(group, "w", namespace, fixed="b"), manager="fleet")
    assert raised.value.fields == ("spec.fixed",)
    await provider.delete(ref(crd(group)))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda ns: deployment("web", ns, app="a", replicas=-1), id="invalid"),
        pytest.param(lambda ns: deployment("web", ns, app="b", replicas=-1), id="invalid-and-immutable"),
    ],
)
async def test_what_could_not_be_made_again_is_not_to_be_replaced(
    provider: Provider, namespace: str, wrong: Any
) -> None:
    await provider.create(deployment("web", namespace, app="a"), manager="fleet", adopt=False)
    with pytest.raises(ObjectFailedError) as raised:
        await provider.update(wrong(namespace), manager="fleet")
    assert not isinstance(raised.value, ImmutableFieldError)
    assert "spec.replicas" in str(raised.value)


async def test_a_namespace_that_is_going_takes_nothing(provider: Provider, namespace: str, kubectl: Kubectl) -> None:
    name = f"{namespace}-going"
    await provider.create(namespace_(name), manager="fleet", adopt=False)
    held = config_map("held", name)
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await provider.create(held, manager="fleet", adopt=False)
    kubectl("delete", "namespace", name, "--wait=false")
    with pytest.raises(ObjectFailedError, match="its namespace is being deleted"):
        await provider.update(config_map("a", name), manager="fleet")
    kubectl("patch", "configmap", "held", "-n", name, "-p", '{"metadata":{"finalizers":null}}')
