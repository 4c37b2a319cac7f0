"""Who waits for what in a collection of objects, and what is known to have become of its objects. Pure.

The versions of Kubernetes (`metadata.resourceVersion`) grow with time within a collection; what is older than the last
state seen says nothing. A version that is no number cannot be compared, and counts as unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fleet.engine.kubernetes.errors import KubernetesError
from fleet.engine.kubernetes.refs import Resource, Target

Object = Mapping[str, Any]
Place = tuple[str, str]
_UNKNOWN = 0


def number(metadata: Mapping[str, Any]) -> int:
    """Return the version as a number, 0 where it is none."""
    version = str(metadata.get("resourceVersion") or "")
    return int(version) if version.isdecimal() else _UNKNOWN


def place(metadata: Mapping[str, Any]) -> Place:
    """Return namespace and name."""
    return str(metadata.get("namespace") or ""), str(metadata["name"])


class Follower:
    """Somebody who waits until something has become of one object, by its uid.

    accept: gets the object whenever it is seen, None when it is gone; anything but None ends the waiting.
    """

    def __init__(self, target: Target, live: Object, accept: Callable[[Object | None], Any]) -> None:
        self.target = target
        self.uid = target.ref.uid or str(live["metadata"].get("uid") or "")
        self.version = number(live["metadata"])
        self.done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._accept = accept

    @property
    def place(self) -> Place:
        """Where its object is."""
        return self.target.ref.namespace, self.target.ref.name

    def show(self, live: Object | None) -> None:
        """Show what became of the object; another one of its name means that it is gone."""
        if live is not None:
            version = number(live["metadata"])
            if version < self.version and version != _UNKNOWN:
                return
            self.version = version
            live = live if live["metadata"].get("uid") == self.uid else None
        if not self.done.done():
            self._judge(live)

    def fail(self, error: BaseException) -> None:
        """End the waiting with an error."""
        if not self.done.done():
            self.done.set_exception(error)

    def _judge(self, live: Object | None) -> None:
        try:
            outcome = self._accept(live)
        except KubernetesError as error:
            self.done.set_exception(error)
            return
        if outcome is not None:
            self.done.set_result(outcome)


class Collection:
    """The objects of one kind, in one namespace or in all, as far as they have changed while they were watched.

    version: to go on watching from; empty when it has to begin anew.
    """

    def __init__(self, resource: Resource, namespace: str, *, metadata_only: bool) -> None:
        self.resource = resource
        self.namespace = namespace
        self.metadata_only = metadata_only
        self.version = ""
        self.followers: set[Follower] = set()
        self._since = _UNKNOWN
        self._changed: dict[Place, Object] = {}
        self._gone: set[str] = set()

    def begin(self, live: Object) -> None:
        """Begin with what comes after an object was as it is here."""
        self.version = str(live["metadata"].get("resourceVersion") or "")
        self._since = number(live["metadata"])

    def add(self, follower: Follower) -> bool:
        """Let somebody follow; return whether something may have been missed that became of the object."""
        self.followers.add(follower)
        if follower.uid in self._gone:
            follower.show(None)
        elif follower.place in self._changed:
            follower.show(self._changed[follower.place])
        is_known = bool(self.version) and follower.version != _UNKNOWN
        return not is_known or follower.version < self._since

    def take(self, kind: str, body: Object) -> None:
        """Take in an event of the watch."""
        metadata = body["metadata"]
        self.version = str(metadata.get("resourceVersion") or self.version)
        if kind == "BOOKMARK":
            return
        where, uid = place(metadata), metadata.get("uid")
        if kind == "DELETED":
            self._gone.add(str(uid))
            self._changed.pop(where, None)
        else:
            self._changed[where] = body
        for follower in tuple(self.followers):
            if follower.place == where and kind != "DELETED":
                follower.show(body)
            elif follower.uid == uid and kind == "DELETED":
                follower.show(None)

    def forget(self) -> None:
        """Begin anew: what became of the objects meanwhile is not known."""
        self.version = ""
        self._changed.clear()
        self._gone.clear()

    def renew(self, version: str, found: Mapping[Place, Object], asked: Iterable[Follower]) -> None:
        """Go on from a list. asked: those whose objects it would have."""
        self.version = version
        self._since = number({"resourceVersion": version})
        for follower in asked:
            live = found.get(follower.place)
            # A list that is older than the object cannot have it.
            if live is not None or follower.version <= self._since:
                follower.show(live)
