"""Order: in which sequence a cluster's objects are registered, and which of them wait for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fleet.model.manifest import Manifest
from fleet.plan.definitions import CRD, definition_of
from fleet.plan.wanted import Wanted

# Argo CD's order within a wave (gitops-engine/pkg/sync/sync_tasks.go: kindOrder), after namespaces and definitions.
_KINDS: Final = """
    NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget ServiceAccount Secret ConfigMap
    StorageClass PersistentVolume PersistentVolumeClaim ClusterRole ClusterRoleBinding Role RoleBinding Service
    DaemonSet Pod ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob
    IngressClass Ingress APIService
"""
_POSITIONS: Final[Mapping[str, int]] = {kind: position for position, kind in enumerate(_KINDS.split())}
_NAMESPACE: Final = ("", "Namespace")


def sort_key(wanted: Wanted) -> tuple[int, int, str, str, str, str]:
    """Order namespaces, then definitions, then Argo CD's kinds, then all others; each kind by namespace and name."""
    manifest = wanted.manifest
    kind = manifest.group, manifest.kind
    first = 0 if kind == _NAMESPACE else 1 if kind == CRD else 2
    position = _POSITIONS.get(manifest.kind, len(_POSITIONS))
    return first, position, manifest.kind, manifest.group, manifest.namespace, manifest.name


def dependencies(manifests: Sequence[Manifest]) -> tuple[tuple[int, ...], ...]:
    """Return, for each object, the positions of those that must be there first: its namespace and its definition.

    manifests: ordered by `sort_key`, so that every position is smaller than the object's own.
    """
    namespaces: dict[str, int] = {}
    definitions: dict[tuple[str, str], int] = {}
    for position, manifest in enumerate(manifests):
        kind = manifest.group, manifest.kind
        if kind == _NAMESPACE:
            namespaces[manifest.name] = position
        elif kind == CRD and (definition := definition_of(manifest)) is not None:
            definitions[definition.group, definition.kind] = position
    return tuple(
        tuple(
            position
            for position in (namespaces.get(each.namespace), definitions.get((each.group, each.kind)))
            if position is not None
        )
        for each in manifests
    )
