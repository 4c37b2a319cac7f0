"""Waiting until an applied object is ready, which a watch tells; and saying why it is not.

In: an object as our own apply left it, and what is waited for. Out: the object, ready, or an error for people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.concurrency import cancelled
from fleet.engine.kubernetes.diagnosis import Diagnosis
from fleet.engine.kubernetes.errors import NotReadyError, ObjectFailedError
from fleet.engine.kubernetes.refs import Ref, Target
from fleet.engine.kubernetes.status import State, Verdict, failed, find, text, waiting
from fleet.engine.kubernetes.waits import Wait
from fleet.engine.kubernetes.watching import Watches
from fleet.errors import Problem, Where

_STORAGE = "storage.k8s.io/v1"
# When a wait is long, its pods are asked what is wrong with them: after so many seconds each.
_LOOKS_S = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0)


class _Awaited:
    """One object while it is waited for. live: as our own apply left it; last: as it was last seen.

    trouble: what is wrong with its pods, as far as that is known.
    """

    def __init__(self, live: Object, wait: Wait, tell: Callable[[str], None]) -> None:
        self.last = live
        self.verdict = wait.judge(live)
        self._live = live
        self._wait = wait
        self._tell = tell
        self._trouble = ""

    def look(self, seen: Object | None) -> Verdict | None:
        """Take in what became of it; return the verdict once that is final."""
        if seen is None:
            return failed("somebody has deleted it")
        if not _is_older(seen, self._live):
            self.last, self.verdict = seen, self._wait.judge(seen)
        if self.verdict.state is not State.WAITING:
            return self.verdict
        self.tell()
        return None

    def explain(self, trouble: str) -> None:
        """Take in what is wrong with its pods."""
        self._trouble = trouble
        self.tell()

    def tell(self) -> None:
        """Say what is waited for."""
        self._tell("; ".join(filter(None, (self.verdict.reason, self._trouble))))


class Waiting:
    """Waits for objects of one cluster."""

    def __init__(self, api: Api, watches: Watches, diagnosis: Diagnosis) -> None:
        self._api = api
        self._watches = watches
        self._diagnosis = diagnosis

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
        awaited = _Awaited(live, wait, tell)
        verdict = awaited.verdict
        if verdict.state is State.WAITING and not await self._needs_no_wait(live, wait):
            verdict = await self._until_final(target, awaited, wait.timeout_s, stop)
        if verdict.state is State.FAILED:
            raise await self._not_ready(target, awaited.last, verdict)
        return awaited.last

    async def _until_final(
        self, target: Target, awaited: _Awaited, timeout_s: float, stop: asyncio.Event | None
    ) -> Verdict:
        awaited.tell()
        explaining = asyncio.ensure_future(self._explain(awaited))
        try:
            async with asyncio.timeout(timeout_s):
                return await self._watches.until(target, awaited.last, awaited.look, stop=stop)
        except TimeoutError:
            late = waiting(f"After {timeout_s:g} s it still waits: {awaited.verdict.reason}.")
            raise await self._not_ready(target, awaited.last, late) from None
        finally:
            await cancelled(explaining)

    async def _explain(self, awaited: _Awaited) -> None:
        """Find out now and then what a long wait is for, which the object itself mostly does not say."""
        for delay_s in _LOOKS_S:
            await asyncio.sleep(delay_s)
            awaited.explain(await self._diagnosis.trouble(awaited.last))

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
