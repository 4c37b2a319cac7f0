"""Conversation: a program that asks back, started and ended here.

In: a command, and a function that answers. Out: nothing but a ToolFailed: what the program had to say, the function has
heard. It knows nothing of what is asked.
"""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen

from fleet.model.masking import mask
from fleet.render.runner import ToolFailed


def converse(
    command: Sequence[str | Path],
    *,
    question: bytes,
    answer: Callable[[bytes], bytes | None],
    environ: Mapping[str, str],
    timeout_s: float,
) -> None:
    """Talk to a program, line by line: `question` to it, then what `answer` returns for each line of its, until None.

    Raises ToolFailed if it ends before, or takes too long in all. Then, as in the end, it is ended.
    """
    late = threading.Event()
    with tempfile.TemporaryFile() as errors:
        process = Popen(command, env=dict(environ), stdin=PIPE, stdout=PIPE, stderr=errors, start_new_session=True)

        def end() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(timeout_s, end)
        timer.start()
        try:
            complete = _talk(process, question, answer)
        finally:
            timer.cancel()
            _kill(process)
            with suppress(BrokenPipeError):
                process.__exit__(None, None, None)
        if not complete:
            errors.seek(0)
            raise ToolFailed(mask(errors.read().decode(errors="replace").strip()), timed_out=late.is_set())


def _talk(process: Popen[bytes], question: bytes, answer: Callable[[bytes], bytes | None]) -> bool:
    """Return whether the program said all that it had to say."""
    assert process.stdin
    assert process.stdout
    said: bytes | None = question
    while said is not None:
        with suppress(BrokenPipeError):
            process.stdin.write(said + b"\n")
            process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            return False
        said = answer(line)
    return True


def _kill(process: Popen[bytes]) -> None:
    """End it with everything that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
