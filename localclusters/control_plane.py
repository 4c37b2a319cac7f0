"""Starting and stopping the programs of one cluster, and of the etcd that all clusters share.

Effects only: what was started is written to the state at once, so that `down` finds it whatever happens next.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from localclusters import processes
from localclusters.api import ApiClient
from localclusters.binaries import Binaries
from localclusters.commands import CLUSTER_COMMANDS, Argv, etcd
from localclusters.errors import LocalClustersError, StartError
from localclusters.identities import client, grant_reading
from localclusters.layout import Layout
from localclusters.node import apply_node, is_node_ready
from localclusters.processes import Process
from localclusters.progress import Progress, elapsed
from localclusters.spec import ClusterSpec
from localclusters.state import ClusterState, State, StateFile

DEFAULT_SERVICE_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"
POLL_S = 0.1
GRACE_S = 10.0


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

    def start(self, cluster: str, program: str, argv: Argv) -> None:
        """Start a program unless it runs already, or its clusters have been taken down meanwhile."""

        def started(state: State) -> State:
            known = state.process(cluster, program)
            if known is not None and processes.is_alive(known):
                return state
            log = self.layout.log(cluster, program)
            return state.with_process(processes.spawn(cluster, argv, log, _environment(self.layout)))

        self.state_file.change(started)

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


def start_etcd(machinery: Machinery, state: State) -> None:
    """Start etcd and wait until it listens."""
    machinery.start("", "etcd", etcd(machinery.binaries, machinery.layout, state.etcd_socket))
    machinery.wait("", "etcd", lambda: _listens(str(state.etcd_socket)), "to listen")


def start_cluster(machinery: Machinery, state: State, cluster: ClusterState) -> None:
    """Start a cluster's programs and wait until each of them did its first work. Raises StartError."""
    began, name, admin = time.monotonic(), cluster.spec.name, client(machinery.layout, cluster)
    machinery.state_file.change(lambda newest: newest.with_started(name))
    _start_program(machinery, state, cluster, "kube-apiserver")
    machinery.wait(name, "kube-apiserver", lambda: admin.request("GET", "/readyz").ok, "to become ready")
    machinery.progress(f"{name}: API server ready after {elapsed(began)}")
    for program in cluster.spec.programs[1:]:
        _start_program(machinery, state, cluster, program)
    try:
        _prepare(machinery, cluster.spec, admin)
    except OSError as error:
        raise StartError(f"{name}: {cluster.server} went away while it started: {error}") from error
    machinery.progress(f"{name}: ready at {cluster.server} after {elapsed(began)}")


def stop_cluster(machinery: Machinery, name: str) -> None:
    """End a cluster's programs; its data stay, and the cluster is marked as stopped on purpose."""

    def stopped(state: State) -> State:
        processes.end(state.processes_of(name), GRACE_S)
        return state.with_stopped(name)

    machinery.state_file.change(stopped)


def describe_death(process: Process) -> str:
    """Which process died, and its last log lines."""
    return f"{process.label} (pid {process.pid}) died\n{describe_log(process)}"


def describe_log(process: Process) -> str:
    """Where the log is and its last lines, indented."""
    lines = processes.last_lines(process.log) or ("(empty)",)
    return "\n".join([f"  last lines of {process.log}:", *(f"    {line}" for line in lines)])


def _start_program(machinery: Machinery, state: State, cluster: ClusterState, program: str) -> None:
    command = CLUSTER_COMMANDS[program]
    argv = command(machinery.binaries, machinery.layout, cluster, state.etcd_socket)
    machinery.start(cluster.spec.name, program, argv)


def _prepare(machinery: Machinery, spec: ClusterSpec, admin: ApiClient) -> None:
    grant_reading(admin)
    if spec.nodes:
        apply_node(admin)
        ready = partial(is_node_ready, admin, schedulable=spec.controllers)
        machinery.wait(spec.name, "kwok", ready, "to make the node ready")
    if spec.controllers:
        made = lambda: admin.request("GET", DEFAULT_SERVICE_ACCOUNT).ok
        machinery.wait(spec.name, "kube-controller-manager", made, "to make the default service account")


def _environment(layout: Layout) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(layout.data)}


def _answers(is_ready: Callable[[], bool]) -> bool:
    try:
        return is_ready()
    except OSError:
        return False


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(path) == 0
