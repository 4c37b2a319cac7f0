"""Exchange: a stack's deployment as `pulumi stack export` writes it, and what `pulumi stack import` reads.

In: a checkpoint's bytes, or the text of an export. Out: the other; and putting an import in the place of a state. What
is exported is what is there, whether this engine could work with it or not. Checks of an import as Pulumi's in
pkg/cmd/pulumi/stack/io.go, SaveSnapshot.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from fleet.engine import checkpoint, codec, files, lock, urn
from fleet.engine.backend import StackRef
from fleet.engine.codec import SECRET_SIGNATURE, SIGNATURE_KEY, Codec
from fleet.engine.history import Update
from fleet.engine.secrets import Vault
from fleet.engine.state import ROOT_STACK, Operation, SecretsProvider, Snapshot
from fleet.engine.store import Store
from fleet.errors import Problem, StateError, Where
from fleet.frozen import dataclass

_VERSION: Final = 3
_BROKEN = (ValueError, KeyError, TypeError, AttributeError)


def export(store: Store, *, show_secrets: bool = False) -> str:
    """Return the stack's deployment as it is now, with what a run that was cut off has left in its journal.

    Raises StateError where it cannot be read; with `show_secrets` also where its secrets cannot.
    """
    data = store.now()
    try:
        return _exported(data or b"", store.vault, show_secrets=show_secrets)
    except _BROKEN as error:
        raise store.backend.broken(store.ref, f"{type(error).__name__}: {error}") from error


def export_version(store: Store, number: int, *, show_secrets: bool = False) -> str:
    """Return the deployment that an update left. number: its place in the history, from 1.

    Raises StateError where there is no such update, or it left no copy.
    """
    records = store.backend.updates(store.ref)
    if not 1 <= number <= len(records):
        there = f"Its history has the versions 1 to {len(records)}." if records else "It has no history."
        raise StateError(Problem(f"Stack {store.ref.stack!r} has no version {number}", detail=there))
    record = records[number - 1]
    data = store.backend.outcome(record)
    if data is None:
        earlier = (place for place in range(number - 1, 0, -1) if store.backend.outcome(records[place - 1]))
        hint = f"The one before that has one is version {version}." if (version := next(earlier, 0)) else ""
        summary = f"Version {number} of stack {store.ref.stack!r} changed nothing in the state, and left no copy of it"
        raise StateError(Problem(summary, hint=hint))
    try:
        return _exported(data, store.vault, show_secrets=show_secrets)
    except _BROKEN as error:
        raise StateError(Problem("The copy is damaged", Where(file=str(record)), str(error))) from error


def _exported(data: bytes, vault: Vault, *, show_secrets: bool) -> str:
    document = json.loads(data)
    deployment = document["checkpoint"].get("latest")
    if show_secrets and deployment is not None:
        provider = deployment.get("secrets_providers")
        known = SecretsProvider(provider["type"], provider.get("state") or {}) if provider else None
        deployment = _opened(deployment, vault.opener(known))
    features = {"features": document["features"]} if document.get("features") else {}
    exported = {"version": document["version"], **features, "deployment": deployment}
    return json.dumps(exported, indent=4, ensure_ascii=False) + "\n"


def _opened(value: Any, decrypt: Callable[[str], str]) -> Any:
    """Return parsed JSON with the plaintext of each secret in place of its ciphertext."""
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE and "ciphertext" in value:
            return {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": decrypt(value["ciphertext"])}
        return {key: _opened(entry, decrypt) for key, entry in value.items()}
    return [_opened(entry, decrypt) for entry in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Import:
    """A deployment that is to become a stack's state.

    problems: what speaks against it. dropped: operations that were under way; an import ends them, as Pulumi's does.
    """

    snapshot: Snapshot
    problems: tuple[Problem, ...] = ()
    dropped: tuple[Operation, ...] = ()


def read(text: str, file: str, store: Store) -> Import:
    """Return what the text of an export holds. file: its name, for messages.

    Raises StateError for what is no deployment, or none that this engine can read; UnsupportedError for secrets of
    another provider.
    """
    with checkpoint.collecting_no_garbage():
        try:
            document, secrets = codec.load(text)
            snapshot = checkpoint.snapshot_of(_deployment(document, file))
            problems = tuple(_problems(snapshot, store.ref, file))
        except _BROKEN as error:
            hint = "Give what `fleet stack export` or `pulumi stack export` has written."
            reason = f"{type(error).__name__}: {error}"
            raise StateError(Problem("This is no deployment", Where(file=file), reason, hint)) from error
    store.vault.unlock(secrets, snapshot.secrets_provider)
    return Import(replace(snapshot, pending_operations=()), problems, snapshot.pending_operations)


def _deployment(document: Mapping[str, Any], file: str) -> Mapping[str, Any]:
    version, features = document["version"], document.get("features") or []
    deployment: Mapping[str, Any] = document["deployment"]
    if version != _VERSION or features:
        used = f" and uses {', '.join(features)}" if features else ""
        hint = "Import it with Pulumi: `pulumi stack import`."
        if version < _VERSION:
            hint += " It brings the deployment to the current format."
        summary = f"The deployment has format version {version}{used}; the embedded engine cannot read it"
        raise StateError(Problem(summary, Where(file=file), hint=hint))
    return deployment


def _problems(snapshot: Snapshot, ref: StackRef, file: str) -> Iterator[Problem]:
    where = Where(file=file)
    elsewhere = tuple(_elsewhere((each.urn for each in snapshot.resources), ref))
    if elsewhere:
        yield Problem(f"Not a deployment of stack {str(ref)!r}", where, checkpoint.shortened(elsewhere))
    contradictions = checkpoint.contradictions(snapshot)
    if contradictions:
        yield Problem("The deployment contradicts itself", where, checkpoint.shortened(contradictions))


def _elsewhere(urns: Iterable[str], ref: StackRef) -> Iterator[str]:
    for text in urns:
        try:
            found = urn.parse(text)
        except StateError as error:
            yield error.problems[0].summary
            continue
        if found.stack != ref.stack:
            yield f"resource '{text}' is from a different stack ({found.stack} != {ref.stack})"
        elif found.project != ref.project:
            yield f"resource '{text}' is from a different project ({found.project} != {ref.project})"


def belongs(snapshot: Snapshot, ref: StackRef) -> bool:
    """Return whether this engine takes the snapshot for the stack's own; Pulumi also takes others."""
    roots = (each.urn for each in snapshot.resources if each.type == ROOT_STACK)
    return all(root == urn.root(ref.stack, ref.project) for root in roots)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where what was there before is now; None where there was none. journal: that of a run that was cut off."""

    backup: Path | None = None
    journal: Path | None = None


def put(store: Store, snapshot: Snapshot) -> Kept:
    """Put a snapshot in the place of the stack's state, whatever that is.

    Raises LockedError where a run holds the stack, StateError where it cannot be written; then the old state stays.
    """
    backend, ref = store.backend, store.ref
    with lock.held(backend, ref) as hold:
        backend.prepare()
        started_s = int(time.time())
        data = _encoded(store, snapshot)
        backup = backend.back_up(ref) if backend.retain_backups else None
        backend.overwrite(ref, data)
        journal = _set_aside(backend.journal_file(ref))
        hold.take_over()
        update = Update(kind="import", started_s=started_s, ended_s=int(time.time()), succeeded=True)
        backend.record(ref, update, copy=True)
    return Kept(backup, journal)


def _encoded(store: Store, snapshot: Snapshot) -> bytes:
    """Return the bytes of the checkpoint, encrypted by our provider, whatever other has encrypted the snapshot."""
    vault, writer, before = store.vault, Codec(store.vault.encrypt), snapshot.secrets_provider
    ours = before if before is not None and before.type == "passphrase" else None
    salt = vault.salt
    data = store.encode(replace(snapshot, secrets_provider=vault.secrets_provider(ours)), writer)
    if vault.salt == salt:
        return data
    # The first secret has brought a salt, which stands before all secrets.
    return store.encode(replace(snapshot, secrets_provider=vault.secrets_provider(ours)), writer)


def _set_aside(journal: Path) -> Path | None:
    """Keep a journal from being taken for one of the new state. Last, because until then it belongs to the old one."""
    aside = journal.with_name(f"{journal.name}.bak")
    with files.reporting("written", journal), suppress(FileNotFoundError):
        return journal.replace(aside)
    return None
