"""Deleting objects and waiting until they are gone.

Those who wait for objects of one collection share the asking: few are asked for one by one, many by listing names.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet.engine.kubernetes import requests
from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.concurrency import cancelled, together
from fleet.engine.kubernetes.errors import KubernetesError, ObjectFailedError
from fleet.engine.kubernetes.existence import ASKED_ONE_BY_ONE
from fleet.engine.kubernetes.propagation import Propagation
from fleet.engine.kubernetes.refs import NAMESPACE, Resource, Target
from fleet.engine.kubernetes.requests import Response
from fleet.engine.kubernetes.retries import backoff_s
from fleet.errors import Problem, Where

TIMEOUT_S = 600.0
_NOT_FOUND, _CONFLICT = 404, 409
# Two places of the API server check it, in two wordings (registry/rest/delete.go, storage/interfaces.go).
_UID_DIFFERS = re.compile(r"\bUID in (the )?precondition\b")
_CONFLICT_RETRIES = 4
_FIRST_POLL_S, _LONGEST_POLL_S = 0.1, 2.0


@dataclass(slots=True)
class _Waiting:
    """One object that is on its way out. last_seen: its metadata."""

    target: Target
    uid: str
    last_seen: Object
    gone: asyncio.Future[None]


@dataclass(slots=True)
class _Collection:
    """Those who wait for objects of one collection."""

    resource: Resource
    namespace: str
    waiting: dict[str, _Waiting] = field(default_factory=dict)
    poll_s: float = _FIRST_POLL_S
    watcher: asyncio.Task[None] | None = None


class Deletion:
    """Deletes objects of one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._collections: dict[tuple[str, str, str], _Collection] = {}

    async def delete(self, target: Target, propagation: Propagation, timeout_s: float) -> None:
        """Delete an object and return when it is gone. It is a success when it was gone already.

        With a uid, another object of that name stays. Raises ObjectFailedError when it is refused, or still there after
        `timeout_s`.
        """
        live = await self._mark(target, propagation)
        if live is not None:
            await self._until_gone(target, live, timeout_s)

    async def close(self) -> None:
        """End what is under way."""
        for collection in self._collections.values():
            await cancelled(collection.watcher)

    async def _mark(self, target: Target, propagation: Propagation) -> Object | None:
        """Ask for the deletion; return the object where it is not gone at once."""
        request = requests.delete(target.path, str(target), propagation=propagation, uid=target.ref.uid)
        response = await self._api.send(request)
        for attempt in range(_CONFLICT_RETRIES):
            if response.status != _CONFLICT or _is_another(response):
                break
            await asyncio.sleep(backoff_s(attempt))
            response = await self._api.send(request)
        if response.status == _NOT_FOUND or _is_another(response):
            return None
        if not response.ok:
            raise self._api.refused(response, f"{target}: deleting")
        # A Status says that it is gone, an object that it is marked for deletion.
        return None if response.body.get("kind") == "Status" else response.body

    async def _until_gone(self, target: Target, live: Object, timeout_s: float) -> None:
        uid = target.ref.uid or str(live["metadata"].get("uid") or "")
        waiting = _Waiting(target, uid, live["metadata"], asyncio.get_running_loop().create_future())
        collection = self._collection(target)
        # The key is the uid: an object of the same name may be deleted twice in a run.
        collection.waiting[uid] = waiting
        collection.poll_s = _FIRST_POLL_S
        if collection.watcher is None or collection.watcher.done():
            collection.watcher = asyncio.create_task(self._watch(collection))
        try:
            async with asyncio.timeout(timeout_s):
                await waiting.gone
        except TimeoutError:
            raise await self._blocked(waiting, timeout_s) from None
        finally:
            collection.waiting.pop(uid, None)

    def _collection(self, target: Target) -> _Collection:
        resource, namespace = target.resource, target.ref.namespace
        key = (resource.api_version, resource.plural, namespace)
        return self._collections.setdefault(key, _Collection(resource, namespace))

    async def _watch(self, collection: _Collection) -> None:
        """Look again and again, less and less often, until nobody waits any more."""
        while collection.waiting:
            await asyncio.sleep(collection.poll_s)
            collection.poll_s = min(collection.poll_s * 1.5, _LONGEST_POLL_S)
            waiting = tuple(collection.waiting.values())
            try:
                there = await self._look(collection, waiting)
            except KubernetesError as error:
                _fail(waiting, error)
                continue
            for each in waiting:
                _settle(each, there.get(each.target.ref.name))

    async def _look(self, collection: _Collection, waiting: tuple[_Waiting, ...]) -> Mapping[str, Object]:
        """Return the metadata of those that are still there, by name."""
        if len(waiting) > ASKED_ONE_BY_ONE:
            try:
                return await self._listed(collection)
            except ObjectFailedError:
                pass  # Reading single objects may be allowed all the same; if not, that says so.
        live = await together(self._api.read(each.target, metadata_only=True) for each in waiting)
        return {each.target.ref.name: found["metadata"] for each, found in zip(waiting, live, strict=True) if found}

    async def _listed(self, collection: _Collection) -> Mapping[str, Object]:
        found: dict[str, Any] = {}
        async for page in self._api.pages(collection.resource, collection.namespace, metadata_only=True):
            found.update((item["metadata"]["name"], item["metadata"]) for item in page.get("items") or ())
        return found

    async def _blocked(self, waiting: _Waiting, timeout_s: float) -> ObjectFailedError:
        target = waiting.target
        lines = [f"finalizer {name}" + _FINALIZERS.get(name, "") for name in waiting.last_seen.get("finalizers") or ()]
        if target.resource == NAMESPACE:
            lines += await self._what_namespace_waits_for(target)
        summary = f"{target}: it is being deleted, and still there after {timeout_s:g} s"
        hint = "Whatever put the finalizer there has to finish. Run again once the object is gone."
        detail = "\n".join(["It waits for:", *lines]) if lines else ""
        return ObjectFailedError(Problem(summary, Where(cluster=self._api.cluster), detail, hint))

    async def _what_namespace_waits_for(self, target: Target) -> list[str]:
        live = await self._api.read(target) or {}
        conditions = (live.get("status") or {}).get("conditions") or ()
        return [str(each.get("message")) for each in conditions if each.get("status") == "True"]


_FINALIZERS = {
    "foregroundDeletion": ": its dependents have to go first",
    "kubernetes.io/pvc-protection": ": a pod uses it",
    "kubernetes.io/pv-protection": ": a claim uses it",
}


def _settle(waiting: _Waiting, metadata: Object | None) -> None:
    if waiting.gone.done():
        return
    if metadata is None or metadata.get("uid") != waiting.uid:
        waiting.gone.set_result(None)
    else:
        waiting.last_seen = metadata


def _fail(waiting: tuple[_Waiting, ...], error: KubernetesError) -> None:
    for each in waiting:
        if not each.gone.done():
            each.gone.set_exception(error)


def _is_another(response: Response) -> bool:
    """Return whether the object of that name is not the one that was meant."""
    return response.status == _CONFLICT and bool(_UID_DIFFERS.search(response.message))
