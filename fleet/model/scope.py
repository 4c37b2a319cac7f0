"""Which kinds of objects live in a namespace: a table of what Kubernetes 1.36 has built in.

Taken from `api/discovery` of the Kubernetes 1.36 source, every group and version served there, alpha and beta included;
no kind changes its scope between versions.
In: a group and a kind. Out: True, False, or None for what only a cluster knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_CLUSTER_SCOPED = MappingProxyType(
    {
        "": ("ComponentStatus", "Namespace", "Node", "PersistentVolume"),
        "admissionregistration.k8s.io": (
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ),
        "apiextensions.k8s.io": ("CustomResourceDefinition",),
        "apiregistration.k8s.io": ("APIService",),
        "authentication.k8s.io": ("SelfSubjectReview", "TokenReview"),
        "authorization.k8s.io": ("SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"),
        "certificates.k8s.io": ("CertificateSigningRequest", "ClusterTrustBundle"),
        "flowcontrol.apiserver.k8s.io": ("FlowSchema", "PriorityLevelConfiguration"),
        "internal.apiserver.k8s.io": ("StorageVersion",),
        "networking.k8s.io": ("IPAddress", "IngressClass", "ServiceCIDR"),
        "node.k8s.io": ("RuntimeClass",),
        "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding"),
        "resource.k8s.io": ("DeviceClass", "DeviceTaintRule", "ResourcePoolStatusRequest", "ResourceSlice"),
        "scheduling.k8s.io": ("PriorityClass",),
        "storage.k8s.io": ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"),
        "storagemigration.k8s.io": ("StorageVersionMigration",),
    }
)

_NAMESPACED = MappingProxyType(
    {
        "": (
            "Binding",
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ),
        "apps": ("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
        "authorization.k8s.io": ("LocalSubjectAccessReview",),
        "autoscaling": ("HorizontalPodAutoscaler",),
        "batch": ("CronJob", "Job"),
        "certificates.k8s.io": ("PodCertificateRequest",),
        "coordination.k8s.io": ("Lease", "LeaseCandidate"),
        "discovery.k8s.io": ("EndpointSlice",),
        "events.k8s.io": ("Event",),
        "networking.k8s.io": ("Ingress", "NetworkPolicy"),
        "policy": ("PodDisruptionBudget",),
        "rbac.authorization.k8s.io": ("Role", "RoleBinding"),
        "resource.k8s.io": ("ResourceClaim", "ResourceClaimTemplate"),
        "scheduling.k8s.io": ("PodGroup", "Workload"),
        "storage.k8s.io": ("CSIStorageCapacity",),
    }
)

BUILT_IN: Mapping[tuple[str, str], bool] = MappingProxyType(
    {
        (group, kind): namespaced
        for namespaced, groups in ((False, _CLUSTER_SCOPED), (True, _NAMESPACED))
        for group, kinds in groups.items()
        for kind in kinds
    }
)


def is_namespaced(group: str, kind: str, crds: Mapping[tuple[str, str], bool]) -> bool | None:
    """Return whether objects of a kind live in a namespace; None where neither table nor `crds` knows the kind.

    group: empty for the core group. crds: (group, kind) → namespaced, of the CustomResourceDefinitions at hand; they
    cannot redefine a built-in kind. Argo CD treats an unknown kind as namespaced.
    """
    built_in = BUILT_IN.get((group, kind))
    return crds.get((group, kind)) if built_in is None else built_in
