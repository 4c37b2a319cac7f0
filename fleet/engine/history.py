"""History: the record of one run in the backend, in the format that `pulumi stack history` reads.

In: what a run was and came to. Out: bytes, and back. Format: UpdateInfo in Pulumi's pkg/backend/updates.go. Nothing
here opens a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Final

from fleet.frozen import dataclass

_OURS: Final = MappingProxyType({"exec.agent": "fleet", "exec.kind": "cli"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A record of one run, as `pulumi stack history` shows it.

    kind: `update`, `refresh`, `destroy`, or another word of Pulumi's. started_s, ended_s: since 1970. config: key →
    string, or an object in which secrets are `{"secure": <ciphertext>}`. changes: operation → number of resources, in
    Pulumi's words. environment: what it ran with, in Pulumi's words: `git.head`, `exec.agent`.
    """

    kind: str
    started_s: int
    ended_s: int
    succeeded: bool
    message: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=lambda: _OURS)


def encode(update: Update) -> bytes:
    """Return the bytes of a record."""
    info: dict[str, Any] = {
        "kind": update.kind,
        "startTime": update.started_s,
        "message": update.message,
        "environment": dict(update.environment),
        "config": dict(sorted(update.config.items())),
        "version": 0,
        "result": "succeeded" if update.succeeded else "failed",
        "endTime": update.ended_s,
    }
    changes = {operation: count for operation, count in sorted(update.changes.items()) if count}
    return json.dumps(info | ({"resourceChanges": changes} if changes else {}), ensure_ascii=False).encode()


def decode(data: bytes) -> Update:
    """Return the record of bytes, of either engine. Raises ValueError, KeyError or TypeError for what is none."""
    info = json.loads(data)
    return Update(
        kind=str(info["kind"]),
        started_s=int(info["startTime"]),
        ended_s=int(info.get("endTime") or 0),
        succeeded=info.get("result") == "succeeded",
        message=str(info.get("message") or ""),
        config=dict(info.get("config") or {}),
        changes=dict(info.get("resourceChanges") or {}),
        environment=dict(info.get("environment") or {}),
    )
