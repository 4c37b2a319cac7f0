"""`python -m demo`: tell the story, and take down what it started.

KEEP=1 in the environment leaves the clusters up. Clusters that are up already are used, and left as they were found.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.text import Text

from demo.shell import DemoError, Shell
from demo.story import CLUSTERS_DOWN, CLUSTERS_UP, DESTROY, KUBECONFIG, NEXT_STEPS, REPO, STATE, STEPS, Line

PROJECT = Path(__file__).resolve().parents[1]
INTERRUPTED = 130


def main() -> int:
    """Run the demonstration and return the exit code."""
    console = Console(highlight=False, markup=False, emoji=False)
    shell = Shell(PROJECT, console)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    were_up = shell.succeeds("python -m localclusters status")
    keep = were_up or bool(os.environ.get("KEEP"))
    try:
        _begin_anew(shell, were_up=were_up)
        for position, step in enumerate(STEPS, start=1):
            shell.tell(step, position, len(STEPS))
        code = 0
    except DemoError as error:
        _explain(console, error)
        code = 1
    except KeyboardInterrupt:
        console.print("\nstopped")
        code = INTERRUPTED
    _end(shell, console, keep=keep)
    if code == 0:
        console.print()
        console.print(Text(NEXT_STEPS), soft_wrap=True)
    return code


def _begin_anew(shell: Shell, *, were_up: bool) -> None:
    """Leave nothing of an earlier demonstration: neither its repository, nor what it deployed, nor its state."""
    if were_up:
        shell.run(Line(CLUSTERS_UP))
        if (PROJECT / STATE).exists() and (PROJECT / REPO).exists():
            shell.run(Line(DESTROY))
    for folder in (REPO, STATE):
        shutil.rmtree(PROJECT / folder, ignore_errors=True)
    (PROJECT / STATE).mkdir(parents=True)


def _end(shell: Shell, console: Console, *, keep: bool) -> None:
    if keep:
        left = f"\nThe clusters are left up; their kubeconfig is {KUBECONFIG}. To take them down: {CLUSTERS_DOWN}"
        console.print(Text(left), soft_wrap=True)
        return
    # A second Ctrl-C must not leave processes behind; the clusters go down within seconds.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        shell.run(Line(CLUSTERS_DOWN))
    except DemoError as error:
        _explain(console, error)


def _explain(console: Console, error: DemoError) -> None:
    console.print(Text(f"\nThe demonstration stopped: {error}.", "bold red"), soft_wrap=True)
    logs = "Logs of the clusters: .localclusters/logs. Details of unexpected errors: .fleet/logs."
    console.print(f"{logs}\nTo look around with the clusters left up: KEEP=1 make demo", soft_wrap=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
