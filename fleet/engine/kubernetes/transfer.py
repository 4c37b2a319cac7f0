"""Making fields ours that other managers own, so that what we drop later does not stay."""

from __future__ import annotations

from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.ownership import claims_to_take, transferred
from fleet.engine.kubernetes.refs import Target

_ATTEMPTS = 4


async def transfer(api: Api, target: Target, wanted: Object, live: Object, *, manager: str, take_over: bool) -> Object:
    """Return the object as it is once its fields are ours: `live`, the answer to our apply, where they are already.

    Otherwise two more writes: managedFields, then the apply once more, which removes what nobody wants any longer.
    """
    claims = claims_to_take(manager, take_over=take_over)
    for _ in range(_ATTEMPTS):
        metadata = live["metadata"]
        entries = transferred(metadata.get("managedFields") or (), manager, claims)
        if entries is None:
            return live
        version = str(metadata["resourceVersion"])
        await api.set_managed_fields(target, entries, version, manager=manager)
        live = (await api.apply(target, wanted, manager=manager)).body
    return live
