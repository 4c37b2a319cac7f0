"""What happens to the dependents of an object that is deleted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from fleet.engine.kubernetes.refs import group_of

ANNOTATION = "pulumi.com/deletionPropagationPolicy"


class Propagation(StrEnum):
    """FOREGROUND: the object goes after its dependents. BACKGROUND: before them. ORPHAN: they stay."""

    FOREGROUND = "Foreground"
    BACKGROUND = "Background"
    ORPHAN = "Orphan"


# Kinds that own nothing worth waiting for. Deleting them in the foreground would wait for a garbage collector that has
# nothing to collect. (A Service's EndpointSlices and a Namespace's contents go without it.)
_LEAVES: Mapping[str, frozenset[str]] = {
    "": frozenset(
        [
            "ConfigMap",
            "Secret",
            "Service",
            "ServiceAccount",
            "Namespace",
            "Endpoints",
            "LimitRange",
            "ResourceQuota",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "PodTemplate",
            "Event",
            "Node",
        ]
    ),
    "rbac.authorization.k8s.io": frozenset(["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]),
    "networking.k8s.io": frozenset(["Ingress", "IngressClass", "NetworkPolicy", "IPAddress", "ServiceCIDR"]),
    "policy": frozenset({"PodDisruptionBudget"}),
    "autoscaling": frozenset({"HorizontalPodAutoscaler"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "coordination.k8s.io": frozenset({"Lease"}),
    "discovery.k8s.io": frozenset({"EndpointSlice"}),
    "storage.k8s.io": frozenset(["StorageClass", "CSIDriver", "VolumeAttributesClass", "CSIStorageCapacity"]),
    "admissionregistration.k8s.io": frozenset(
        [
            "ValidatingWebhookConfiguration",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
        ]
    ),
    "flowcontrol.apiserver.k8s.io": frozenset(["FlowSchema", "PriorityLevelConfiguration"]),
    "apiregistration.k8s.io": frozenset({"APIService"}),
}


def default_propagation(api_version: str, kind: str) -> Propagation:
    """Return how an object of a kind is deleted when nobody says: like Pulumi, but leaf kinds without waiting."""
    is_leaf = kind in _LEAVES.get(group_of(api_version), frozenset())
    return Propagation.BACKGROUND if is_leaf else Propagation.FOREGROUND


def propagation(manifest: Mapping[str, Any]) -> Propagation:
    """Return how an object is to be deleted: as its annotation says (Pulumi's, in any case), else by its kind."""
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    wanted = str(annotations.get(ANNOTATION) or "").capitalize()
    if wanted in set(Propagation):
        return Propagation(wanted)
    return default_propagation(str(manifest.get("apiVersion") or ""), str(manifest.get("kind") or ""))
