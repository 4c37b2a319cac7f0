"""Runs of their own process for the tests beside it: `python -m tests.engine.state.worker MODE ROOT [ARGUMENT]`.

put: enters resources without end and says each one's number once it is durable.
runs: one whole run after the other, each adding a resource; says its number once it is done.
hold: holds the stack until its input ends.
once: tries one run that takes a moment, and says when it began and ended, or that it was refused.
"""

from __future__ import annotations

import itertools
import resource as limits
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from fleet.engine.backend import Backend, StackRef
from fleet.engine.ledger import Outcome
from fleet.engine.secrets import Vault
from fleet.engine.state import Operation, Resource
from fleet.engine.store import Store
from fleet.errors import LockedError, StateError

DEV = StackRef("sample", "dev")


def store(root: Path) -> Store:
    return Store(Backend(root), DEV, Vault("dev", environ={}))


def numbered(number: int) -> Resource:
    return Resource(urn=f"urn:pulumi:dev::sample::t::{number}", type="t", inputs={"payload": "x" * 500})


def say(text: object) -> None:
    print(text, flush=True)  # noqa: T201 - it is what the test reads


def put(root: Path) -> None:
    with store(root).update("update") as ledger:
        for number in itertools.count():
            ledger.begin(Operation("creating", numbered(number))).result()
            ledger.put(numbered(number), made=True).result()
            say(number)


def put_within(root: Path, size: str) -> None:
    """Like `put`, on a disk that takes no file larger than `size`."""
    root.joinpath(".pulumi").mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits.setrlimit(limits.RLIMIT_FSIZE, (int(size), int(size)))
    try:
        put(root)
    except StateError as error:
        say(error)


def runs(root: Path) -> None:
    for number in itertools.count(len(store(root).read().resources)):
        with store(root).update("update") as ledger:
            ledger.put(numbered(number))
            ledger.outcome = Outcome(succeeded=True)
        say(number)


def hold(root: Path) -> None:
    with store(root).update("update"):
        say("held")
        sys.stdin.read()


def once(root: Path) -> None:
    try:
        with store(root).update("update"):
            began = time.monotonic_ns()
            time.sleep(0.05)
            ended = time.monotonic_ns()
        say(f"{began} {ended}")
    except LockedError:
        say("refused")


MODES: dict[str, Callable[..., None]] = {each.__name__: each for each in (put, put_within, runs, hold, once)}

if __name__ == "__main__":
    mode, folder, *arguments = sys.argv[1:]
    MODES[mode](Path(folder), *arguments)
