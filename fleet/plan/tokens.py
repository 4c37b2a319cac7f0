"""Tokens: under which name and type an object is registered, and under which other types the state may know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from fleet.model.manifest import Manifest, ObjectKey
from fleet.plan.definitions import Definition

# Groups, the versions in which kinds of theirs have been served, and those kinds, as the typed classes of
# pulumi_kubernetes 4.34.2 alias them (<group>/<version>/<Kind>.py). Without an alias a new apiVersion is another
# resource: the object is created again, which fails, or deleted at the end, which takes away what was just updated.
_VERSIONS: Final = (
    ("admissionregistration.k8s.io", "v1 v1beta1 v1alpha1", "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding"),
    (
        "admissionregistration.k8s.io",
        "v1 v1beta1 v1alpha1",
        "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
    ),
    ("admissionregistration.k8s.io", "v1 v1beta1", "MutatingWebhookConfiguration ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "v1 v1beta1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "v1 v1beta1", "APIService"),
    ("apps", "v1 v1beta2 v1beta1", "Deployment StatefulSet"),
    ("apps", "v1 v1beta2", "DaemonSet ReplicaSet"),
    ("autoscaling", "v2 v2beta2 v2beta1 v1", "HorizontalPodAutoscaler"),
    ("batch", "v1 v1beta1 v2alpha1", "CronJob"),
    ("certificates.k8s.io", "v1 v1beta1 v1alpha1", "ClusterTrustBundle"),
    ("coordination.k8s.io", "v1 v1beta1", "Lease"),
    ("discovery.k8s.io", "v1 v1beta1", "EndpointSlice"),
    (
        "flowcontrol.apiserver.k8s.io",
        "v1 v1beta3 v1beta2 v1beta1 v1alpha1",
        "FlowSchema PriorityLevelConfiguration",
    ),
    ("networking.k8s.io", "v1", "NetworkPolicy"),
    ("networking.k8s.io", "v1 v1beta1", "Ingress IngressClass"),
    ("networking.k8s.io", "v1 v1beta1 v1alpha1", "ServiceCIDR"),
    ("node.k8s.io", "v1 v1beta1 v1alpha1", "RuntimeClass"),
    ("policy", "v1 v1beta1", "PodDisruptionBudget"),
    ("policy", "v1beta1", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io", "v1 v1beta1 v1alpha1", "ClusterRole ClusterRoleBinding Role RoleBinding"),
    ("resource.k8s.io", "v1 v1beta2 v1beta1 v1alpha3", "DeviceClass"),
    ("resource.k8s.io", "v1 v1beta2 v1beta1 v1alpha3 v1alpha2 v1alpha1", "ResourceClaim ResourceClaimTemplate"),
    ("scheduling.k8s.io", "v1 v1beta1 v1alpha1", "PriorityClass"),
    ("storage.k8s.io", "v1 v1beta1", "CSIDriver StorageClass"),
    ("storage.k8s.io", "v1 v1beta1 v1alpha1", "VolumeAttributesClass"),
)
# Kinds that came from the group `extensions`, where they were all `extensions/v1beta1`.
_EXTENSIONS: Final = frozenset(
    ("DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "PodSecurityPolicy", "ReplicaSet")
)


def _families() -> Iterator[tuple[str, tuple[str, ...]]]:
    for group, versions, kinds in _VERSIONS:
        for kind in kinds.split():
            former = ("extensions/v1beta1",) if kind in _EXTENSIONS else ()
            yield kind, (*(f"{group}/{version}" for version in versions.split()), *former)


# (group, kind) → the API versions that are the same kind.
FAMILIES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    (api_version.partition("/")[0], kind): family for kind, family in _families() for api_version in family
}


def resource_name(cluster: str, key: ObjectKey) -> str:
    """Return the Pulumi name of an object: `<cluster>/<namespace or ->/<name>`. The kind is in the type."""
    return f"{cluster}/{key.namespace or '-'}/{key.name}"


def type_token(api_version: str, kind: str) -> str:
    """Return the Pulumi type of a kind: `kubernetes:apps/v1:Deployment`; the core group is `core/v1`."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"


def aliases(manifest: Manifest, definitions: Mapping[tuple[str, str], Definition]) -> tuple[str, ...]:
    """Return the types of the kind's other API versions.

    Custom kinds have the versions that their definition lists, when it is among `definitions`.
    """
    group, kind = manifest.group, manifest.kind
    known = FAMILIES.get((group, kind), ())
    if (group, kind) in definitions:
        known = tuple(f"{group}/{version}" for version in definitions[group, kind].versions)
    return tuple(type_token(each, kind) for each in known if each != manifest.api_version)
