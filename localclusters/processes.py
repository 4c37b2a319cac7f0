"""Background processes that outlive the command that starts them, and are known by pid and start time.

A pid alone is recycled by the system; together with its start time it names one process, so that nothing else is
ever signalled or taken for ours.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02
RESET_SIGNALS = (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True, slots=True)
class Process:
    """One started process; `cluster` is empty for what the clusters share."""

    cluster: str
    program: str
    pid: int
    started: str
    log: Path

    @property
    def label(self) -> str:
        """How people read it: hub/kube-apiserver, etcd."""
        return f"{self.cluster}/{self.program}" if self.cluster else self.program


def spawn(cluster: str, argv: Sequence[str | Path], log: Path, environment: dict[str, str]) -> Process:
    """Start a program with its output appended to `log`, in a process group of its own: no Ctrl-C reaches it."""
    command = [str(part) for part in argv]
    pid = os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ),
        setpgroup=0,
        setsigmask=(),
        setsigdef=RESET_SIGNALS,
    )
    _, started = _state_and_start(pid)
    return Process(cluster, Path(command[0]).name, pid, started, log)


def is_alive(process: Process) -> bool:
    """Whether this very process still runs; one of our own that has ended is reaped by the question."""
    state, started = _state_and_start(process.pid)
    if started != process.started:
        return False
    if state == "Z":
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
        return False
    return True


def end(processes: Iterable[Process], grace_s: float) -> None:
    """Ask the processes to end, kill those that have not after `grace_s`, and return when none is left."""
    left = _signal(processes, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while left and time.monotonic() < deadline:
        time.sleep(POLL_S)
        left = [process for process in left if is_alive(process)]
    left = _signal(left, signal.SIGKILL)
    while left:
        time.sleep(POLL_S)
        left = [process for process in left if is_alive(process)]


def last_lines(log: Path, count: int = 15, width: int = 400) -> tuple[str, ...]:
    """The end of a log, for a report; long lines are cut."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - count * 4 * width))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    return tuple(line if len(line) <= width else f"{line[:width]} ..." for line in lines[-count:])


def _signal(processes: Iterable[Process], number: signal.Signals) -> list[Process]:
    alive = [process for process in processes if is_alive(process)]
    for process in alive:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
    return alive


def _state_and_start(pid: int) -> tuple[str, str]:
    """(state, start time) of a process, both empty when there is none."""
    proc = Path("/proc")
    return _from_proc(proc, pid) if (proc / "self/stat").exists() else _from_ps(pid)


def _from_proc(proc: Path, pid: int) -> tuple[str, str]:
    try:
        stat = (proc / str(pid) / "stat").read_text()
        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    # The command's name, in parentheses, may itself hold spaces and parentheses; start time is field 22 of proc(5).
    fields = stat.rpartition(")")[2].split()
    return fields[0], f"{boot}/{fields[19]}"


def _from_ps(pid: int) -> tuple[str, str]:
    command = ["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split(maxsplit=1)
    return (answer[0][0], answer[1].strip()) if len(answer) == 2 else ("", "")
