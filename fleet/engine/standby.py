"""Standby: the program's process before it is known what to tell it: its interpreter runs, its libraries are loaded.

In: an interpreter and a directory. Out: a Host that takes one order and carries it out, or goes without a trace. It is
started while the engine is still being imported, so it is light: nothing here waits, and no event loop is needed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from fleet.frozen import dataclass

_HOST = Path(__file__).with_name("host.py")


@dataclass(frozen=True, slots=True)
class Host:
    """A process that waits for one order (`fleet/engine/host.py`). Whoever has one tells it, or dismisses it."""

    process: subprocess.Popen[bytes]

    @property
    def stdin(self) -> IO[bytes]:
        """Where the order goes."""
        return _present(self.process.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        """What the program prints."""
        return _present(self.process.stdout)

    @property
    def stderr(self) -> IO[bytes]:
        """What the program complains of."""
        return _present(self.process.stderr)

    def tell(self, order: Mapping[str, Any]) -> None:
        """Say what to run. It blocks until the process has read it; one that has ended already is told nothing."""
        # An order is complete when it ends with a newline: a host reads on to the end, and believes no half of one.
        with suppress(BrokenPipeError), self.stdin as stdin:
            stdin.write(json.dumps(order).encode() + b"\n")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, and to what it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def dismiss(self) -> None:
        """End a process that is not needed; nothing happens where it has ended already."""
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait()
        for stream in (self.stdin, self.stdout, self.stderr):
            with suppress(BrokenPipeError):
                stream.close()


def start(python: str, directory: Path, ahead: Sequence[str] = ()) -> Host:
    """Start a process in the program's directory. Raises OSError.

    ahead: modules that the program will import, and that do nothing of consequence when they are imported.
    """
    return Host(
        subprocess.Popen(
            # -P keeps the host's own directory off the module path: names there would hide the standard library's.
            [python, "-P", str(_HOST), *ahead],
            cwd=directory,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ctrl-C in the terminal is for the engine: it stops the program when nothing is under way any more.
            start_new_session=True,
        )
    )


def _present(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
