"""The command `fleet`, also `python -m fleet`."""

from __future__ import annotations

import io
import sys
from functools import partial
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from fleet.cli.early import Early
    from fleet.cli.engine import Engine

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
    early: Early | None = None
    try:
        # Ctrl-C while they are imported must not end in a traceback.
        from fleet.garbage import collect_seldom  # noqa: PLC0415

        collect_seldom()
        from fleet.cli.early import begin  # noqa: PLC0415

        early = begin(sys.argv[1:])
        from fleet.cli.group import cli  # noqa: PLC0415

        cli(prog_name="fleet", obj=partial(_embedded, early))
    except KeyboardInterrupt:
        print("error: stopped", file=sys.stderr)
        sys.exit(STOPPED)
    finally:
        if early is not None:
            early.dismiss()


def _embedded(early: Early | None) -> Engine:
    from fleet.cli.engine import Embedded  # noqa: PLC0415 - `--help` and most commands need none

    return Embedded(early)
