"""CustomResourceDefinitions: waiting until the cluster serves what they define."""

from __future__ import annotations

import asyncio

from fleet.engine.kubernetes.api import Object
from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.readiness import State, Verdict, judge
from fleet.engine.kubernetes.refs import Target
from fleet.engine.kubernetes.watching import Watches
from fleet.errors import Problem, Where

ESTABLISHED_WITHIN_S = 30.0


async def established(watches: Watches, target: Target, live: Object, cluster: str) -> Object:
    """Return the CRD once it is established. live: the answer to its apply.

    Raises ObjectFailedError when its names are taken, or when it takes longer than 30 s.
    """
    verdict = judge(live)

    def look(seen: Object | None) -> Object | None:
        nonlocal verdict
        verdict = Verdict(State.FAILED, "somebody deleted it at once") if seen is None else judge(seen)
        if verdict.state is State.FAILED:
            raise _failed(target, cluster, verdict.reason)
        return seen if verdict.state is State.READY else None

    ready = look(live)
    if ready is not None:
        return ready
    try:
        async with asyncio.timeout(ESTABLISHED_WITHIN_S):
            return await watches.until(target, live, look)
    except TimeoutError:
        late = f"it is not established after {ESTABLISHED_WITHIN_S:.0f} s"
        raise _failed(target, cluster, late, verdict.reason) from None


def _failed(target: Target, cluster: str, summary: str, detail: str = "") -> ObjectFailedError:
    hint = f"`kubectl describe crd {target.ref.name}` shows its conditions."
    return ObjectFailedError(Problem(f"{target}: {summary}", Where(cluster=cluster), detail, hint))
