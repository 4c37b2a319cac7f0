"""Order: in which sequence a cluster's objects are registered, and which of them wait for which.

Namespaces and definitions come before everything, as what others need to be there. Then each application has its
turns: its PreSync hooks, its other objects and Sync hooks, its PostSync hooks, each by wave. Only what comes earlier in
that one order is ever waited for, so there are no cycles, whatever applications have in each other's namespaces.
Source: Argo CD, gitops-engine/pkg/sync/sync_tasks.go.

A turn waits for the last one only, which has waited for those before it. Each object of the one depends on each of the
other, unless both are large: then there is a barrier in between, so that dependencies do not grow with the square.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from fleet.frozen import dataclass
from fleet.model.manifest import Manifest
from fleet.plan.definitions import CRD, definition_of
from fleet.plan.hooks import IN_BETWEEN, Phase, Turn, turn
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
# Turns behind each other of which one has no more objects than this have no barrier in between.
MOST_DIRECT: Final = 8


@dataclass(frozen=True, slots=True)
class Barrier:
    """What stands for all that is done when a turn is. after: the positions of the objects that it waits for.

    turn: None for namespaces and definitions.
    """

    application: str
    turn: Turn | None
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """What must be there before an object: the positions of other objects, ascending, and that of a barrier."""

    objects: tuple[int, ...] = ()
    barrier: int | None = None


def sort_key(wanted: Wanted) -> tuple[int, Turn, int, str, str, str, str]:
    """Order namespaces, then definitions, then turns; within one, Argo CD's kinds, then others; then by name."""
    manifest = wanted.manifest
    kind = manifest.group, manifest.kind
    first = 0 if kind == _NAMESPACE else 1 if kind == CRD else 2
    position = _POSITIONS.get(manifest.kind, len(_POSITIONS))
    return first, _turn(manifest), position, manifest.kind, manifest.group, manifest.namespace, manifest.name


def followed(wanted: Iterable[Wanted]) -> tuple[Wanted, ...]:
    """Return the objects of one cluster, each with its turn and what of its application comes after it."""
    everything = tuple(wanted)
    turns: defaultdict[str, set[Turn]] = defaultdict(set)
    for each in everything:
        if not _is_basis(each.manifest):
            turns[each.application].add(_turn(each.manifest))
    next_turns = {name: dict(pairwise(sorted(found))) for name, found in turns.items() if len(found) > 1}
    return tuple(_followed(each, next_turns.get(each.application, {})) for each in everything)


def _followed(wanted: Wanted, next_turns: Mapping[Turn, Turn]) -> Wanted:
    if not next_turns or _is_basis(wanted.manifest):
        return wanted
    own = _turn(wanted.manifest)
    return replace(wanted, turn=str(own), followed_by=str(next_turns.get(own, "")))


def dependencies(wanted: Sequence[Wanted]) -> tuple[tuple[Before, ...], tuple[Barrier, ...]]:
    """Return what must be there before each object, and the barriers that are among it.

    It is the object's namespace and its definition; and if the application has more than one turn, the turn before.
    wanted: all of a cluster, ordered by `sort_key`, so that every position is smaller than the object's own.
    """
    by_application: defaultdict[str, dict[int, Manifest]] = defaultdict(dict)
    for position, each in enumerate(wanted):
        by_application[each.application][position] = each.manifest
    earlier: dict[int, tuple[int, ...]] = {}
    behind: dict[int, int] = {}
    barriers: list[Barrier] = []
    for application, manifests in by_application.items():
        for turn_before, last, positions in _steps(manifests):
            if min(len(last), len(positions)) <= MOST_DIRECT:
                earlier |= dict.fromkeys(positions, last)
            else:
                behind |= dict.fromkeys(positions, len(barriers))
                barriers.append(Barrier(application, turn_before, last))
    needed = _needed([each.manifest for each in wanted])
    found = (
        Before(tuple(sorted({*before, *earlier.get(position, ())})), behind.get(position))
        for position, before in enumerate(needed)
    )
    return tuple(found), tuple(barriers)


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


def _steps(manifests: Mapping[int, Manifest]) -> Iterator[tuple[Turn | None, tuple[int, ...], tuple[int, ...]]]:
    """Yield, for each turn of an application that waits, the turn before, what that has, and what the turn has.

    manifests: the application's objects by position. Namespaces and definitions are waited for once, by the first turn
    that waits for anything; which of them the first turn of the phase SYNC needs is known object by object.
    """
    basis = tuple(position for position, each in manifests.items() if _is_basis(each))
    turns: defaultdict[Turn, list[int]] = defaultdict(list)
    for position, each in manifests.items():
        if not _is_basis(each):
            turns[_turn(each)].append(position)
    last, turn_before = basis, None
    for each_turn in sorted(turns):
        positions = tuple(turns[each_turn])
        waits = turn_before is not None or each_turn.phase is not Phase.SYNC
        if waits and last:
            yield turn_before, last, positions
        last, turn_before = positions if waits else (*basis, *positions), each_turn


def _is_basis(manifest: Manifest) -> bool:
    return (manifest.group, manifest.kind) in (_NAMESPACE, CRD)


def _turn(manifest: Manifest) -> Turn:
    """Namespaces and definitions have none of their own, hooks or not: others wait for them."""
    return IN_BETWEEN if _is_basis(manifest) else turn(manifest) or IN_BETWEEN
