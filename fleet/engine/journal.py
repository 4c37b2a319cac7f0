"""Journal: what a run has done so far, durable before it goes on, so that a run that is cut off loses nothing.

A file of JSON lines beside the checkpoint. The first names the checkpoint that the others change, by its digest: a
journal is never applied to another one. Each further line is one entry. Lines are written by a thread of their own, as
many at once as have come together while the disk was busy with the ones before. At the end of a run the journal is
folded into the checkpoint and removed; a run that finds one folds it first. The last line may be cut off: it was
promised to nobody.

    {"journal": 1, "base": <digest>}        base: empty where there was no checkpoint yet
    {"salt": <salt>}                        the secrets from here on are encrypted with it
    {"begin": {"type": …, "resource": …}}   an operation is under way
    {"end": [<urn>, <delete>, <id>]}        it came to nothing
    {"touch": [<type>, [<urn>, …]]}         a resource that is there is being changed or deleted
    {"untouched": [<urn>, <delete>, <id>]}  it was not
    {"put": <resource>}                     the resource is like this now; ends a change of it
    {"made": <resource>}                    the same, and it is what was being created; ends that
    {"replace": [<new>, <old>]}             both: the new one is there, the old one is still to be deleted
    {"remove": [<urn>, <delete>, <id>]}     it is gone; ends its deletion
    {"folded": <digest>}                    all of the above is in the checkpoint with this digest, if that is there
"""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final

from fleet.engine import codec, files, integrity
from fleet.engine.secrets import Vault
from fleet.engine.state import Key, Operation, Resource, SecretsProvider, Snapshot
from fleet.errors import Problem, StateError, Where
from fleet.frozen import dataclass

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Put:
    """The resource is like this now. One of its URN, or of one of its aliases, was there before and is no more.

    made: it is what was being created. Of another object under the same URN the creation is still open.
    """

    resource: Resource
    made: bool = False


@dataclass(frozen=True, slots=True)
class Replace:
    """The new resource is there, and the old one of the same URN, which is marked `delete`, still is too."""

    new: Resource
    old: Resource


@dataclass(frozen=True, slots=True)
class Remove:
    """The resource is gone."""

    key: Key


@dataclass(frozen=True, slots=True)
class Begin:
    """An operation is under way, and may have happened or not."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class End:
    """The creation of a resource came to nothing."""

    key: Key


@dataclass(frozen=True, slots=True)
class Touch:
    """A resource that is there is being changed or deleted: what it stands for may be as before, or not.

    type: `updating` or `deleting`.
    """

    type: str
    key: Key


@dataclass(frozen=True, slots=True)
class Untouched:
    """A resource that was to be changed or deleted is as before."""

    key: Key


Entry = Put | Replace | Remove | Begin | End | Touch | Untouched
_WITH_A_KEY: Final[Mapping[str, type[Remove | End | Untouched]]] = {
    "remove": Remove,
    "end": End,
    "untouched": Untouched,
}
_NAMES: Final = {kind: name for name, kind in _WITH_A_KEY.items()}


@dataclass(frozen=True, slots=True)
class Content:
    """What a journal holds. base: digest of the checkpoint it changes. folded: digests of those that may hold it."""

    base: str
    entries: tuple[Entry, ...]
    folded: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Lines that are written at once. done: none of them can be lost any more."""

    lines: list[bytes] = field(default_factory=list)
    done: Future[None] = field(default_factory=Future)


class Journal:
    """Appends lines to a file; each call gives a future that is done once the line cannot be lost any more.

    Lines that are written together share one: thousands of objects are created in a run, and a future, and a wake-up of
    whoever waits, for each of them would cost more than writing them.

    Raises StateError at once when the file cannot be made, and from the futures when the disk fails later.
    """

    def __init__(self, path: Path, base: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._open = _Batch()
        self._queue: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        with files.reporting("written", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb", buffering=0)
            self._write((json.dumps({"journal": _VERSION, "base": base}) + "\n").encode())
            files.sync_folder(path.parent)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def append(self, line: str) -> Future[None]:
        """Append a line."""
        data = line.encode("utf-8", "backslashreplace")
        with self._lock:
            batch = self._open
            batch.lines.append(data)
            if len(batch.lines) == 1:
                self._queue.put(batch)
        return batch.done

    def close(self) -> None:
        """Wait until everything is written. The file stays."""
        self._queue.put(None)
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        failure: StateError | None = None
        while batch := self._queue.get():
            with self._lock:
                self._open = _Batch()
            failure = failure or self._write_batch(b"\n".join((*batch.lines, b"")))
            _finish(batch.done, failure)

    def _write_batch(self, data: bytes) -> StateError | None:
        try:
            with files.reporting("written", self._path):
                self._write(data)
        except StateError as error:
            return error
        return None

    def _write(self, data: bytes) -> None:
        while data:
            data = data[self._file.write(data) :]
        os.fsync(self._file.fileno())


def _finish(future: Future[None], failure: StateError | None) -> None:
    if failure:
        future.set_exception(failure)
    else:
        future.set_result(None)


def line(entry: Entry, writer: codec.Codec) -> str:
    """Return the line of an entry. Raises StateError when a secret in it cannot be encrypted."""
    match entry:
        # What a resource is like now will be so in the checkpoint too, as a rule.
        case Put(resource, made):
            return f'{{"{"made" if made else "put"}":{writer.resource(resource, keep=True)}}}'
        case Replace(new, old):
            return f'{{"replace":[{writer.resource(new, keep=True)},{writer.resource(old, keep=True)}]}}'
        case Begin(operation):
            return f'{{"begin":{writer.operation(operation)}}}'
        case Touch(type_, key):
            return json.dumps({"touch": [type_, key]})
        case Remove(key) | End(key) | Untouched(key):
            return json.dumps({_NAMES[type(entry)]: key})


def salt_line(salt: str) -> str:
    """Return the line that says with which salt the secrets after it are encrypted."""
    return json.dumps({"salt": salt})


def folded_line(digest: str) -> str:
    """Return the line that says which checkpoint will hold everything before it."""
    return json.dumps({"folded": digest})


def seal(path: Path, digest: str) -> None:
    """Add to a journal that was left behind which checkpoint will hold it, in place of a line that was cut off."""
    whole, _, _ = (files.read(path) or b"").rpartition(b"\n")
    files.replace(path, whole + b"\n" + folded_line(digest).encode() + b"\n")


def read(path: Path, vault: Vault) -> Content | None:
    """Return what the journal holds; None where there is none, or not one whole line of it.

    Raises StateError where it is damaged before its last line.
    """
    data = files.read(path)
    lines = (data or b"").decode("utf-8", "replace").split("\n")[:-1]
    if not lines:
        return None
    try:
        return _content(lines, vault)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "It is left untouched. Move it away to go on without it: the state then misses what that run did."
        problem = Problem("The journal of an interrupted run is damaged", Where(file=str(path)), str(error), hint)
        raise StateError(problem) from error


def _content(lines: list[str], vault: Vault) -> Content:
    header = json.loads(lines[0])
    if header["journal"] != _VERSION:
        raise ValueError(f"it has version {header['journal']}")
    provider: SecretsProvider | None = None
    entries: list[Entry] = []
    folded: set[str] = set()
    for text in lines[1:]:
        raw, secrets = codec.load(text)
        ((name, value),) = raw.items()
        if name == "salt":
            provider = SecretsProvider("passphrase", {"salt": value})
        elif name == "folded":
            folded.add(value)
        else:
            vault.unlock(secrets, provider)
            entries.append(_entry(name, value))
    return Content(header["base"], tuple(entries), frozenset(folded))


def _entry(name: str, value: Any) -> Entry:
    match name:
        case "put" | "made":
            return Put(codec.decode_resource(value), made=name == "made")
        case "replace":
            new, old = value
            return Replace(codec.decode_resource(new), codec.decode_resource(old))
        case "begin":
            return Begin(codec.decode_operation(value))
        case "touch":
            type_, key = value
            return Touch(type_, Key(*key))
        case _ if name in _WITH_A_KEY:
            return _WITH_A_KEY[name](Key(*value))
        case _:
            raise ValueError(f"it has an entry {name!r}")


def fold(snapshot: Snapshot, entries: Iterable[Entry]) -> Snapshot:
    """Return the snapshot after the entries, in an order that Pulumi accepts too."""
    resources = {resource.key: resource for resource in snapshot.resources}
    pending = {_slot(operation): operation for operation in snapshot.pending_operations}
    providers: dict[str, Resource] = {}
    for entry in entries:
        if isinstance(entry, Begin | Touch):
            pending |= {_slot(operation): operation for operation in _begun(entry, resources)}
            continue
        there = {resource.key: resource for resource in _there(entry)}
        for key in (*_gone(entry), *there):
            displaced = resources.get(key) if key in there else resources.pop(key, None)
            if displaced is not None and displaced.is_provider:
                providers[displaced.reference] = displaced
        resources |= there
        for slot in _ended(entry):
            pending.pop(slot, None)
    remaining = integrity.without_aliases(resources.values())
    settled = integrity.settle((*remaining, *_still_used(providers, remaining)))
    return replace(snapshot, resources=settled, pending_operations=tuple(pending.values()))


def _still_used(displaced: Mapping[str, Resource], remaining: Iterable[Resource]) -> tuple[Resource, ...]:
    """Return the former providers that a resource still needs: without them neither engine would take the state.

    One whose URN another provider has by now, or had after it, is marked as to be deleted.
    """
    remaining = tuple(remaining)
    present = {resource.reference: resource.urn for resource in remaining if resource.is_provider}
    used = {resource.provider for resource in remaining} - present.keys()
    kept = [provider for reference, provider in displaced.items() if reference in used]
    # The last one by URN stands for it, unless there is one that nobody has displaced.
    last = {provider.urn: provider for provider in kept} | dict.fromkeys(present.values())
    return tuple(replace(provider, delete=last[provider.urn] is not provider) for provider in kept)


def _slot(operation: Operation) -> tuple[Key, bool]:
    """Return what may have one operation at a time: what is to be made, or what is there, of the same URN."""
    return operation.resource.key, operation.touches


def _begun(entry: Begin | Touch, resources: Mapping[Key, Resource]) -> tuple[Operation, ...]:
    if isinstance(entry, Begin):
        return (entry.operation,)
    resource = resources.get(entry.key)
    return () if resource is None else (Operation(entry.type, resource),)


_Ending = Put | Replace | Remove | End | Untouched


def _gone(entry: _Ending) -> tuple[Key, ...]:
    match entry:
        case Put(resource):
            return tuple(Key(alias) for alias in resource.aliases if alias != resource.urn)
        case Remove(key):
            return (key,)
        case _:
            return ()


def _there(entry: _Ending) -> tuple[Resource, ...]:
    match entry:
        case Put(resource):
            return (resource,)
        case Replace(new, old):
            return (new, old)
        case _:
            return ()


def _ended(entry: _Ending) -> tuple[tuple[Key, bool], ...]:
    match entry:
        case Put(resource, made):
            touched = tuple((key, True) for key in (resource.key, *_gone(entry)))
            return (*touched, (resource.key, False)) if made else touched
        case Replace(resource):
            return (resource.key, False), (resource.key, True)
        case End(key):
            return ((key, False),)
        case Remove(key) | Untouched(key):
            return ((key, True),)
