"""Deleting objects and waiting until they are gone, which a watch tells."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from fleet.engine.kubernetes import requests
from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.diagnosis import Diagnosis
from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.propagation import Propagation
from fleet.engine.kubernetes.refs import NAMESPACE, Target
from fleet.engine.kubernetes.requests import Response
from fleet.engine.kubernetes.retries import backoff_s
from fleet.engine.kubernetes.watching import Watches
from fleet.errors import Problem, Where

TIMEOUT_S = 600.0
_NOT_FOUND, _CONFLICT = 404, 409
# Two places of the API server check it, in two wordings (registry/rest/delete.go, storage/interfaces.go).
_UID_DIFFERS = re.compile(r"\bUID in (the )?precondition\b")
_CONFLICT_RETRIES = 4


class Deletion:
    """Deletes objects of one cluster."""

    def __init__(self, api: Api, watches: Watches, diagnosis: Diagnosis) -> None:
        self._api = api
        self._watches = watches
        self._diagnosis = diagnosis

    async def delete(
        self,
        target: Target,
        propagation: Propagation,
        timeout_s: float,
        *,
        tell: Callable[[str], None],
        stop: asyncio.Event | None = None,
    ) -> None:
        """Delete an object and return when it is gone. It is a success when it was gone already.

        With a uid, another object of that name stays. tell: gets what is waited for. Raises ObjectFailedError when it
        is refused, or still there after `timeout_s`; StoppedError once `stop` is set, and it is on its way out.
        """
        live = await self._mark(target, propagation)
        if live is not None:
            await self._until_gone(target, live, timeout_s, tell, stop)

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

    async def _until_gone(
        self,
        target: Target,
        live: Object,
        timeout_s: float,
        tell: Callable[[str], None],
        stop: asyncio.Event | None,
    ) -> None:
        last_seen = live["metadata"]
        tell(_awaited(last_seen))

        def look(seen: Object | None) -> bool | None:
            nonlocal last_seen
            if seen is None:
                return True
            last_seen = seen["metadata"]
            tell(_awaited(last_seen))
            return None

        try:
            async with asyncio.timeout(timeout_s):
                # Where nothing holds it, it may be gone by now: some kinds are answered with what they were.
                is_held = bool(last_seen.get("finalizers"))
                await self._watches.until(target, live, look, metadata_only=True, is_there=is_held, stop=stop)
        except TimeoutError:
            raise await self._blocked(target, last_seen, timeout_s) from None

    async def _blocked(self, target: Target, last_seen: Object, timeout_s: float) -> ObjectFailedError:
        lines = _finalizers(last_seen)
        live = await self._api.read(target) or {}
        if target.resource == NAMESPACE:
            lines += _in_namespace(live)
        elif live:
            lines += [f"{each}, which is still there" for each in await self._diagnosis.left(live)]
        summary = f"{target}: it is being deleted, and still there after {timeout_s:g} s"
        hint = "Whatever put the finalizer there has to finish. Run again once the object is gone."
        detail = "\n".join(["It waits for:", *lines]) if lines else ""
        return ObjectFailedError(Problem(summary, Where(cluster=self._api.cluster), detail, hint))


def _in_namespace(live: Object) -> list[str]:
    """Return what a namespace says is left in it."""
    conditions = (live.get("status") or {}).get("conditions") or ()
    return [str(each.get("message")) for each in conditions if each.get("status") == "True"]


_FINALIZERS = {
    "foregroundDeletion": ": its dependents have to go first",
    "kubernetes.io/pvc-protection": ": a pod uses it",
    "kubernetes.io/pv-protection": ": a claim uses it",
}


def _finalizers(metadata: Object) -> list[str]:
    return [f"finalizer {name}{_FINALIZERS.get(name, '')}" for name in metadata.get("finalizers") or ()]


def _awaited(metadata: Object) -> str:
    """Return what a deletion waits for, in a few words."""
    return ", ".join(_finalizers(metadata)) or "it is being deleted"


def _is_another(response: Response) -> bool:
    """Return whether the object of that name is not the one that was meant."""
    return response.status == _CONFLICT and bool(_UID_DIFFERS.search(response.message))
