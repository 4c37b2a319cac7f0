"""Backend: where the states of stacks are kept, in the layout of Pulumi's file backend.

In: bytes of checkpoints, records of updates. Out: the same, later. Below the root folder:

    .pulumi/meta.yaml                                            version: 1
    .pulumi/stacks/<project>/<stack>.json                        the checkpoint; .bak beside it is the one before
    .pulumi/backups/<project>/<stack>/<stack>.<ns>.json          a copy after each update
    .pulumi/history/<project>/<stack>/<stack>-<ns>.history.json  a record of each update; .checkpoint.json its outcome
    .pulumi/locks/organization/<project>/<stack>/<uuid>.json     see `fleet.engine.lock`

ns is the time in nanoseconds; beside each file there may be its checksum, see `fleet.engine.checksums`. Layout and
names as in Pulumi's pkg/backend/diy (backend.go, state.go, store.go). It does not look into checkpoints beyond telling
sound ones from broken ones.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from fleet.engine import checkpoint, checksums, files
from fleet.engine.checksums import ChecksumError
from fleet.engine.history import Update, encode
from fleet.errors import Problem, StateError, UnsupportedError, Where
from fleet.frozen import dataclass

_LAYOUT: Final = "version: 1\n"
_STACK_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True)
class StackRef:
    """A stack, by its project and its short name. `str()` is the name that Pulumi's file backend gives it."""

    project: str
    stack: str

    def __str__(self) -> str:
        return f"organization/{self.project}/{self.stack}"


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
        with files.reporting("read", folder), suppress(FileNotFoundError, NotADirectoryError):
            names = (entry.name.removesuffix(".gz").removesuffix(".zst") for entry in folder.iterdir())
            return tuple(sorted({name.removesuffix(".json") for name in names if name.endswith(".json")}))
        return ()

    def projects(self) -> tuple[str, ...]:
        """Return the projects that have a stack here, sorted."""
        folder = self.folder("stacks")
        with files.reporting("read", folder), suppress(FileNotFoundError):
            return tuple(sorted(entry.name for entry in folder.iterdir() if self.stacks(entry.name)))
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
        try:
            return _content(path)
        except ChecksumError as error:
            also = f"If it was changed on purpose, take its checksum away: {_command('rm', checksums.path_of(path))}"
            raise self.broken(ref, str(error), also=also) from error
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
        if not self._holds(ref, replaces):
            where = Where(file=str(self.checkpoint_file(ref)))
            hint = "Something else has written it during this run. What this run did is in the journal beside it."
            raise StateError(Problem("The state is not the one that was read", where=where, hint=hint))
        self.overwrite(ref, data)

    def _holds(self, ref: StackRef, expected: str) -> bool:
        try:
            return digest(self.read(ref)) == expected
        except StateError:
            return False

    def overwrite(self, ref: StackRef, data: bytes) -> None:
        """Write the checkpoint of a stack whatever is there, a damaged one included, and keep that as `.bak`."""
        path, current = self.checkpoint_file(ref), self._current(ref)
        backup = current.with_name(current.name + ".bak")
        for each in (path, backup):
            files.sweep(each)
        if current.exists():
            files.copy(current, backup)
        files.replace(path, data)
        checksums.write(path, data)
        if current != path:
            current.unlink(missing_ok=True)
            checksums.path_of(current).unlink(missing_ok=True)

    def back_up(self, ref: StackRef) -> Path | None:
        """Add the checkpoint of a stack to its backups; return the copy, or None where there is nothing to copy."""
        current, path = self._current(ref), self.checkpoint_file(ref)
        if not current.exists():
            return None
        ending = current.name.removeprefix(path.stem)
        copy = self.folder("backups", ref.project, ref.stack) / f"{ref.stack}.{time.time_ns()}{ending}"
        files.copy(current, copy)
        return copy

    def remove(self, ref: StackRef, *, backups: bool) -> None:
        """Remove a stack as Pulumi does: its history goes, its checkpoint becomes `.bak`. backups: those go too."""
        current, journal = self._current(ref), self.journal_file(ref)
        for path in (current, journal):
            with files.reporting("removed", path), suppress(FileNotFoundError):
                path.replace(path.with_name(path.name + ".bak"))
        leftover = [checksums.path_of(current), *self.folder("history", ref.project).glob(ref.stack)]
        if backups:
            leftover += [path.with_name(path.name + ".bak") for path in (current, journal)]
            leftover += self.folder("backups", ref.project).glob(ref.stack)
        for path in leftover:
            files.remove(path)

    def record(self, ref: StackRef, update: Update, *, copy: bool) -> None:
        """Add an update to the history. copy: the checkpoint is new, and worth a copy there and in the backups."""
        now_ns = time.time_ns()
        base = self.folder("history", ref.project, ref.stack) / f"{ref.stack}-{now_ns}"
        files.replace(base.with_name(base.name + ".history.json"), encode(update))
        if copy:
            checkpoint = self.checkpoint_file(ref)
            files.copy(checkpoint, base.with_name(base.name + ".checkpoint.json"))
            if self.retain_backups:
                self.back_up(ref)

    def updates(self, ref: StackRef) -> tuple[Path, ...]:
        """Return the records of a stack's updates, the oldest first."""
        found = self.folder("history", ref.project, ref.stack).glob(f"{ref.stack}-*.history.json*")
        return tuple(sorted(path for path in found if path.name.endswith((".json", ".json.gz", ".json.zst"))))

    def outcome(self, update: Path) -> bytes | None:
        """Return the checkpoint that an update left, uncompressed; None where it left no copy. update: its record."""
        return self.read_record(update.with_name(update.name.replace(".history.json", ".checkpoint.json")))

    def read_record(self, path: Path) -> bytes | None:
        """Return a file of the history, uncompressed; None where there is none. Raises StateError for a broken one."""
        try:
            return _content(path)
        except (OSError, EOFError, ChecksumError) as error:
            raise StateError(Problem("It cannot be read", Where(file=str(path)), str(error))) from error

    def broken(
        self, ref: StackRef, reason: str, *, summary: str = "The state is damaged", also: str = ""
    ) -> StateError:
        """Return the error for a checkpoint that cannot be used. It names the newest backup that can.

        also: what else may help, for the hint.
        """
        path = self._current(ref)
        hints = ["It is left untouched.", *([also] if also else [])]
        backup = next((each for each in self._backups(ref) if _is_sound(each)), None)
        hints.append(self._restoring(ref, backup) if backup else "There is no backup of it that could be restored.")
        return StateError(Problem(summary, where=Where(file=str(path)), detail=reason, hint="\n".join(hints)))

    def _restoring(self, ref: StackRef, backup: Path) -> str:
        plain = self.checkpoint_file(ref)
        target = plain.with_name(plain.name + (".gz" if _is_compressed(backup) else ""))
        command = _command("cp", backup, target)
        if not checksums.fits(target, files.read(backup) or b""):
            command += f" && {_command('rm', checksums.path_of(target))}"
        return f"Restore the state of {_when(backup)}:\n{command}"

    def _backups(self, ref: StackRef) -> Iterator[Path]:
        """Yield the backups of a checkpoint, the newest first."""
        folder = self.folder("backups", ref.project, ref.stack)
        plain = self.checkpoint_file(ref)
        found = [path for ending in ("", ".gz") for path in folder.glob(f"{ref.stack}.*.json{ending}")]
        before = (plain.with_name(f"{plain.name}{ending}.bak") for ending in ("", ".gz"))
        kept = [*found, *(path for path in before if path.exists())]
        yield from sorted(kept, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _command(*words: object) -> str:
    return shlex.join(map(str, words))


def _content(path: Path) -> bytes | None:
    """Return what is in a file, uncompressed; None where there is none. Raises OSError, EOFError or
    ChecksumError for a broken one.
    """
    if path.suffix == ".zst":
        hint = "Run any update with Pulumi and PULUMI_DIY_BACKEND_ZSTD unset; it writes the state uncompressed."
        raise StateError(Problem("It is compressed with zstd", where=Where(file=str(path)), hint=hint))
    data = checksums.read(path)
    return gzip.decompress(data) if data is not None and _is_compressed(path) else data


def _is_compressed(path: Path) -> bool:
    return path.name.removesuffix(".bak").endswith(".gz")


def _is_sound(path: Path) -> bool:
    try:
        data = _content(path)
    except (OSError, EOFError, ChecksumError, StateError):
        return False
    return data is not None and checkpoint.is_sound(data)


def _when(path: Path) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(path.stat().st_mtime))
