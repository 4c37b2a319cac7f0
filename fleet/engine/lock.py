"""Lock: one run at a time per stack, in a way that Pulumi and this engine respect each other.

A lock is a file `.pulumi/locks/organization/<project>/<stack>/<uuid>.json` that says who holds it. Whoever wants one
looks for others, writes its own, and looks again: when two come at once, both step back. Content and procedure as in
Pulumi's pkg/backend/diy/lock.go. The file of a run that was killed stays, and is what keeps Pulumi from going on with a
checkpoint whose journal it does not know; `release_all` takes such files away.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fleet.engine import files
from fleet.engine.backend import Backend, StackRef
from fleet.engine.state import timestamp
from fleet.errors import LockedError, Problem, Where

_WHILE_ALIVE: Final = "Wait until it has ended. If it has died, release the lock: `fleet cancel`, or `pulumi cancel`."


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock. Empty, and 0, where the file does not say it. since: RFC 3339."""

    file: Path
    user: str = ""
    host: str = ""
    pid: int = 0
    since: str = ""

    def is_dead(self) -> bool:
        """Return whether it is known that the process is gone: it was one of this host."""
        return bool(self.pid) and self.host == socket.gethostname() and not _is_alive(self.pid)

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
        return Holder(path, content["username"], content["hostname"], content["pid"], content["timestamp"])
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(path)


@contextmanager
def held(backend: Backend, ref: StackRef, *, keep: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Hold the stack. keep: asked at the end; the lock stays where the run had to leave its state unfinished.

    Raises LockedError where another run holds it.
    """
    own = _folder(backend, ref) / f"{uuid.uuid4()}.json"
    _refuse(ref, holders(backend, ref))
    files.replace(own, _content())
    try:
        _refuse(ref, tuple(holder for holder in holders(backend, ref) if holder.file != own))
        yield
    finally:
        if not keep():
            own.unlink(missing_ok=True)


def _content() -> bytes:
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    content = {
        "pid": os.getpid(),
        "username": user,
        "hostname": socket.gethostname(),
        "timestamp": timestamp(time.time_ns()),
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
        with files.reporting("unlocked", holder.file):
            holder.file.unlink(missing_ok=True)
            holder.file.with_name(holder.file.name + ".attrs").unlink(missing_ok=True)
    for unfinished in _folder(backend, ref).glob(f"*{files.UNFINISHED}"):
        # Of a run that was killed while it wrote its lock; Pulumi takes any file there for one.
        files.remove(unfinished)
    return released
