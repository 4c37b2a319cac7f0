"""When objects of other kinds than workloads are ready, by statuses as real clusters have them."""

from typing import Any

import pytest

from fleet.engine.kubernetes.readiness import judge
from fleet.engine.kubernetes.status import State, Verdict
from tests.unit.engine_kubernetes.statuses import live

READY, WAITING, FAILED = State.READY, State.WAITING, State.FAILED


BALANCED = "{loadBalancer: {ingress: [{ip: 203.0.113.7}]}}"
NETWORK = {
    "a service in the cluster": (live("v1", "Service", "spec: {type: ClusterIP}"), READY, ""),
    "a service without an address": (
        live("v1", "Service", "spec: {type: LoadBalancer}\nstatus: {loadBalancer: {}}"),
        WAITING,
        "it has no address yet",
    ),
    "a service with one": (
        live("v1", "Service", f"spec: {{type: LoadBalancer}}\nstatus: {BALANCED}"),
        READY,
        "",
    ),
    "an ingress without an address": (
        live("networking.k8s.io/v1", "Ingress", "status: {loadBalancer: {}}"),
        WAITING,
        "it has no address yet",
    ),
    "an ingress with one": (live("networking.k8s.io/v1", "Ingress", f"status: {BALANCED}"), READY, ""),
}

STORAGE = {
    "a claim without a volume": (
        live("v1", "PersistentVolumeClaim", "status: {phase: Pending}"),
        WAITING,
        "it is pending, not bound",
    ),
    "a claim": (live("v1", "PersistentVolumeClaim", "status: {phase: Bound}"), READY, ""),
    "a claim that lost it": (
        live("v1", "PersistentVolumeClaim", "status: {phase: Lost}"),
        FAILED,
        "its volume is lost",
    ),
    "a volume": (live("v1", "PersistentVolume", "status: {phase: Available}"), READY, ""),
    "a volume that failed": (
        live("v1", "PersistentVolume", "status: {phase: Failed, reason: Recycle, message: in use}"),
        FAILED,
        "Recycle: in use",
    ),
}

SCALED = "[{type: AbleToScale, status: 'True', reason: SucceededGetScale}]"
UNSCALED = "[{type: AbleToScale, status: 'False', reason: FailedGetScale, message: 'deployments \"web\" not found'}]"
OTHERS = {
    "an autoscaler": (
        live("autoscaling/v2", "HorizontalPodAutoscaler", f"status: {{conditions: {SCALED}}}"),
        READY,
        "",
    ),
    "an autoscaler of nothing": (
        live("autoscaling/v2", "HorizontalPodAutoscaler", f"status: {{conditions: {UNSCALED}}}"),
        WAITING,
        'it cannot scale yet (FailedGetScale: deployments "web" not found)',
    ),
    "an autoscaler in version 1": (
        live(
            "autoscaling/v1",
            "HorizontalPodAutoscaler",
            annotations={"autoscaling.alpha.kubernetes.io/conditions": '[{"type":"AbleToScale","status":"True"}]'},
        ),
        READY,
        "",
    ),
    "an autoscaler that nobody has looked at": (
        live("autoscaling/v2", "HorizontalPodAutoscaler"),
        WAITING,
        "it cannot scale yet",
    ),
    "a definition": (
        live(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "status: {conditions: [{type: NamesAccepted, status: 'True'}, {type: Established, status: 'True'}]}",
        ),
        READY,
        "",
    ),
    "a definition on its way": (
        live(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "status: {conditions: [{type: NamesAccepted, status: 'True'}, "
            "{type: Established, status: 'False', reason: Installing}]}",
        ),
        WAITING,
        "it is not established (Installing)",
    ),
    "a definition whose names are taken": (
        live(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "status: {conditions: [{type: NamesAccepted, status: 'False', reason: PluralConflict, message: in use}, "
            "{type: Established, status: 'False', reason: NotAccepted}]}",
        ),
        FAILED,
        "its names are taken (PluralConflict: in use)",
    ),
    "an API that answers": (
        live("apiregistration.k8s.io/v1", "APIService", "status: {conditions: [{type: Available, status: 'True'}]}"),
        READY,
        "",
    ),
    "an API that does not": (
        live(
            "apiregistration.k8s.io/v1",
            "APIService",
            "status: {conditions: [{type: Available, status: 'False', reason: MissingEndpoints, message: no pods}]}",
        ),
        WAITING,
        "it is not available (MissingEndpoints: no pods)",
    ),
    "a quota in force": (
        live("v1", "ResourceQuota", "spec: {hard: {pods: '5'}}\nstatus: {hard: {pods: '5'}, used: {pods: '0'}}"),
        READY,
        "",
    ),
    "a quota that is not": (
        live("v1", "ResourceQuota", "spec: {hard: {pods: '5'}}"),
        WAITING,
        "it is not in force yet",
    ),
    "a token that is not there yet": (
        live("v1", "Secret", "type: kubernetes.io/service-account-token"),
        WAITING,
        "its token is not there yet",
    ),
    "a secret": (live("v1", "Secret", "type: Opaque"), READY, ""),
    "a replica set": (
        live(
            "apps/v1",
            "ReplicaSet",
            "spec: {replicas: 2}\nstatus: {observedGeneration: 2, replicas: 2, readyReplicas: 2, availableReplicas: 1}",
        ),
        WAITING,
        "1 of 2 pods are available",
    ),
    "a replication controller": (
        live("v1", "ReplicationController", "spec: {replicas: 1}\nstatus: {replicas: 1, readyReplicas: 1}"),
        WAITING,
        "0 of 1 pod is available",
    ),
    "a budget that is used up": (
        live(
            "policy/v1",
            "PodDisruptionBudget",
            "status: {observedGeneration: 2, conditions: [{type: DisruptionAllowed, status: 'False'}]}",
        ),
        READY,
        "",
    ),
    "a kind that nobody knows": (live("example.com/v1", "Thing", "spec: {}"), READY, ""),
    "ready, by its condition": (
        live("cert-manager.io/v1", "Certificate", "status: {conditions: [{type: Ready, status: 'True'}]}"),
        READY,
        "",
    ),
    "not ready, by its condition": (
        live(
            "cert-manager.io/v1",
            "Certificate",
            "status: {conditions: [{type: Ready, status: 'False', reason: DoesNotExist, message: Issuing it}]}",
        ),
        WAITING,
        "it is not ready (DoesNotExist: Issuing it)",
    ),
    "being reconciled": (
        live(
            "kustomize.toolkit.fluxcd.io/v1",
            "Kustomization",
            "status: {observedGeneration: 2, conditions: [{type: Reconciling, status: 'True', reason: Progressing}, "
            "{type: Ready, status: 'Unknown'}]}",
        ),
        WAITING,
        "it is being reconciled (Progressing)",
    ),
    "stalled": (
        live(
            "kustomize.toolkit.fluxcd.io/v1",
            "Kustomization",
            "status: {observedGeneration: 2, conditions: [{type: Stalled, status: 'True', reason: InvalidURL}]}",
        ),
        FAILED,
        "InvalidURL",
    ),
    "of before the change": (
        live(
            "example.com/v1",
            "Thing",
            "status: {observedGeneration: 1, conditions: [{type: Ready, status: 'True'}]}",
        ),
        WAITING,
        "its last change has not been looked at yet",
    ),
    "being deleted": (
        live("v1", "ConfigMap", deletionTimestamp="2026-01-01T00:00:00Z"),
        FAILED,
        "it is being deleted",
    ),
    "of another group than the one that is known": (
        live("serving.knative.dev/v1", "Service", "status: {conditions: [{type: Ready, status: 'Unknown'}]}"),
        WAITING,
        "it is not ready",
    ),
}

TABLES = {"network": NETWORK, "storage": STORAGE, "others": OTHERS}


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [pytest.param(*row, id=f"{table}: {name}") for table, rows in TABLES.items() for name, row in rows.items()],
)
def test_readiness(given: dict[str, Any], state: State, reason: str) -> None:
    assert judge(given) == Verdict(state, reason)
