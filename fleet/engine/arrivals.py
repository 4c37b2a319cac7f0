"""Arrivals: what the program itself brings to a cluster that other objects need: namespaces, and kinds.

An object that names a namespace need not depend on the Namespace that the same program registers; then it may come
first. Pulumi's provider tries again for a while. Here it waits as long as anything is under way that may bring it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from fleet.engine import objects, values
from fleet.engine.kubernetes.catalog import defined_by
from fleet.engine.kubernetes.refs import group_of, is_crd

Thing = tuple[str, ...]

_PATIENCE_S: Final = 2.0
_STEP_S: Final = 0.1


def namespace_of(inputs: Mapping[str, Any]) -> Thing:
    """Return the namespace that an object is in."""
    return ("namespace", objects.identity(inputs)[2])


def kind_of(inputs: Mapping[str, Any]) -> Thing:
    """Return the kind that an object is of."""
    return ("kind", str(values.reveal(inputs["apiVersion"])), str(values.reveal(inputs["kind"])))


def brought(inputs: Mapping[str, Any]) -> tuple[Thing, ...]:
    """Return what an object brings that others need."""
    api_version, kind = kind_of(inputs)[1:]
    if kind == "Namespace" and not group_of(api_version):
        return (("namespace", objects.identity(inputs)[3]),)
    if is_crd(api_version, kind):
        return tuple(("kind", each.api_version, each.kind) for each in defined_by(values.reveal(inputs)))
    return ()


class Arrivals:
    """What has come to the clusters in a run.

    at_work: how many registrations are under way, waiting or not. patience_s: for when all of them wait.
    """

    def __init__(self, at_work: Callable[[], int], stop: asyncio.Event, *, patience_s: float = _PATIENCE_S) -> None:
        self._at_work = at_work
        self._stop = stop
        self._patience_s = patience_s
        self._there: set[tuple[object, Thing]] = set()
        self._waiting = 0

    def note(self, cluster: object, inputs: Mapping[str, Any]) -> None:
        """Note an object that is in a cluster now, or in a preview would be."""
        self._there.update((cluster, thing) for thing in brought(inputs))

    def has(self, cluster: object, thing: Thing) -> bool:
        """Return whether something has come."""
        return (cluster, thing) in self._there

    async def wait(self, cluster: object, thing: Thing) -> bool:
        """Return whether something has come; False when nothing is under way any more that could bring it."""
        self._waiting += 1
        quiet_s = 0.0
        try:
            while quiet_s < self._patience_s and not self.has(cluster, thing) and not self._stop.is_set():
                await asyncio.sleep(_STEP_S)
                quiet_s = quiet_s + _STEP_S if self._at_work() <= self._waiting else 0.0
        finally:
            self._waiting -= 1
        return self.has(cluster, thing)
