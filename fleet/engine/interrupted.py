"""Interrupted: creations of a run that was cut off, of which nobody knows whether they happened.

In: the pending operations of the state. Out: which of the objects are there and of our making. One that the program
still wants is taken over, one that nobody wants any more is deleted: neither is left behind, and nobody else's is
touched. Who made an object is told by its field managers. One without any, because it has no field of its own, is ours
where it was certain, before the creation began, that it was not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.engine import objects, values
from fleet.engine.clusters import Clusters, Connection
from fleet.engine.kubernetes.ownership import PULUMI, managers
from fleet.engine.kubernetes.refs import Ref
from fleet.engine.roster import Roster
from fleet.engine.state import Resource
from fleet.frozen import dataclass

# Who the API server says has the fields of an object that nobody had any of when it was first applied to.
_NOBODY = "before-first-apply"


@dataclass(frozen=True, slots=True)
class Made:
    """An object of our making. is_leaving: it is being deleted."""

    ref: Ref
    is_leaving: bool


class Interrupted:
    """The creations that an earlier run has left open."""

    def __init__(self, roster: Roster, clusters: Clusters) -> None:
        self._roster = roster
        self._clusters = clusters
        self._claimed: set[str] = set()
        self._planned = {each.urn: each for each in roster.interrupted if objects.is_object(each.type)}

    def planned(self, urn: str) -> Resource | None:
        """Return the object that was to be created, as it was planned; None for nothing."""
        return self._planned.get(urn)

    async def made(self, urn: str, inputs: Mapping[str, Any], connection: Connection) -> Made | None:
        """Return the object where it is the one that was to be created, there, and ours. Raises KubernetesError."""
        planned = self._planned.get(urn)
        if planned is None or objects.identity(planned.inputs) != objects.identity(inputs):
            return None
        made = await _ours(planned, connection)
        if made is not None:
            self._claimed.add(urn)
        return made

    def is_there(self, urn: str) -> bool:
        """Return whether `made` has found the object."""
        return urn in self._claimed

    def is_gone(self, urn: str) -> None:
        """Note that what `made` has found was deleted."""
        self._claimed.discard(urn)

    def unsettled(self) -> list[tuple[Resource, Connection | None]]:
        """Return what nobody wants, and is not the object that its resource stands for by now, with where it would be.

        What is wanted, but could not be brought to what it should be, stays as it is until it can.
        """
        return [
            (planned, self._clusters.of_state(planned))
            for urn, planned in self._planned.items()
            if urn not in self._claimed and not _is(self._roster.current(urn), planned)
        ]

    def settle_known(self) -> None:
        """Record of what the state has by now that it is dealt with."""
        for urn, planned in self._planned.items():
            if _is(self._roster.current(urn), planned):
                self.settle(planned)

    async def left_behind(self, planned: Resource) -> Ref | None:
        """Return the object where it is there and ours. Raises KubernetesError."""
        connection = self._clusters.of_state(planned)
        made = None if connection is None else await _ours(planned, connection)
        return None if made is None else made.ref

    def settle(self, planned: Resource) -> None:
        """Record that the operation is dealt with."""
        self._roster.not_created(planned)


def _is(resource: Resource | None, planned: Resource) -> bool:
    if resource is None or resource.external:
        return False
    same = objects.identity(objects.known_inputs(resource)) == objects.identity(planned.inputs)
    return same and not resource.pending_replacement


async def _ours(planned: Resource, connection: Connection) -> Made | None:
    live = await connection.cluster.provider.read(objects.reference(planned))
    if live is None:
        return None
    metadata = live["metadata"]
    there = set(managers(metadata.get("managedFields") or ())) - {_NOBODY}
    manager = objects.field_manager(planned.inputs, planned.outputs)
    if not {manager, *(name for name, _ in PULUMI)}.intersection(there) and (there or connection.adopt):
        return None
    ref = Ref.of(values.reveal(live))
    ours = Ref(ref.api_version, ref.kind, ref.name, ref.namespace, str(metadata.get("uid") or ""))
    return Made(ours, bool(metadata.get("deletionTimestamp")))
