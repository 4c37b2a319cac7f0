"""Pruning: what an application no longer wants goes from a cluster as soon as that cluster's applications are through.

In: which Application components the program has begun and ended. Out: what is left of their objects, for the remover.
The rest, what whole applications leave behind, goes when the program has ended: only then it has said everything.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from fleet.engine.clusters import Cluster
from fleet.engine.deleting import needed
from fleet.engine.roster import Roster
from fleet.engine.state import Key, Resource


class Pruning:
    """Prunes clusters one by one, so that none waits for the slowest.

    included: whether a resource is meant. remove: None where nothing may go before the program has ended.
    """

    def __init__(
        self,
        roster: Roster,
        included: Callable[[Resource], bool],
        remove: Callable[[Sequence[Resource]], Awaitable[None]] | None,
    ) -> None:
        self._roster = roster
        self._included = included
        self._remove = remove
        self._clusters: dict[str, Cluster] = {}
        self._open: defaultdict[Cluster, set[str]] = defaultdict(set)
        self._ended: defaultdict[Cluster, set[str]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []
        self._tried: set[Key] = set()

    def begun(self, application: str, cluster: Cluster) -> None:
        """Note an Application component, by its URN, that has yet to register its objects in a cluster."""
        self._clusters[application] = cluster
        self._open[cluster].add(application)

    def ended(self, application: str) -> None:
        """Note that a component has registered its outputs, and so all that is in it; prune with the last of them."""
        cluster = self._clusters.get(application)
        if cluster is None or application not in self._open[cluster]:
            return
        self._open[cluster].remove(application)
        self._ended[cluster].add(application)
        if not self._open[cluster] and self._remove is not None:
            self._tasks.append(asyncio.ensure_future(self._prune(self._ended[cluster], self._remove)))

    async def settle(self) -> None:
        """Wait until nothing is under way any more."""
        await asyncio.gather(*self._tasks)

    def left(self) -> list[Resource]:
        """Return what nobody has registered, and nobody has tried to remove."""
        found = self._roster.unregistered()
        return [each for each in found if each.key not in self._tried and self._included(each)]

    async def _prune(self, applications: set[str], remove: Callable[[Sequence[Resource]], Awaitable[None]]) -> None:
        left = [each for each in self.left() if each.parent in applications]
        # With something protected nothing goes, anywhere, which is seen when all of it is looked at together.
        if not left or any(each.protect for each in left):
            return
        keys = {each.key for each in left}
        kept = needed(left, [each for each in self._roster.resources() if each.key not in keys])
        going = [each for each in left if each.urn not in kept]
        self._tried.update(each.key for each in going)
        await remove(going)
