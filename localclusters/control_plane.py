"""Starting and stopping the programs of one cluster, and the etcd that all clusters share."""

import socket
import time
from functools import partial

from localclusters import processes
from localclusters.api import ApiClient
from localclusters.commands import CLUSTER_COMMANDS, etcd
from localclusters.errors import StartError
from localclusters.identities import client, grant_reading
from localclusters.machinery import Machinery
from localclusters.node import apply_node, is_node_ready
from localclusters.progress import elapsed
from localclusters.spec import ClusterSpec
from localclusters.state import ClusterState, State

DEFAULT_SERVICE_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"
GRACE_S = 10.0


def start_etcd(machinery: Machinery, state: State) -> None:
    """Start etcd and wait until it listens."""
    machinery.start("", "etcd", etcd(machinery.binaries, machinery.layout, state.etcd_socket))
    machinery.wait("", "etcd", lambda: _listens(str(state.etcd_socket)), "to listen")


def start_cluster(machinery: Machinery, state: State, cluster: ClusterState) -> None:
    """Start what does not run of a cluster and wait until each program did its first work. Raises StartError."""
    began, name, admin = time.monotonic(), cluster.spec.name, client(machinery.layout, cluster)
    first, *others = cluster.spec.programs
    machinery.state_file.change(lambda newest: newest.with_started(name))
    is_new = _start(machinery, state, cluster, first)
    machinery.wait(name, first, lambda: admin.request("GET", "/readyz").ok, "to become ready")
    if is_new:
        machinery.progress(f"{name}: API server ready after {elapsed(began)}")
    are_new = [_start(machinery, state, cluster, program) for program in others]
    try:
        _prepare(machinery, cluster.spec, admin)
    except OSError as error:
        raise StartError(f"{name}: {cluster.server} went away while it started: {error}") from error
    if is_new or any(are_new):
        machinery.progress(f"{name}: ready at {cluster.server} after {elapsed(began)}")


def stop_cluster(machinery: Machinery, name: str) -> None:
    """End a cluster's programs; its data stay, and the cluster is marked as stopped on purpose."""

    def stopped(state: State) -> State:
        processes.end(state.processes_of(name), GRACE_S)
        return state.with_stopped(name)

    machinery.state_file.change(stopped)


def _start(machinery: Machinery, state: State, cluster: ClusterState, program: str) -> bool:
    command = CLUSTER_COMMANDS[program]
    argv = command(machinery.binaries, machinery.layout, cluster, state.etcd_socket)
    return machinery.start(cluster.spec.name, program, argv)


def _prepare(machinery: Machinery, spec: ClusterSpec, admin: ApiClient) -> None:
    grant_reading(admin)
    if spec.nodes:
        apply_node(admin)
        ready = partial(is_node_ready, admin, schedulable=spec.controllers)
        machinery.wait(spec.name, "kwok", ready, "to make the node ready")
    if spec.controllers:
        made = lambda: admin.request("GET", DEFAULT_SERVICE_ACCOUNT).ok
        machinery.wait(spec.name, "kube-controller-manager", made, "to make the default service account")


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(path) == 0
