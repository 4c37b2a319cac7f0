"""The command `fleet`, also `python -m fleet`."""

from __future__ import annotations

import io
import sys

STOPPED = 8  # fleet.errors.CancelledError.exit_code, which may not be imported yet when Ctrl-C is pressed


def main() -> None:
    """Run the command line of this process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show an arrow gets a question mark, not a traceback.
            stream.reconfigure(errors="replace")
    try:
        from fleet.cli.group import cli  # noqa: PLC0415 - Ctrl-C while it is imported must not end in a traceback

        cli(prog_name="fleet")
    except KeyboardInterrupt:
        print("error: stopped", file=sys.stderr)
        sys.exit(STOPPED)
