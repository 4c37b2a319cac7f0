"""Making fields ours that other managers own, so that what we drop later does not stay."""

from __future__ import annotations

import asyncio

from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.ownership import claims_to_take, seized, transferred
from fleet.engine.kubernetes.refs import Target
from fleet.errors import Problem, Where

# A controller may write at the same time, several times in a row while it brings an object to life.
_ATTEMPTS = 20
_PAUSE_S = 0.05


async def transfer(api: Api, target: Target, wanted: Object, live: Object, *, manager: str, take_over: bool) -> Object:
    """Return the object as it is once its fields are ours: `live`, the answer to our apply, where they are already.

    Otherwise two more writes: managedFields, then the apply once more, which removes what nobody wants any longer.
    Raises ObjectFailedError where the object never stays as it is for long enough.
    """
    claims = claims_to_take(manager, take_over=take_over)
    for attempt in range(_ATTEMPTS):
        metadata = live["metadata"]
        entries = transferred(metadata.get("managedFields") or (), manager, claims)
        if entries is None:
            return live
        version = str(metadata["resourceVersion"])
        if not await api.set_managed_fields(target, entries, version, manager=manager):
            await asyncio.sleep(_PAUSE_S * min(attempt, 5))
        live = (await api.apply(target, wanted, manager=manager)).body
    summary = f"{target}: the fields that it was made with could not be made ours"
    detail = f"Somebody else changed it during each of {_ATTEMPTS} attempts. What is wanted has been applied."
    hint = "Run again. Until then, fields that leave Git stay in the cluster."
    raise ObjectFailedError(Problem(summary, Where(cluster=api.cluster), detail, hint))


async def seize(api: Api, target: Target, *, manager: str, take_over: bool, dry_run: bool) -> Object | None:
    """Make the fields of an object ours before it is applied; return it as it was, None where nothing is to be had.

    What we drop, or what has another key in a list now, stays as long as somebody else owns it, and may be what the
    API server refuses: a second port without a name. dry_run: nothing is written. Raises ObjectFailedError.
    """
    claims = claims_to_take(manager, take_over=take_over)
    for attempt in range(_ATTEMPTS):
        live = await api.read(target)
        metadata = live["metadata"] if live is not None else {}
        entries = seized(metadata.get("managedFields") or (), manager, claims)
        if entries is None:
            return None
        version = str(metadata["resourceVersion"])
        if dry_run or await api.set_managed_fields(target, entries, version, manager=manager):
            return live
        await asyncio.sleep(_PAUSE_S * min(attempt, 5))
    return None
