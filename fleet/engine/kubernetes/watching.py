"""Watching: one watch for each collection of objects that somebody waits for, however many of them.

In: an object as our own request left it. Out: what became of it, as the API server tells it. A watch that is cut off is
gone on with; one that is too old begins anew with a list. Who may not watch is told by asking for each object.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.concurrency import together
from fleet.engine.kubernetes.errors import ClusterUnavailableError, ObjectFailedError, StoppedError
from fleet.engine.kubernetes.following import Collection, Follower, Place, place
from fleet.engine.kubernetes.refs import Target
from fleet.engine.kubernetes.requests import Response
from fleet.engine.kubernetes.retries import backoff_s
from fleet.errors import Problem

T = TypeVar("T")
_Kind = tuple[str, str, bool]
_Key = tuple[_Kind, str]

# Up to so many namespaces have a watch each; with the next one there is one for all of them.
FEW_NAMESPACES = 3
# A watch outlives who waits for so long: the next one mostly comes at once.
_LINGER_S = 2.0
_POLL_S = 0.5
_EXPIRED = 410
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_REFUSALS = 6


class Watches:
    """The watches of one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._collections: dict[_Key, Collection] = {}
        self._readers: dict[Collection, asyncio.Task[None]] = {}
        self._places: dict[Follower, Collection] = {}
        self._narrow: set[_Kind] = set()

    async def until(
        self,
        target: Target,
        live: Object,
        accept: Callable[[Object | None], T | None],
        *,
        metadata_only: bool = False,
        is_there: bool = True,
        stop: asyncio.Event | None = None,
    ) -> T:
        """Return what `accept` makes of an object, once that is not None.

        live: the object as our own request left it. accept: gets it whenever it has changed since, and None when it is
        gone; another object of the same name is none of its business. is_there: False where `live` may be the last
        that was seen of it, after which no watch tells anything. Raises KubernetesError, also what accept raises, and
        StoppedError once `stop` is set.
        """
        follower = Follower(target, live, accept)
        try:
            await self._join(follower, live, metadata_only=metadata_only)
            if not is_there:
                await self._ask(follower, metadata_only=metadata_only)
            await _first(follower.done, stop)
            if not follower.done.done():
                raise StoppedError(Problem(f"{target}: it was not waited for any longer"))
            outcome: T = follower.done.result()
            return outcome
        finally:
            self._leave(follower)

    async def close(self) -> None:
        """End all watches, and all waiting."""
        readers = tuple(self._readers.values())
        for reader in readers:
            reader.cancel()
        if readers:
            await asyncio.wait(readers)

    async def _join(self, follower: Follower, live: Object, *, metadata_only: bool) -> None:
        collection = self._collection(follower.target, metadata_only=metadata_only)
        self._places[follower] = collection
        if collection not in self._readers:
            collection.begin(live)
            reader = asyncio.create_task(self._read(collection))
            self._readers[collection] = reader
            reader.add_done_callback(lambda task: self._ended(collection, task))
        if collection.add(follower):
            await self._ask(follower, metadata_only=metadata_only)

    def _leave(self, follower: Follower) -> None:
        collection = self._places.pop(follower)
        collection.followers.discard(follower)
        if not collection.followers:
            asyncio.get_running_loop().call_later(_LINGER_S, self._rest, collection)

    def _rest(self, collection: Collection) -> None:
        """End a watch that nobody needs any more."""
        if not collection.followers and collection in self._readers:
            self._drop(collection)
            self._readers[collection].cancel()

    def _drop(self, collection: Collection) -> None:
        for key in [key for key, value in self._collections.items() if value is collection]:
            self._collections.pop(key)

    def _ended(self, collection: Collection, reader: asyncio.Task[None]) -> None:
        self._readers.pop(collection)
        self._drop(collection)
        error = asyncio.CancelledError() if reader.cancelled() else reader.exception()
        for follower in collection.followers:
            if isinstance(error, asyncio.CancelledError):
                follower.done.cancel()
            elif error is not None:
                follower.fail(error)

    def _collection(self, target: Target, *, metadata_only: bool) -> Collection:
        """Return the collection to watch: of the object's namespace, or of all where there are many."""
        resource, namespace = target.resource, target.ref.namespace
        kind = (resource.api_version, resource.plural, metadata_only)
        if namespace and (kind, namespace) not in self._collections and kind not in self._narrow:
            watched = [key for key in self._collections if key[0] == kind]
            namespace = "" if (kind, "") in watched or len(watched) >= FEW_NAMESPACES else namespace
        key = (kind, namespace)
        if key not in self._collections:
            self._collections[key] = Collection(resource, namespace, metadata_only=metadata_only)
        return self._collections[key]

    async def _read(self, collection: Collection) -> None:
        """Watch a collection for as long as the task lives."""
        idle = refused = 0
        while refused < _REFUSALS:
            before = collection.version
            try:
                refusal = await self._watch(collection)
            except ObjectFailedError:
                break  # It may not be listed; reading single objects may be allowed all the same.
            if refusal is not None and refusal.status not in (_EXPIRED, *_PASSING):
                break
            refused = refused + 1 if refusal is not None and refusal.status in _PASSING else 0
            idle = idle + 1 if collection.version in ("", before) else 0
            await asyncio.sleep(backoff_s(idle) if idle else 0.0)
        await self._without_watch(collection)

    async def _watch(self, collection: Collection) -> Response | None:
        """Watch until the watch ends; return why it is refused, if it is."""
        if not collection.version:
            await self._list(collection)
        refusal = await self._api.watch(
            collection.resource,
            collection.namespace,
            collection.version,
            collection.take,
            metadata_only=collection.metadata_only,
        )
        if refusal is not None and refusal.status == _EXPIRED:
            collection.forget()
        return refusal

    async def _list(self, collection: Collection) -> None:
        asked = tuple(collection.followers)
        wanted = {each.place for each in asked}
        found: dict[Place, Object] = {}
        version = ""
        resource = collection.resource
        typed = {"apiVersion": resource.api_version, "kind": resource.kind}
        pages = self._api.pages(resource, collection.namespace, metadata_only=collection.metadata_only)
        async for page in pages:
            # A later page may be of a later time; from the first one on nothing is missed.
            version = version or str(page["metadata"].get("resourceVersion") or "")
            items = page.get("items") or ()
            found |= {place(item["metadata"]): {**typed, **item} for item in items if place(item["metadata"]) in wanted}
        collection.renew(version, found, asked)

    async def _without_watch(self, collection: Collection) -> None:
        """Go on where a watch is not to be had: with narrower ones, or by asking for the objects."""
        if collection.resource.namespaced and not collection.namespace:
            self._narrow.add((collection.resource.api_version, collection.resource.plural, collection.metadata_only))
            self._drop(collection)
            followers, collection.followers = collection.followers, set()
            await together(self._move(follower, collection) for follower in followers)
            return
        while True:
            followers = set(collection.followers)
            await together(self._ask(each, metadata_only=collection.metadata_only) for each in followers)
            await asyncio.sleep(_POLL_S)

    async def _move(self, follower: Follower, former: Collection) -> None:
        if not follower.done.done():
            live = {"metadata": {"resourceVersion": str(follower.version or "")}}
            await self._join(follower, live, metadata_only=former.metadata_only)

    async def _ask(self, follower: Follower, *, metadata_only: bool) -> None:
        """Show an object as it is."""
        try:
            follower.show(await self._api.read(follower.target, metadata_only=metadata_only))
        except ClusterUnavailableError:
            raise
        except ObjectFailedError as error:
            follower.fail(error)


async def _first(done: asyncio.Future[Any], stop: asyncio.Event | None) -> None:
    """Wait for whichever comes first."""
    if stop is None:
        await asyncio.wait((done,))
        return
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((done, stopped), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
