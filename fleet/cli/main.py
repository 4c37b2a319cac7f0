"""The command `fleet`, also `python -m fleet`."""

from __future__ import annotations

import io
import sys
from typing import TextIO

STOPPED = 8  # fleet.errors.CancelledError.exit_code, which may not be imported yet when Ctrl-C is pressed


def _written_whole(stream: TextIO) -> TextIO:
    """Return the stream as one that loses nothing of what is written to it.

    Where Python was told not to buffer (`python -u`, PYTHONUNBUFFERED), it drops the rest of a text of which a pipe
    takes only a part, as pipes do when a signal comes. A terminal that cannot show an arrow gets a question mark.
    """
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if isinstance(stream.buffer, io.RawIOBase):
        buffered = io.BufferedWriter(stream.buffer)
        return io.TextIOWrapper(buffered, encoding=stream.encoding, errors="replace", line_buffering=True)
    stream.reconfigure(errors="replace")
    return stream


def main() -> None:
    """Run the command line of this process."""
    sys.stdout, sys.stderr = _written_whole(sys.stdout), _written_whole(sys.stderr)
    try:
        from fleet.cli.group import cli  # noqa: PLC0415 - Ctrl-C while it is imported must not end in a traceback

        cli(prog_name="fleet")
    except KeyboardInterrupt:
        print("error: stopped", file=sys.stderr)
        sys.exit(STOPPED)
