"""Run id: what a preview and the update after it have in common under Pulumi, which names no run to its programs."""

from __future__ import annotations

import os
from pathlib import Path

_PULUMI = "pulumi"


def run_id(proc: Path = Path("/proc"), process: int | None = None) -> str | None:
    """Return `pulumi-<pid>-<start time>` of the nearest `pulumi` process above this one; None where there is none.

    The command runs both phases of an `up` in one process, each with a program of its own. None too where there is no
    /proc.
    """
    pid = os.getpid() if process is None else process
    while pid > 1:
        try:
            status = (proc / str(pid) / "stat").read_text()
        except OSError:
            return None
        # The name stands in parentheses and may hold anything, parentheses included (man 5 proc).
        name, fields = status[status.index("(") + 1 : status.rindex(")")], status[status.rindex(")") + 1 :].split()
        parent, started = int(fields[1]), fields[19]
        if name == _PULUMI:
            return f"{_PULUMI}-{pid}-{started}"
        pid = parent
    return None
