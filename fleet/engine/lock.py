"""Lock: one run at a time per stack, in a way that Pulumi and this engine respect each other.

A lock is a file `.pulumi/locks/organization/<project>/<stack>/<uuid>.json` that says who holds it. Whoever wants one
looks for others, writes its own, and looks again: where one of Pulumi's has come meanwhile, both step back; of two of
ours, the later one. Content and procedure as in Pulumi's pkg/backend/diy/lock.go.

The file of a run that was killed stays, and is what keeps Pulumi from going on with a checkpoint whose journal it does
not know. Our own next run, which does, takes it away: the system lets go of a file's lock (flock) with the process.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from fleet.engine import files
from fleet.engine.backend import Backend, StackRef
from fleet.engine.state import timestamp
from fleet.errors import LockedError, Problem, Where
from fleet.frozen import dataclass

# What our locks have besides what Pulumi's have.
_OURS: Final = "fleet"
# How long the later one of two that come at once may take to step back.
_PATIENCE_S, _STEP_S = 5.0, 0.01
_WHILE_ALIVE: Final = "Wait until it has ended. If it has died, release the lock: `fleet cancel`, or `pulumi cancel`."


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock. Empty, and 0, where the file does not say it. since: RFC 3339.

    came: when it came, in nanoseconds; 0 for a run of Pulumi's.
    """

    file: Path
    user: str = ""
    host: str = ""
    pid: int = 0
    since: str = ""
    came: int = 0

    def is_dead(self) -> bool:
        """Return whether it is known that the process is gone: it was one of this host."""
        return bool(self.pid) and self.host == socket.gethostname() and not _is_alive(self.pid)

    def is_abandoned(self) -> bool:
        """Return whether it is one of ours that was cut off: its process is gone, and has let go of the file."""
        return bool(self.came) and self.is_dead() and _is_let_go(self.file)

    def __str__(self) -> str:
        who = "@".join(part for part in (self.user, self.host) if part) or "an unknown run"
        return who + (f", process {self.pid}" if self.pid else "") + (f", since {self.since}" if self.since else "")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _is_let_go(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def holders(backend: Backend, ref: StackRef) -> tuple[Holder, ...]:
    """Return who holds the stack; nobody, as a rule."""
    folder = _folder(backend, ref)
    with files.reporting("read", folder), suppress(FileNotFoundError):
        found = sorted(path for path in folder.iterdir() if path.suffix not in (".attrs", files.UNFINISHED))
        return tuple(_holder(path) for path in found)
    return ()


def _folder(backend: Backend, ref: StackRef) -> Path:
    return backend.folder("locks", *str(ref).split("/"))


def _holder(path: Path) -> Holder:
    try:
        content = json.loads(path.read_bytes())
        who = content["username"], content["hostname"], content["pid"], content["timestamp"]
        return Holder(path, *who, came=int(content.get(_OURS, 0)))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(path)


@dataclass(frozen=True, slots=True)
class Hold:
    """A stack that is held. folder: of its locks. abandoned: by whom, too, as far as those say; they were cut off."""

    folder: Path
    abandoned: tuple[Holder, ...] = ()

    def take_over(self) -> None:
        """Take their locks away: what they did is known, or of no use any more, to whoever comes next."""
        for holder in self.abandoned:
            _take_away(holder)
        for path in _unfinished(self.folder):
            if not _is_alive(files.writer(path)):
                files.remove(path)


def _unfinished(folder: Path) -> Iterator[Path]:
    """Yield the locks that runs were writing when they were killed: Pulumi takes any file there for a lock."""
    return folder.glob(f"*{files.UNFINISHED}")


@contextmanager
def held(backend: Backend, ref: StackRef, *, keep: Callable[[], bool] = lambda: False) -> Iterator[Hold]:
    """Hold the stack.

    keep: asked at the end; the lock stays where the run had to leave its state unfinished. Raises LockedError where
    another run holds the stack.
    """
    found = holders(backend, ref)
    abandoned = tuple(holder for holder in found if holder.is_abandoned())
    _refuse(ref, tuple(holder for holder in found if holder not in abandoned))
    came = time.time_ns()
    own = _folder(backend, ref) / f"{uuid.uuid4()}.json"
    files.replace(own, _content(came))
    with own.open("rb") as file:
        with suppress(OSError):  # A file system without it: such a lock is nobody's to take away but `fleet cancel`'s.
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            _come_first(backend, ref, Holder(own, came=came), abandoned)
            yield Hold(own.parent, abandoned)
        finally:
            if not keep():
                own.unlink(missing_ok=True)


def _come_first(backend: Backend, ref: StackRef, own: Holder, abandoned: Sequence[Holder]) -> None:
    """Return when there is no other lock. Of two that came at once, the earlier one waits for the other to go."""
    known = {own.file, *(holder.file for holder in abandoned)}
    deadline = time.monotonic() + _PATIENCE_S
    while others := tuple(holder for holder in holders(backend, ref) if holder.file not in known):
        if time.monotonic() > deadline or not all(_is_earlier(own, holder) for holder in others):
            _refuse(ref, others)
        time.sleep(_STEP_S)


def _is_earlier(own: Holder, other: Holder) -> bool:
    return bool(other.came) and (own.came, own.file.name) < (other.came, other.file.name)


def _content(came: int) -> bytes:
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    content = {
        "pid": os.getpid(),
        "username": user,
        "hostname": socket.gethostname(),
        "timestamp": timestamp(came),
        _OURS: came,
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _refuse(ref: StackRef, others: tuple[Holder, ...]) -> None:
    if others:
        raise LockedError(*(_problem(ref, holder) for holder in others))


def _problem(ref: StackRef, holder: Holder) -> Problem:
    hint = _WHILE_ALIVE
    if holder.is_dead():
        hint = "That process is gone. Release the lock: `fleet cancel`, or `pulumi cancel`."
    summary = f"Another run holds stack {ref.stack!r}: {holder}"
    return Problem(summary, where=Where(file=str(holder.file)), hint=hint)


def release_all(backend: Backend, ref: StackRef) -> tuple[Holder, ...]:
    """Take every lock of the stack away, whoever holds it, and return who that was."""
    released = holders(backend, ref)
    for holder in released:
        _take_away(holder)
    for unfinished in _unfinished(_folder(backend, ref)):
        files.remove(unfinished)
    return released


def _take_away(holder: Holder) -> None:
    with files.reporting("unlocked", holder.file):
        holder.file.unlink(missing_ok=True)
        holder.file.with_name(holder.file.name + ".attrs").unlink(missing_ok=True)
