"""Waiting until objects are ready, with the controllers of a real cluster; nodes and pods are played by kwok.

What kwok does not play, a container that fails, is played here: the status that a kubelet would write, for a pod that
no node has.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from fleet.engine.kubernetes import waiting
from fleet.engine.kubernetes.errors import NotReadyError
from fleet.engine.kubernetes.provider import Provider
from fleet.engine.kubernetes.waits import wait_for
from localclusters.cluster import Cluster
from tests.engine.kubernetes.faults import FaultyProxy, status
from tests.engine.kubernetes.kubectl import Kubectl
from tests.engine.kubernetes.manifests import Object, deployment, meta, pod_template, ref
from tests.engine.kubernetes.test_delete import until

NOWHERE = {"nodeSelector": {"no": "such-node"}}
LABELS = {"app": "a"}


async def ready(provider: Provider, wanted: Object, *, asked: bool = True, timeout_s: float = 60, **more: Any) -> Any:
    """Apply an object, and wait until it is ready."""
    wait = wait_for(wanted, asked=asked, timeout_s=timeout_s)
    assert wait is not None
    live = await provider.update(wanted, manager="fleet")
    return await provider.ready(live.body, wait, **more)


def workload(kind: str, namespace: str, *, selector: bool = True, **spec: Any) -> Object:
    chosen = {"selector": {"matchLabels": LABELS}} if selector else {}
    body = {"template": pod_template("a"), **chosen, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta("a", namespace), "spec": body}


def job(namespace: str, **pod: Any) -> Object:
    template = pod_template("a")
    template["spec"] |= {"restartPolicy": "Never", **pod}
    wanted = workload("Job", namespace, selector=False, template=template, backoffLimit=0)
    return wanted | {"apiVersion": "batch/v1"}


def object_(api_version: str, kind: str, namespace: str, **fields: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": meta("a", namespace), **fields}


BACKEND = {"service": {"name": "a", "port": {"number": 80}}}
READY: dict[str, Callable[[str], Object]] = {
    "Deployment": lambda ns: deployment("a", ns, replicas=2),
    "StatefulSet": lambda ns: workload("StatefulSet", ns, serviceName="a", replicas=2),
    "DaemonSet": lambda ns: workload("DaemonSet", ns),
    "ReplicaSet": lambda ns: workload("ReplicaSet", ns, replicas=2),
    "Job": job,
    "Pod": lambda ns: object_("v1", "Pod", ns, spec=pod_template("a")["spec"]),
    "Service": lambda ns: object_("v1", "Service", ns, spec={"ports": [{"port": 80}]}),
    "ResourceQuota": lambda ns: object_("v1", "ResourceQuota", ns, spec={"hard": {"pods": "5"}}),
    "PodDisruptionBudget": lambda ns: object_("policy/v1", "PodDisruptionBudget", ns, spec={"minAvailable": 1}),
}


@pytest.mark.parametrize("kind", READY)
async def test_what_becomes_ready(provider: Provider, namespace: str, kind: str) -> None:
    live = await ready(provider, READY[kind](namespace))
    assert live["kind"] == kind
    if kind == "Deployment":
        assert live["status"]["availableReplicas"] == 2
    if kind == "Job":
        assert live["status"]["succeeded"] == 1


async def test_an_update_is_waited_for_until_it_is_rolled_out(provider: Provider, namespace: str) -> None:
    await ready(provider, deployment("a", namespace, replicas=2))
    live = await ready(provider, deployment("a", namespace, replicas=2, args=("other",)))
    assert live["status"]["observedGeneration"] == live["metadata"]["generation"]
    assert live["status"]["updatedReplicas"] == live["status"]["replicas"] == 2


BALANCED = {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}}
CHANGED_BY_OTHERS: dict[str, tuple[Callable[[str], Object], Object, str]] = {
    "Service": (
        lambda ns: object_("v1", "Service", ns, spec={"type": "LoadBalancer", "ports": [{"port": 80}]}),
        BALANCED,
        "it has no address yet",
    ),
    "Ingress": (
        lambda ns: object_("networking.k8s.io/v1", "Ingress", ns, spec={"defaultBackend": BACKEND}),
        BALANCED,
        "it has no address yet",
    ),
    "PersistentVolumeClaim": (
        lambda ns: object_(
            "v1",
            "PersistentVolumeClaim",
            ns,
            spec={
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        ),
        {"status": {"phase": "Bound"}},
        "it is pending, not bound",
    ),
}


@pytest.mark.parametrize("kind", CHANGED_BY_OTHERS)
async def test_what_somebody_else_makes_ready(provider: Provider, namespace: str, kubectl: Kubectl, kind: str) -> None:
    make, change, reason = CHANGED_BY_OTHERS[kind]
    told: list[str] = []
    task = asyncio.create_task(ready(provider, make(namespace), tell=told.append))
    await until(lambda: bool(told))
    assert told[0] == reason
    kubectl("patch", kind, "a", "--subresource", "status", "--type", "merge", "-p", json.dumps(change))
    assert (await task)["kind"] == kind


async def test_an_api_whose_server_is_missing(provider: Provider, namespace: str) -> None:
    group = f"{namespace}.example.com"
    spec = {
        "group": group,
        "version": "v1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "insecureSkipTLSVerify": True,
        "service": {"name": "a", "namespace": namespace},
    }
    service = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": meta(f"v1.{group}")}
    with pytest.raises(NotReadyError, match="ServiceNotFound"):
        await ready(provider, service | {"spec": spec}, timeout_s=5)
    await provider.delete(ref(service))


async def test_a_claim_that_waits_for_its_pod_is_not_waited_for(
    provider: Provider, namespace: str, cluster: Cluster
) -> None:
    name = f"late-{namespace}"
    late = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": meta(name),
        "provisioner": "example.com/none",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    assert cluster.request("POST", "/apis/storage.k8s.io/v1/storageclasses", late).ok
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = object_("v1", "PersistentVolumeClaim", namespace, spec=spec | {"storageClassName": name})
    live = await ready(provider, claim)
    assert live["status"]["phase"] == "Pending"
    cluster.request("DELETE", f"/apis/storage.k8s.io/v1/storageclasses/{name}")


async def test_pods_for_which_there_is_no_node(provider: Provider, namespace: str) -> None:
    wanted = deployment("a", namespace, replicas=2)
    wanted["spec"]["template"]["spec"] |= NOWHERE
    with pytest.raises(NotReadyError) as raised:
        await ready(provider, wanted, timeout_s=5)
    problem = raised.value.problem
    assert problem.summary == f"Deployment.apps {namespace}/a: it is not ready"
    assert problem.detail.startswith("After 5 s it still waits: 0 of 2 pods are available.")
    assert "Unschedulable: 0/1 nodes are available" in problem.detail
    assert problem.detail.splitlines()[-1] == "1 more pod is not ready"
    assert f"kubectl describe deployment a -n {namespace}" in problem.hint
    assert raised.value.live["metadata"]["name"] == "a"


async def test_pods_that_a_quota_does_not_allow(provider: Provider, namespace: str) -> None:
    await ready(provider, object_("v1", "ResourceQuota", namespace, spec={"hard": {"pods": "0"}}))
    with pytest.raises(NotReadyError, match=r"its pods cannot be created .*exceeded quota"):
        await ready(provider, deployment("a", namespace), timeout_s=5)


async def test_what_a_controller_warns_of(provider: Provider, namespace: str) -> None:
    await ready(provider, object_("v1", "ResourceQuota", namespace, spec={"hard": {"pods": "0"}}))
    wanted = workload("StatefulSet", namespace, serviceName="a")
    with pytest.raises(NotReadyError, match=r"Event of StatefulSet a: FailedCreate: .*exceeded quota"):
        await ready(provider, wanted, timeout_s=5)


async def test_a_long_wait_says_what_is_wrong_with_the_pods(
    provider: Provider, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_LOOKS_S", (0.5,) * 10)
    wanted = deployment("a", namespace, replicas=2)
    wanted["spec"]["template"]["spec"] |= NOWHERE
    told: list[str] = []
    task = asyncio.create_task(ready(provider, wanted, tell=told.append))
    await until(lambda: any("Unschedulable: 0/1 nodes are available" in reason for reason in told))
    assert any(reason.startswith("0 of 2 pods are available; Pod a-") for reason in told)
    await ready(provider, deployment("a", namespace, replicas=2))
    await task


async def test_a_deployment_that_misses_its_deadline_is_not_waited_for_any_longer(
    provider: Provider, namespace: str
) -> None:
    wanted = deployment("a", namespace, progressDeadlineSeconds=1)
    wanted["spec"]["template"]["spec"] |= NOWHERE
    with pytest.raises(NotReadyError, match=r"it has failed\n.*ProgressDeadlineExceeded"):
        await ready(provider, wanted)


def play(cluster: Cluster, namespace: str, name: str, status: Object) -> None:
    """Write a pod's status, as the kubelet of its node would."""
    path = f"/api/v1/namespaces/{namespace}/pods/{name}/status"
    answer = cluster.request("PATCH", path, {"status": status}, content_type="application/merge-patch+json")
    assert answer.ok, answer


def container(state: Object, **more: Any) -> Object:
    status = {"name": "main", "image": "main:1", "imageID": "", "ready": False, "restartCount": 3, "state": state}
    return status | more


NO_IMAGE = {
    "phase": "Pending",
    "conditions": [{"type": "PodScheduled", "status": "True"}],
    "containerStatuses": [
        container({"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "main:1"'}})
    ],
}
FAILED = {
    "phase": "Failed",
    "conditions": [{"type": "PodScheduled", "status": "True"}],
    "containerStatuses": [container({"terminated": {"exitCode": 3, "reason": "Error"}})],
}


async def test_a_pod_without_an_image(provider: Provider, namespace: str, cluster: Cluster) -> None:
    wanted = object_("v1", "Pod", namespace, spec={**pod_template("a")["spec"], **NOWHERE})
    told: list[str] = []
    task = asyncio.create_task(ready(provider, wanted, timeout_s=5, tell=told.append))
    await until(lambda: any("Unschedulable" in reason for reason in told))
    play(cluster, namespace, "a", NO_IMAGE)
    with pytest.raises(NotReadyError, match='container main: ImagePullBackOff: Back-off pulling image "main:1"'):
        await task
    assert 'container main: ImagePullBackOff: Back-off pulling image "main:1"' in told


async def test_a_job_that_fails_shows_its_last_lines(
    shaky: Provider, proxy: FaultyProxy, namespace: str, cluster: Cluster, kubectl: Kubectl
) -> None:
    """There is no kubelet that keeps logs: what it would answer comes from the proxy."""

    async def said(request: web.Request) -> web.Response:
        assert request.query["container"] == "main"
        assert request.query["tailLines"] == "10"
        return web.Response(text="connecting\nfatal: no such table: users\n")

    proxy.inject("LOG", said)
    task = asyncio.create_task(ready(shaky, job(namespace, **NOWHERE)))
    await until(lambda: bool(kubectl("get", "pods", "-l", "job-name=a", "-o", "name")))
    (name,) = kubectl("get", "pods", "-l", "job-name=a", "-o", "name").split()
    play(cluster, namespace, name.removeprefix("pod/"), FAILED)
    with pytest.raises(NotReadyError) as raised:
        await task
    problem = raised.value.problem
    assert problem.summary == f"Job.batch {namespace}/a: it has failed"
    first, *others = problem.detail.splitlines()
    assert first.startswith("BackoffLimitExceeded: ")
    assert any(line.endswith("container main: exited with 3 (Error)") for line in others)
    assert others[-2:] == ["  connecting", "  fatal: no such table: users"]
    assert "pulumi.com/replaceUnready" in problem.hint


async def test_logs_that_cannot_be_had_are_left_out(
    provider: Provider, namespace: str, cluster: Cluster, kubectl: Kubectl
) -> None:
    """There is no kubelet that keeps them."""
    detail = await failing(provider, namespace, cluster, kubectl)
    assert "exited with 3 (Error)" in detail
    assert "Last lines" not in detail


async def test_logs_that_are_not_for_us_are_left_out(
    shaky: Provider, proxy: FaultyProxy, namespace: str, cluster: Cluster, kubectl: Kubectl
) -> None:
    proxy.inject("LOG", status(403, "pods/log is forbidden"), times=9)
    detail = await failing(shaky, namespace, cluster, kubectl)
    assert "LOG" in proxy.seen
    assert "exited with 3 (Error)" in detail
    assert "Last lines" not in detail
    assert "forbidden" not in detail


async def failing(provider: Provider, namespace: str, cluster: Cluster, kubectl: Kubectl) -> str:
    """Wait for a Job that fails, and return what is said of it."""
    task = asyncio.create_task(ready(provider, job(namespace, **NOWHERE)))
    await until(lambda: bool(kubectl("get", "pods", "-l", "job-name=a", "-o", "name")))
    (name,) = kubectl("get", "pods", "-l", "job-name=a", "-o", "name").split()
    play(cluster, namespace, name.removeprefix("pod/"), FAILED)
    with pytest.raises(NotReadyError) as raised:
        await task
    return raised.value.problem.detail
