"""Checkpoint: a snapshot as the bytes of the file that Pulumi's file backend keeps, and back without loss.

In: bytes, or a Snapshot. Out: the other. Format version 3, wrapped as in Pulumi's pkg/resource/stack/checkpoint.go.
Nothing here opens a file; what cannot be understood is refused rather than rewritten.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from fleet.engine import codec, integrity
from fleet.engine.codec import Codec
from fleet.engine.secrets import Vault
from fleet.engine.state import Secret, SecretsProvider, Snapshot, timestamp
from fleet.errors import Problem, StateError, Where

_VERSION: Final = 3
# What `pulumi stack` shows as the version that wrote the checkpoint.
WRITER: Final = "fleet"
_SHOWN: Final = 5


class CorruptCheckpointError(Exception):
    """The bytes are no checkpoint at all: truncated, or not written by any engine."""


class ContradictionError(Exception):
    """The bytes are a checkpoint whose resources contradict each other."""


def decode(data: bytes, *, file: str, vault: Vault) -> Snapshot:
    """Return the snapshot. file: its name, for messages.

    Raises CorruptCheckpointError, ContradictionError, or StateError for a checkpoint that is sound and cannot be used:
    a newer format, features that this engine has not, secrets that cannot be decrypted.
    """
    with collecting_no_garbage():
        snapshot, secrets = _parsed(data, file)
        vault.unlock(secrets, snapshot.secrets_provider)
    if found := contradictions(snapshot):
        raise ContradictionError(shortened(found))
    return snapshot


def is_sound(data: bytes) -> bool:
    """Return whether the bytes are a checkpoint that this engine could go on with. Its secrets are not looked into."""
    try:
        snapshot, _ = _parsed(data, "")
    except (CorruptCheckpointError, StateError):
        return False
    return not contradictions(snapshot)


def _parsed(data: bytes, file: str) -> tuple[Snapshot, tuple[Secret, ...]]:
    try:
        document, secrets = codec.load(data.decode())
        return snapshot_of(_latest(document, file)), secrets
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptCheckpointError(f"{type(error).__name__}: {error}") from error


@contextmanager
def collecting_no_garbage() -> Iterator[None]:
    """Keep the collector from walking, again and again, through a large document that is all in use."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _latest(document: Mapping[str, Any], file: str) -> Mapping[str, Any]:
    version, latest = document["version"], document["checkpoint"].get("latest") or {}
    features = document.get("features") or []
    if version == 0 and not latest:
        return {}
    if version < _VERSION:
        hint = "Import it with Pulumi: `pulumi stack export | pulumi stack import`."
        raise _left_untouched(file, f"has the old format version {version}", hint)
    if version > _VERSION or features:
        named = f" and uses {', '.join(features)}" if features else ""
        hint = "Use Pulumi for this stack, or a newer version of this program."
        raise _left_untouched(file, f"has format version {version}{named}", hint)
    return dict(latest)


def _left_untouched(file: str, what: str, hint: str) -> StateError:
    summary = f"The state {what}; the embedded engine cannot use it, and it is left untouched"
    return StateError(Problem(summary, where=Where(file=file), hint=hint))


def snapshot_of(deployment: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot of the parsed JSON of a deployment, its secrets as they are.

    Raises ValueError, KeyError, TypeError or AttributeError for what is none.
    """
    rest = dict(deployment)
    provider = rest.pop("secrets_providers", None)
    return Snapshot(
        manifest=rest.pop("manifest", {}),
        secrets_provider=SecretsProvider(provider["type"], provider.get("state") or {}) if provider else None,
        resources=tuple(map(codec.decode_resource, rest.pop("resources", None) or ())),
        pending_operations=tuple(map(codec.decode_operation, rest.pop("pending_operations", None) or ())),
        metadata=rest.pop("metadata", {}),
        extra=rest,
    )


def contradictions(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what Pulumi would refuse the snapshot for, in words."""
    return (*_tampering(snapshot.manifest), *integrity.violations(snapshot.resources))


def shortened(found: Sequence[str]) -> str:
    """Return the first few lines, and how many more there are."""
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "\n".join([*found[:_SHOWN], *more])


def _tampering(manifest: Mapping[str, Any]) -> list[str]:
    version = str(manifest.get("version", ""))
    return [] if manifest.get("magic", "") == _magic(version) else ["its magic number does not fit its version"]


def _magic(version: str) -> str:
    return hashlib.sha256(version.encode()).hexdigest() if version else ""


def stamp(snapshot: Snapshot, now_ns: int) -> Snapshot:
    """Return the snapshot with a new manifest. now_ns: `time.time_ns()`."""
    return replace(snapshot, manifest={"time": timestamp(now_ns), "magic": _magic(WRITER), "version": WRITER})


def encode(snapshot: Snapshot, *, stack: str, writer: Codec) -> bytes:
    """Return the bytes of the file. stack: `organization/<project>/<stack>`. Raises StateError when a secret cannot be
    encrypted.
    """
    latest = "".join(_latest_parts(snapshot, writer))
    text = f'{{"version":{_VERSION},"checkpoint":{{"stack":{codec.dumps(stack)},"latest":{{{latest}}}}}}}'
    # Half of a surrogate pair is no text, but JSON may hold one as an escape, which is what a backslash makes of it.
    return text.encode("utf-8", "backslashreplace")


def _latest_parts(snapshot: Snapshot, writer: Codec) -> Iterator[str]:
    """Yield the fields in Pulumi's order."""
    yield f'"manifest":{_manifest(snapshot.manifest)}'
    provider = snapshot.secrets_provider
    if provider:
        state = f',"state":{codec.dumps(provider.state)}' if provider.state else ""
        yield f',"secrets_providers":{{"type":{codec.dumps(provider.type)}{state}}}'
    if snapshot.resources:
        yield f',"resources":[{",".join(map(writer.resource, snapshot.resources))}]'
    if snapshot.pending_operations:
        yield f',"pending_operations":[{",".join(map(writer.operation, snapshot.pending_operations))}]'
    yield f',"metadata":{codec.dumps(snapshot.metadata)}'
    yield from (f",{codec.dumps(name)}:{codec.dumps(value)}" for name, value in snapshot.extra.items())


def _manifest(manifest: Mapping[str, Any]) -> str:
    return "{" + ",".join(f"{codec.dumps(name)}:{codec.dumps(value)}" for name, value in manifest.items()) + "}"
