"""Ledger: the state of one stack during a run. What is entered here survives the end of the process.

In: the snapshot from before the run, and what becomes of each resource. Out: the same, durable, line by line in a
journal, and at any moment as a snapshot. It is used from one thread, or one event loop; only writing happens elsewhere.

The order that loses nothing: `begin` or `touch` and wait for the future, carry it out, `put` or `remove` the
resource. A future of `put` or `remove` need not be waited for; `close` waits for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import field

from fleet.engine import journal
from fleet.engine.codec import Codec
from fleet.engine.journal import Begin, End, Entry, Journal, Put, Remove, Replace, Touch, Untouched
from fleet.engine.secrets import Vault
from fleet.engine.state import Key, Operation, Resource, Snapshot
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to, for the history. changes: operation → number of resources, in Pulumi's words."""

    succeeded: bool = False
    changes: Mapping[str, int] = field(default_factory=dict)


class Ledger:
    """The resources of a stack as they are now.

    before: the snapshot as it was when the run began. codec: what writes them, with the ciphertexts of the journal.
    outcome: failed, until the run sets another. cut_off: runs that held the stack, and left what they did to this one.
    """

    def __init__(self, before: Snapshot, vault: Vault, book: Journal) -> None:
        self.before = before
        self._vault = vault
        self._journal = book
        self.outcome = Outcome()
        self.cut_off: tuple[str, ...] = ()
        self.codec = Codec(vault.encrypt, before.resources)
        self._live = before.live()
        self._entries: list[Entry] = []
        self._futures: list[Future[None]] = []
        self._salt = ""

    def get(self, urn: str) -> Resource | None:
        """Return the resource as it is now; None where there is none, or only one that is pending deletion."""
        return self._live.get(urn)

    @property
    def changed(self) -> bool:
        """Whether anything has been entered."""
        return bool(self._entries)

    def begin(self, operation: Operation) -> Future[None]:
        """Enter that an operation is about to be carried out.

        Up to a `put` as `made`, or `end`, it counts as one that may have happened or not.
        """
        return self._enter(Begin(operation))

    def end(self, key: Key) -> Future[None]:
        """Enter that the operation begun on a resource changed nothing."""
        return self._enter(End(key))

    def touch(self, type_: str, key: Key) -> Future[None]:
        """Enter that a resource is about to be changed (`updating`) or deleted (`deleting`).

        Up to a `put`, `remove` or `untouched` it counts as one that may have been or not.
        """
        return self._enter(Touch(type_, key))

    def untouched(self, key: Key) -> Future[None]:
        """Enter that a resource which was to be changed or deleted is as before."""
        return self._enter(Untouched(key))

    def put(self, resource: Resource, *, made: bool = False) -> Future[None]:
        """Enter a resource as it is now: new, changed, or, with aliases, under another URN than before.

        made: it is the one whose creation was begun.
        """
        for alias in resource.aliases:
            self._live.pop(alias, None)
        if not resource.delete:
            self._live[resource.urn] = resource
        return self._enter(Put(resource, made))

    def replace(self, new: Resource, old: Resource) -> Future[None]:
        """Enter that a resource has been created anew, and that the old one, now marked `delete`, is still to go."""
        self._live[new.urn] = new
        return self._enter(Replace(new, old))

    def remove(self, key: Key) -> Future[None]:
        """Enter that a resource is gone."""
        if not key.delete:
            self._live.pop(key.urn, None)
        return self._enter(Remove(key))

    def _enter(self, entry: Entry) -> Future[None]:
        """Raises StateError when a secret cannot be encrypted; the future does when the disk fails."""
        text = journal.line(entry, self.codec)
        if self._vault.salt != self._salt:
            self._salt = self._vault.salt
            self._append(journal.salt_line(self._salt))
        self._entries.append(entry)
        return self._append(text)

    def _append(self, text: str) -> Future[None]:
        future = self._journal.append(text)
        if not self._futures or self._futures[-1] is not future:
            self._futures.append(future)
        return future

    def sync(self) -> None:
        """Wait until everything entered is durable. Raises StateError when the disk failed."""
        written, self._futures = self._futures, []
        _wait(written)

    def snapshot(self) -> Snapshot:
        """Return the snapshot as it is now."""
        return journal.fold(self.before, self._entries)

    def close(self, folded: str = "") -> None:
        """Write what is left to write. folded: the digest of the checkpoint that will hold all of it.

        Raises StateError when the disk failed, now or before.
        """
        if folded:
            self._append(journal.folded_line(folded))
        self._journal.close()
        self.sync()


def _wait(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()
