"""A command at a terminal: what it asks can be waited for and answered."""

import os
import pty
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.e2e.workbench import Workbench

PATIENCE_S = 120


@dataclass(slots=True)
class Terminal:
    """The other end of the terminal that a command runs at. text: all that it has printed, escape codes included."""

    command: subprocess.Popen[bytes]
    descriptor: int
    text: str = field(default="")

    def wait_for(self, words: str) -> None:
        """Read until the words are printed; from there the next wait goes on."""
        seen = len(self.text)
        until = time.monotonic() + PATIENCE_S
        while words not in self.text[seen:]:
            assert time.monotonic() < until, self.text
            assert self._read(), f"it ended without {words!r}: {self.text}"

    def type(self, words: str) -> None:
        """Type the words and press Enter."""
        os.write(self.descriptor, f"{words}\r".encode())

    def end(self) -> int:
        """Read to the end and return the exit code."""
        while self._read():
            pass
        return self.command.wait(timeout=PATIENCE_S)

    def _read(self) -> bool:
        # At the end of the last process at a terminal, reading from it is an error.
        with suppress(OSError):
            data = os.read(self.descriptor, 65536)
            self.text += data.decode(errors="replace")
            return bool(data)
        return False


@contextmanager
def at_a_terminal(bench: Workbench, command: list[str]) -> Iterator[Terminal]:
    """Run a command at a terminal of its own; it must end before the block does."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in bench.environment.items() if name != "CI"} | {"TERM": "xterm"}
    try:
        with subprocess.Popen(
            command,
            cwd=bench.project,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            yield Terminal(process, ours)
    finally:
        os.close(ours)
