"""Waiting until an applied object is ready, which a watch tells; and saying why it is not.

In: an object as our own apply left it, and what is waited for. Out: the object, ready, or an error for people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.diagnosis import Diagnosis
from fleet.engine.kubernetes.errors import NotReadyError, ObjectFailedError
from fleet.engine.kubernetes.refs import Ref, Target
from fleet.engine.kubernetes.status import READY, State, Verdict, failed, find, text, waiting
from fleet.engine.kubernetes.waits import Wait
from fleet.engine.kubernetes.watching import Watches
from fleet.errors import Problem, Where

_STORAGE = "storage.k8s.io/v1"


class Waiting:
    """Waits for objects of one cluster."""

    def __init__(self, api: Api, watches: Watches) -> None:
        self._api = api
        self._watches = watches
        self._diagnosis = Diagnosis(api)

    async def until_ready(
        self,
        target: Target,
        live: Object,
        wait: Wait,
        *,
        tell: Callable[[str], None],
        stop: asyncio.Event | None = None,
    ) -> Object:
        """Return the object once it is ready.

        live: the answer to its apply. tell: gets what is waited for, whenever that changes. Raises NotReadyError when
        it has failed, is gone, or takes too long; StoppedError once `stop` is set; ClusterUnavailableError.
        """
        last, verdict = live, wait.judge(live)
        if verdict.state is State.WAITING and await self._needs_no_wait(live, wait):
            verdict = READY

        def look(seen: Object | None) -> Verdict | None:
            nonlocal last, verdict
            if seen is None:
                return failed("somebody has deleted it")
            if not _is_older(seen, live):
                last, verdict = seen, wait.judge(seen)
            if verdict.state is not State.WAITING:
                return verdict
            tell(verdict.reason)
            return None

        if verdict.state is State.WAITING:
            tell(verdict.reason)
            try:
                async with asyncio.timeout(wait.timeout_s):
                    verdict = await self._watches.until(target, live, look, stop=stop)
            except TimeoutError:
                late = waiting(f"After {wait.timeout_s:g} s it still waits: {verdict.reason}.")
                raise await self._not_ready(target, last, late) from None
        if verdict.state is State.FAILED:
            raise await self._not_ready(target, last, verdict)
        return last

    async def _needs_no_wait(self, live: Object, wait: Wait) -> bool:
        """A claim may be bound only once a pod uses it, and that pod may well be waiting for the claim."""
        is_claim = live.get("kind") == "PersistentVolumeClaim" and live.get("apiVersion") == "v1"
        name = text(live, "spec", "storageClassName")
        if wait.expressions or not is_claim or not name:
            return False
        try:
            resource = await self._api.discovery.resource(_STORAGE, "StorageClass")
            found = await self._api.read(Target(Ref(_STORAGE, "StorageClass", name), resource))
        except ObjectFailedError:
            return False
        return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"

    async def _not_ready(self, target: Target, live: Object, verdict: Verdict) -> NotReadyError:
        lines = [verdict.reason, *await self._diagnosis.of(target, live)]
        how = "it has failed" if verdict.state is State.FAILED else "it is not ready"
        where, detail = Where(cluster=self._api.cluster), "\n".join(lines)
        problem = Problem(f"{target}: {how}", where, detail, _hint(target, live))
        return NotReadyError(problem, live)


def _is_older(seen: Object, live: Object) -> bool:
    """Return whether an object was seen as it was before our change."""
    before, after = find(seen, "metadata", "generation"), find(live, "metadata", "generation")
    return isinstance(before, int) and isinstance(after, int) and before < after


def _hint(target: Target, live: Object) -> str:
    namespace = f" -n {target.ref.namespace}" if target.ref.namespace else ""
    if live.get("kind") == "Job":
        return (
            "A Job that has failed is not tried again by itself: change it, delete it, or let it be made anew with the "
            'annotation pulumi.com/replaceUnready: "true".'
        )
    kind = target.ref.kind.lower()
    return f"`kubectl describe {kind} {target.ref.name}{namespace}` shows more. The next run waits for it again."
