"""CustomResourceDefinitions: waiting until the cluster serves what they define."""

from __future__ import annotations

import asyncio
import time

from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.refs import Target
from fleet.errors import Problem, Where

ESTABLISHED_WITHIN_S = 30.0
_POLL_S = (0.05, 0.1, 0.2, 0.5)


async def established(api: Api, target: Target, live: Object) -> Object:
    """Return the CRD once it is established. live: the answer to its apply.

    Raises ObjectFailedError when its names are taken, or when it takes longer than 30 s.
    """
    deadline, polls = time.monotonic() + ESTABLISHED_WITHIN_S, iter(_POLL_S)
    current: Object | None = live
    while current is not None:
        conditions = _conditions(current)
        if conditions.get("Established", {}).get("status") == "True":
            return current
        accepted = conditions.get("NamesAccepted", {})
        if accepted.get("status") == "False":
            raise _failed(api, target, "its names are taken", str(accepted.get("message") or ""))
        if time.monotonic() > deadline:
            detail = "; ".join(f"{name}: {each.get('message')}" for name, each in sorted(conditions.items()))
            raise _failed(api, target, f"it is not established after {ESTABLISHED_WITHIN_S:.0f} s", detail)
        await asyncio.sleep(next(polls, _POLL_S[-1]))
        current = await api.read(target)
    raise _failed(api, target, "somebody deleted it at once", "")


def _conditions(crd: Object) -> dict[str, Object]:
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return {str(condition["type"]): condition for condition in conditions}


def _failed(api: Api, target: Target, summary: str, detail: str) -> ObjectFailedError:
    hint = f"`kubectl describe crd {target.ref.name}` shows its conditions."
    return ObjectFailedError(Problem(f"{target}: {summary}", Where(cluster=api.cluster), detail, hint))
