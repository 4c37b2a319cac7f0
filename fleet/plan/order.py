"""Order: in which sequence a cluster's objects are registered, and which of them wait for which.

Namespaces and definitions come before everything, as what others need to be there. Then each application has its
PreSync hooks, by wave, its other objects, and its PostSync hooks. Only what comes earlier in that one order is ever
waited for, so there are no cycles, whatever applications have in each other's namespaces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from fleet.model.manifest import Manifest
from fleet.plan.definitions import CRD, definition_of
from fleet.plan.hooks import Turn, turn
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
_SYNC: Final = Turn()


def sort_key(wanted: Wanted) -> tuple[int, Turn, int, str, str, str, str]:
    """Order namespaces, then definitions, then turns; within one, Argo CD's kinds, then others; then by name."""
    manifest = wanted.manifest
    kind = manifest.group, manifest.kind
    first = 0 if kind == _NAMESPACE else 1 if kind == CRD else 2
    position = _POSITIONS.get(manifest.kind, len(_POSITIONS))
    return first, _turn(manifest), position, manifest.kind, manifest.group, manifest.namespace, manifest.name


def dependencies(wanted: Sequence[Wanted]) -> tuple[tuple[int, ...], ...]:
    """Return, for each object, the positions of those that must be there first, ascending.

    They are its namespace and its definition; and if the application has hooks, what has the turn before.
    wanted: all of a cluster, ordered by `sort_key`, so that every position is smaller than the object's own.
    """
    needed = _needed([each.manifest for each in wanted])
    by_application: defaultdict[str, list[int]] = defaultdict(list)
    for position, each in enumerate(wanted):
        by_application[each.application].append(position)
    earlier: dict[int, tuple[int, ...]] = {}
    for positions in by_application.values():
        earlier |= _earlier({position: wanted[position].manifest for position in positions})
    return tuple(tuple(sorted({*before, *earlier.get(position, ())})) for position, before in enumerate(needed))


def _needed(manifests: Sequence[Manifest]) -> Iterable[tuple[int, ...]]:
    """Yield the positions of each object's namespace and definition, whichever application they are of."""
    namespaces: dict[str, int] = {}
    definitions: dict[tuple[str, str], int] = {}
    for position, manifest in enumerate(manifests):
        kind = manifest.group, manifest.kind
        if kind == _NAMESPACE:
            namespaces[manifest.name] = position
        elif kind == CRD and (definition := definition_of(manifest)) is not None:
            definitions[definition.group, definition.kind] = position
    for each in manifests:
        found = (namespaces.get(each.namespace), definitions.get((each.group, each.kind)))
        yield tuple(position for position in found if position is not None)


def _earlier(manifests: Mapping[int, Manifest]) -> dict[int, tuple[int, ...]]:
    """Return position → what has the turn before it, of one application's objects by position.

    Nothing where it has no hooks. A turn waits for the last one only, which has waited for those before it; the first
    after the phase SYNC waits for namespaces and definitions as well, which nothing in that phase may have needed.
    """
    basis = tuple(position for position, each in manifests.items() if _is_basis(each))
    turns: defaultdict[Turn, list[int]] = defaultdict(list)
    for position, each in manifests.items():
        if not _is_basis(each):
            turns[_turn(each)].append(position)
    if turns.keys() <= {_SYNC}:
        return {}
    before: dict[int, tuple[int, ...]] = {}
    last: tuple[int, ...] = basis
    for each_turn in sorted(turns):
        has_hooks_before = last != basis
        before |= dict.fromkeys(turns[each_turn], last if has_hooks_before or each_turn != _SYNC else ())
        last = (*basis, *turns[each_turn]) if each_turn == _SYNC else tuple(turns[each_turn])
    return before


def _is_basis(manifest: Manifest) -> bool:
    return (manifest.group, manifest.kind) in (_NAMESPACE, CRD)


def _turn(manifest: Manifest) -> Turn:
    """Namespaces and definitions have none of their own, hooks or not: others wait for them."""
    return _SYNC if _is_basis(manifest) else turn(manifest) or _SYNC
