"""Whether objects exist, asked as cheaply as the number of questions allows.

Server-side apply creates or updates and does not say beforehand which, so a create that must not touch what is there
asks first. The first few objects of a collection are asked for one by one; with the next one the whole collection is
listed once, names only, and answers for all. Our own creates and deletes keep the answers true during a run; what
others make after that is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fleet.engine.kubernetes.api import Api
from fleet.engine.kubernetes.concurrency import SingleFlight, together
from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.refs import NAMESPACE, Ref, Resource, Target

ASKED_ONE_BY_ONE = 3
# A page of names costs about as much as five objects; beyond this a list of the rest is dearer than asking.
LONGEST_LIST = 20_000
_FORBIDDEN = 403


@dataclass(slots=True)
class _Collection:
    """What is known of one collection. names: None until listed. own: what we made (True) or deleted (False)."""

    asked: int = 0
    names: frozenset[str] | None = None
    is_unlistable: bool = False
    own: dict[str, bool] = field(default_factory=dict)
    listing: SingleFlight[None] = field(default_factory=SingleFlight)


class Existence:
    """Which objects exist in one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._collections: dict[tuple[str, str, str], _Collection] = {}

    async def exists(self, target: Target) -> bool:
        """Return whether the object is there. Raises ObjectFailedError where we may not know."""
        collection, name = self._collection(target), target.ref.name
        if name in collection.own:
            return collection.own[name]
        collection.asked += 1
        if collection.asked > ASKED_ONE_BY_ONE and not collection.is_unlistable and collection.names is None:
            await collection.listing.run(lambda: self._list(target, collection))
        if name in collection.own:
            return collection.own[name]
        if collection.names is not None:
            return name in collection.names
        return await self._api.read(target, metadata_only=True) is not None

    async def missing_namespaces(self, names: Iterable[str]) -> set[str]:
        """Return those of the namespaces that do not exist. One that we may not ask for counts as there."""
        asked = sorted(set(names))
        there = await together(self._is_there(name) for name in asked)
        return {name for name, found in zip(asked, there, strict=True) if not found}

    def made(self, target: Target) -> None:
        """Note that the object is there now."""
        self._collection(target).own[target.ref.name] = True

    def deleted(self, target: Target) -> None:
        """Note that the object is gone; with a namespace everything in it."""
        self._collection(target).own[target.ref.name] = False
        if target.resource == NAMESPACE:
            for key in [key for key in self._collections if key[2] == target.ref.name]:
                self._collections.pop(key)

    def forget(self, kinds: Iterable[Resource]) -> None:
        """Note that all objects of these kinds may be gone: their definition is."""
        plurals = {(resource.api_version, resource.plural) for resource in kinds}
        for key in [key for key in self._collections if key[:2] in plurals]:
            self._collections.pop(key)

    async def close(self) -> None:
        """End what is under way."""
        for collection in self._collections.values():
            await collection.listing.cancel()

    async def _is_there(self, name: str) -> bool:
        try:
            return await self.exists(Target(Ref("v1", "Namespace", name), NAMESPACE))
        except ObjectFailedError as error:
            if error.status != _FORBIDDEN:
                raise
            return True

    def _collection(self, target: Target) -> _Collection:
        resource = target.resource
        key = (resource.api_version, resource.plural, target.ref.namespace)
        return self._collections.setdefault(key, _Collection())

    async def _list(self, target: Target, collection: _Collection) -> None:
        names: set[str] = set()
        try:
            async for page in self._api.pages(target.resource, target.ref.namespace, metadata_only=True):
                names.update(item["metadata"]["name"] for item in page.get("items") or ())
                if len(names) + int(page["metadata"].get("remainingItemCount") or 0) > LONGEST_LIST:
                    collection.is_unlistable = True
                    return
        except ObjectFailedError:
            # Reading single objects may be allowed all the same; if not, that says so.
            collection.is_unlistable = True
            return
        collection.names = frozenset(names)
