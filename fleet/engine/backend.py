"""Backend: where the states of stacks are kept, in the layout of Pulumi's file backend.

In: bytes of checkpoints, records of updates. Out: the same, later. Below the root folder:

    .pulumi/meta.yaml                                            version: 1
    .pulumi/stacks/<project>/<stack>.json                        the checkpoint; .bak beside it is the one before
    .pulumi/backups/<project>/<stack>/<stack>.<ns>.json          a copy after each update
    .pulumi/history/<project>/<stack>/<stack>-<ns>.history.json  a record of each update; .checkpoint.json its outcome
    .pulumi/locks/organization/<project>/<stack>/<uuid>.json     see `fleet.engine.lock`

ns is the time in nanoseconds. Layout and names as in Pulumi's pkg/backend/diy (backend.go, state.go, store.go). It does
not look into checkpoints beyond telling whole ones from broken ones.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from fleet.engine import files
from fleet.errors import Problem, StateError, UnsupportedError, Where

_LAYOUT: Final = "version: 1\n"
_STACK_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True)
class StackRef:
    """A stack, by its project and its short name. `str()` is the name that Pulumi's file backend gives it."""

    project: str
    stack: str

    def __str__(self) -> str:
        return f"organization/{self.project}/{self.stack}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A record of one run, as `pulumi stack history` shows it.

    kind: `update`, `refresh` or `destroy`. started_s, ended_s: since 1970. config: key → string, or an object in which
    secrets are `{"secure": <ciphertext>}`. changes: operation → number of resources, in Pulumi's words.
    """

    kind: str
    started_s: int
    ended_s: int
    succeeded: bool
    message: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)


def folder_of(url: str, *, relative_to: Path) -> Path:
    """Return the root folder that a backend's URL means. Raises UnsupportedError for anything but `file://`."""
    if not url.startswith("file://"):
        scheme = urlsplit(url).scheme or url
        summary = f"The embedded engine keeps states in files, not in {scheme!r}"
        hint = "Use Pulumi for this backend, or set PULUMI_BACKEND_URL to `file://<folder>`."
        raise UnsupportedError(Problem(summary, hint=hint))
    text = unquote(url.removeprefix("file://").partition("?")[0])
    return (relative_to / Path(text or ".").expanduser()).resolve()


def check_stack_name(name: str) -> None:
    """Raise StateError where Pulumi would not take it as a stack's name."""
    if not _STACK_NAME.fullmatch(name):
        hint = 'It may have up to 100 letters, digits, "-", "_" and ".".'
        raise StateError(Problem(f"{name!r} cannot be the name of a stack", hint=hint))


def digest(data: bytes | None) -> str:
    """Return what tells one checkpoint from another; empty where there is none."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Backend:
    """The states of stacks below one folder.

    retain_backups: False where PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS is set.
    """

    root: Path
    retain_backups: bool = True

    def folder(self, kind: str, *parts: str) -> Path:
        """Return a folder of the layout: `stacks`, `backups`, `history` or `locks`."""
        return self.root.joinpath(".pulumi", kind, *parts)

    def checkpoint_file(self, ref: StackRef) -> Path:
        """Return where the checkpoint of a stack is."""
        return self.folder("stacks", ref.project, f"{ref.stack}.json")

    def journal_file(self, ref: StackRef) -> Path:
        """Return where the journal of a stack is while a run is under way, or after it was cut off."""
        return self.folder("stacks", ref.project, f"{ref.stack}.json.journal")

    def stacks(self, project: str) -> tuple[str, ...]:
        """Return the stacks of a project that have a state, sorted."""
        folder = self.folder("stacks", project)
        with files.reporting("read", folder), suppress(FileNotFoundError):
            names = (entry.name.removesuffix(".gz").removesuffix(".zst") for entry in folder.iterdir())
            return tuple(sorted({name.removesuffix(".json") for name in names if name.endswith(".json")}))
        return ()

    def check_layout(self) -> None:
        """Raise StateError where the folder holds another layout than ours. Nothing is written."""
        meta = files.read(self.root / ".pulumi" / "meta.yaml")
        found = re.search(r"^version:\s*(\d+)\s*$", (meta or b"").decode("utf-8", "replace"), re.MULTILINE)
        if meta is None and not any(self.folder("stacks").glob("*.json*")):
            return
        if found is None or found[1] != "1":
            version = found[1] if found else "0"
            where = Where(file=str(self.root / ".pulumi"))
            hint = "Bring it to version 1 with `pulumi state upgrade`." if version == "0" else "Use Pulumi for it."
            raise StateError(Problem(f"The states here are laid out by version {version}", where=where, hint=hint))

    def prepare(self) -> None:
        """Make the folder ready to be written to."""
        self.check_layout()
        meta = self.root / ".pulumi" / "meta.yaml"
        if not meta.exists():
            files.replace(meta, _LAYOUT.encode())

    def read(self, ref: StackRef) -> bytes | None:
        """Return the checkpoint of a stack, uncompressed; None where there is none yet."""
        path = self._current(ref)
        if path.suffix == ".zst":
            hint = "Run any update with Pulumi and PULUMI_DIY_BACKEND_ZSTD unset; it writes the state uncompressed."
            raise StateError(Problem("The state is compressed with zstd", where=Where(file=str(path)), hint=hint))
        data = files.read(path)
        if data is None or path.suffix != ".gz":
            return data
        try:
            return gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise self.broken(ref, str(error)) from error

    def _current(self, ref: StackRef) -> Path:
        """Return the file that counts: of several compressions the one written last, as Pulumi has it."""
        plain = self.checkpoint_file(ref)
        candidates = (plain.with_name(plain.name + suffix) for suffix in (".zst", ".gz", ""))
        existing = [path for path in candidates if path.exists()]
        return max(existing, key=lambda path: path.stat().st_mtime_ns, default=plain)

    def write(self, ref: StackRef, data: bytes, *, replaces: str) -> None:
        """Write the checkpoint of a stack, and keep the one before as `.bak`. replaces: the digest of what was read.

        Raises StateError, and writes nothing, when something else is there by now.
        """
        path, current = self.checkpoint_file(ref), self._current(ref)
        if digest(self.read(ref)) != replaces:
            hint = "Something else has written it during this run. What this run did is in the journal beside it."
            raise StateError(Problem("The state is not the one that was read", where=Where(file=str(path)), hint=hint))
        if current.exists():
            files.copy(current, current.with_name(current.name + ".bak"))
        files.replace(path, data)
        if current != path:
            current.unlink(missing_ok=True)

    def record(self, ref: StackRef, update: Update, *, copy: bool) -> None:
        """Add an update to the history. copy: the checkpoint is new, and worth a copy there and in the backups."""
        now_ns = time.time_ns()
        base = self.folder("history", ref.project, ref.stack) / f"{ref.stack}-{now_ns}"
        files.replace(base.with_name(base.name + ".history.json"), _history(update))
        if copy:
            checkpoint = self.checkpoint_file(ref)
            files.copy(checkpoint, base.with_name(base.name + ".checkpoint.json"))
            if self.retain_backups:
                backups = self.folder("backups", ref.project, ref.stack)
                files.copy(checkpoint, backups / f"{ref.stack}.{now_ns}.json")

    def broken(self, ref: StackRef, reason: str) -> StateError:
        """Return the error for a checkpoint that cannot be read. It names the newest backup that can."""
        path = self._current(ref)
        backup = next((each for each in self._backups(ref) if _is_whole(each)), None)
        if backup:
            hint = f"It is left untouched. Restore the state of {_when(backup)}:\ncp '{backup}' '{path}'"
        else:
            hint = "It is left untouched. There is no backup of it."
        return StateError(Problem("The state is damaged", where=Where(file=str(path)), detail=reason, hint=hint))

    def _backups(self, ref: StackRef) -> Iterator[Path]:
        """Yield the backups of a checkpoint, the newest first."""
        checkpoint = self.checkpoint_file(ref)
        found = self.folder("backups", ref.project, ref.stack).glob(f"{ref.stack}.*.json")
        kept = [path for path in (checkpoint.with_name(checkpoint.name + ".bak"), *found) if path.exists()]
        yield from sorted(kept, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _history(update: Update) -> bytes:
    """Return UpdateInfo of Pulumi's pkg/backend/updates.go."""
    info: dict[str, Any] = {
        "kind": update.kind,
        "startTime": update.started_s,
        "message": update.message,
        "environment": {"exec.agent": "fleet", "exec.kind": "cli"},
        "config": dict(sorted(update.config.items())),
        "version": 0,
        "result": "succeeded" if update.succeeded else "failed",
        "endTime": update.ended_s,
    }
    changes = {operation: count for operation, count in sorted(update.changes.items()) if count}
    return json.dumps(info | ({"resourceChanges": changes} if changes else {}), ensure_ascii=False).encode()


def _is_whole(path: Path) -> bool:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and "checkpoint" in document


def _when(path: Path) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(path.stat().st_mtime))
