"""Roster: which resources of the stack a run has come to, which are gone, and which it has not met yet.

In: the snapshot that a run begins with. Out: at any moment, what is registered, what is not, what is still to be
deleted. Every change is handed to the journal at once; a preview has none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from fleet.engine.state import Key, Operation, Resource, Snapshot

_CREATING = "creating"


class Journal(Protocol):
    """Where changes are made durable (`fleet.engine.ledger`)."""

    def begin(self, operation: Operation) -> Future[None]:
        """Enter that an operation is about to be carried out; the future is done once that is durable."""

    def end(self, key: Key) -> object:
        """Enter that the operation made nothing."""

    def touch(self, type_: str, key: Key) -> Future[None]:
        """Enter that a resource is about to be changed or deleted; the future is done once that is durable."""

    def untouched(self, key: Key) -> object:
        """Enter that a resource is as before."""

    def put(self, resource: Resource, *, made: bool = False) -> object:
        """Enter that the resource is now so. made: it is the one whose creation was begun."""

    def remove(self, key: Key) -> object:
        """Enter that the resource is gone."""


class Roster:
    """The resources of a stack during a run.

    A resource that is to be deleted but was not yet (`delete` in the
    state) shares its URN with the one that replaced it, so those are kept apart, in `doomed`.
    """

    def __init__(self, snapshot: Snapshot, journal: Journal | None) -> None:
        self._snapshot = snapshot
        self._journal = journal
        self._old = snapshot.live()
        self._doomed: dict[Key, Resource] = {each.key: each for each in snapshot.resources if each.delete}
        self._positions = {each.urn: position for position, each in enumerate(snapshot.resources)}
        self._new: dict[str, Resource] = {}
        self._gone: set[str] = set()
        self._left_open = {each.resource.key: each.type for each in snapshot.pending_operations if each.touches}
        self._touched: dict[Key, str] = dict(self._left_open)
        self._creating: set[str] = set()
        self._awaited: tuple[Future[None], asyncio.Event] | None = None
        for key in self._left_open.keys() - {each.key for each in snapshot.resources}:
            self._forget_touch(key)

    @property
    def interrupted(self) -> tuple[Resource, ...]:
        """The objects, as planned, that a run which was cut off may have created or not."""
        return tuple(each.resource for each in self._snapshot.pending_operations if each.type == _CREATING)

    async def creating(self, resource: Resource) -> None:
        """Return when it is durable that the resource is about to be created."""
        self._creating.add(resource.urn)
        if self._journal is not None:
            await self._durable(self._journal.begin(Operation(_CREATING, resource)))

    async def _durable(self, entered: Future[None]) -> None:
        """Return when that is durable. What is written at once shares a future, and wakes up the event loop once."""
        if self._awaited is None or self._awaited[0] is not entered:
            self._awaited = entered, _written(entered)
        await self._awaited[1].wait()
        entered.result()

    def not_created(self, resource: Resource) -> None:
        """Record that it is certain that nothing was created."""
        if self._journal is not None:
            self._journal.end(resource.key)

    async def touching(self, resource: Resource, type_: str) -> None:
        """Return when it is durable that the resource is about to be changed (`updating`) or deleted (`deleting`)."""
        if self._journal is not None:
            self._touched[resource.key] = type_
            await self._durable(self._journal.touch(type_, resource.key))

    def untouched(self, resource: Resource) -> None:
        """Record that it is certain that nothing became of that. What a run before has left open stays so."""
        if self._journal is not None and resource.key in self._touched and resource.key not in self._left_open:
            self._touched.pop(resource.key, None)
            self._journal.untouched(resource.key)

    def _forget_touch(self, key: Key) -> None:
        """Drop what another engine has left open about a resource that is not in the state any more."""
        if self._journal is not None:
            self._journal.untouched(key)

    def is_uncertain(self, resource: Resource) -> bool:
        """Return whether a run before has changed or deleted what the resource stands for, or was about to."""
        return resource.key in self._left_open

    @property
    def old(self) -> Mapping[str, Resource]:
        """What the run began with, amended by what a refresh found, by URN."""
        return self._old

    def current(self, urn: str) -> Resource | None:
        """Return the resource as it is now; None when it is gone or never was."""
        if urn in self._gone:
            return None
        return self._new.get(urn) or self._old.get(urn)

    def put(self, resource: Resource, *, former: str | None = None) -> None:
        """Record the resource. former: its URN in the state, where that is another; what refers to it follows."""
        made = resource.urn in self._creating
        self._creating.discard(resource.urn)
        self._put(resource, former, made=made)

    def _put(self, resource: Resource, former: str | None, *, made: bool) -> None:
        if former is not None and former != resource.urn:
            self._enter(replace(resource, aliases=(former,)), made=made)
            self._gone.add(former)
        elif made or resource.key in self._touched or self._differs(resource):
            self._enter(resource, made=made)
        self._gone.discard(resource.urn)
        self._new[resource.urn] = resource

    def _differs(self, resource: Resource) -> bool:
        """Return whether that is news. Dataclasses compare all of their fields even with themselves."""
        current = self.current(resource.urn)
        return resource is not current and resource != current

    def keep(self, resource: Resource, *, former: str) -> None:
        """Record a resource of which nothing new is known: what may have become of it stays open."""
        doubt = self._touched.pop(Key(former), None)
        self._put(resource, former, made=False)
        if doubt is not None and self._journal is not None:
            self._touched[resource.key] = doubt
            self._journal.touch(doubt, resource.key)

    def amend(self, resource: Resource) -> None:
        """Record what was found out about a resource that the run has not come to: it keeps its place."""
        if resource != self._old.get(resource.urn) or resource.key in self._touched:
            self._old[resource.urn] = resource
            self._enter(resource)

    def _enter(self, resource: Resource, *, made: bool = False) -> None:
        for key in (resource.key, *map(Key, resource.aliases)):
            self._touched.pop(key, None)
        if self._journal is not None:
            self._journal.put(resource, made=made)

    def remove(self, resource: Resource) -> None:
        """Record that the resource is gone."""
        if resource.delete:
            self._doomed.pop(resource.key, None)
            if self._journal is not None:
                self._journal.remove(resource.key)
        else:
            self._drop(resource)

    def _drop(self, resource: Resource) -> None:
        self._gone.add(resource.urn)
        self._new.pop(resource.urn, None)
        if self._journal is not None:
            self._journal.remove(resource.key)

    def doom(self, resource: Resource) -> None:
        """Keep the old half of a replacement until it is deleted."""
        doomed = replace(resource, delete=True)
        self._doomed[doomed.key] = doomed
        self._enter(doomed)

    def position(self, urn: str) -> int:
        """Return where a resource stood in the state that the run began with; behind all others if it did not."""
        return self._positions.get(urn, len(self._positions))

    def registered(self, urn: str) -> bool:
        """Return whether the run has come to the resource."""
        return urn in self._new

    def doomed(self) -> tuple[Resource, ...]:
        """Return the old halves of replacements that are still to be deleted."""
        return tuple(self._doomed.values())

    def unregistered(self) -> tuple[Resource, ...]:
        """Return what the state holds and the run has not come to, in the state's order."""
        return tuple(each for urn, each in self._old.items() if urn not in self._new and urn not in self._gone)

    def resources(self) -> Iterator[Resource]:
        """Yield what the state is now: registered, then not come to, then to be deleted."""
        yield from self._new.values()
        yield from self.unregistered()
        yield from self._doomed.values()

    def snapshot(self) -> Snapshot:
        """Return the state as it is now."""
        return self._snapshot.with_resources(tuple(self.resources()))


def _written(entered: Future[None]) -> asyncio.Event:
    """Return what is set, in this event loop, once the future is done; who waits for it may be cancelled alone."""
    loop, written = asyncio.get_running_loop(), asyncio.Event()

    def wake(_: Future[None]) -> None:
        # A run that was ended at once leaves its journal behind.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(written.set)

    entered.add_done_callback(wake)
    return written
