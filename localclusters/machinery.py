"""Starting programs and waiting for them: every start is written to the state at once, so that `down` finds it."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from localclusters import processes
from localclusters.binaries import Binaries
from localclusters.commands import Argv
from localclusters.errors import LocalClustersError, StartError
from localclusters.layout import Layout
from localclusters.processes import Process
from localclusters.progress import Progress
from localclusters.state import State, StateFile

POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Machinery:
    """What starting and stopping needs to know; `ready_timeout_s` bounds each wait for one program.

    Setting `cancelled` ends all waiting with a StartError.
    """

    layout: Layout
    binaries: Binaries
    progress: Progress
    ready_timeout_s: float
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def state_file(self) -> StateFile:
        """The state of the folder."""
        return StateFile(self.layout)

    def require_state(self) -> State:
        """The newest state; LocalClustersError when nothing is up."""
        state = self.state_file.read()
        if state is None:
            raise LocalClustersError(f"no clusters are up in {self.layout.root}; start some with `up`")
        return state

    def start(self, cluster: str, program: str, argv: Argv) -> bool:
        """Start a program unless it runs already, or its clusters have been taken down; whether it was started."""
        spawned: list[Process] = []

        def started(state: State) -> State:
            known = state.process(cluster, program)
            if known is not None and processes.is_alive(known):
                return state
            log = self.layout.log(cluster, program)
            spawned.append(processes.spawn(cluster, argv, log, _environment(self.layout)))
            return state.with_process(spawned[0])

        self.state_file.change(started)
        return bool(spawned)

    def wait(self, cluster: str, program: str, is_ready: Callable[[], bool], what: str) -> None:
        """Wait until the program did its part; StartError, with its last log lines, when it dies or takes too long."""
        deadline = time.monotonic() + self.ready_timeout_s
        while not _answers(is_ready):
            state = self.state_file.read()
            process = state.process(cluster, program) if state else None
            if process is None:
                raise StartError(f"{cluster or program}: was stopped while it started")
            if not processes.is_alive(process):
                raise StartError(describe_death(process))
            if time.monotonic() > deadline:
                raise StartError(
                    f"{process.label}: {what} took over {self.ready_timeout_s:.0f}s\n{describe_log(process)}"
                )
            if self.cancelled.wait(POLL_S):
                raise StartError(f"{process.label}: not waited for any longer")


def describe_death(process: Process) -> str:
    """Which process died, and its last log lines."""
    return f"{process.label} (pid {process.pid}) died\n{describe_log(process)}"


def describe_log(process: Process) -> str:
    """Where the log is and its last lines, indented."""
    lines = processes.last_lines(process.log) or ("(empty)",)
    return "\n".join([f"  last lines of {process.log}:", *(f"    {line}" for line in lines)])


def _environment(layout: Layout) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(layout.data)}


def _answers(is_ready: Callable[[], bool]) -> bool:
    try:
        return is_ready()
    except OSError:
        return False
