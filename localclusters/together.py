"""Starting and stopping all clusters of a folder at once. The caller holds the folder's lock."""

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack

from localclusters import ports, processes
from localclusters.control_plane import start_cluster, start_etcd
from localclusters.errors import StartError
from localclusters.layout import Layout
from localclusters.machinery import Machinery
from localclusters.state import ClusterState, State, StateFile


def start_all(machinery: Machinery, state: State) -> None:
    """Start etcd, then every cluster at the same time.

    One that fails does not keep the others from starting; StartError tells of all that failed.
    """
    with hold_ports(state.clusters):
        start_etcd(machinery, state)
        with ThreadPoolExecutor(len(state.clusters)) as pool:
            starts = [pool.submit(start_cluster, machinery, state, cluster) for cluster in state.clusters]
            try:
                failures = [str(failure) for failure in map(_failure, starts) if failure]
            except KeyboardInterrupt:
                machinery.cancelled.set()
                raise
    if failures:
        raise StartError("\n".join(failures))


def hold_ports(clusters: tuple[ClusterState, ...]) -> AbstractContextManager[object]:
    """Keep the clusters' ports from every other program until the context ends. Raises StartError."""
    with ExitStack() as held:
        for cluster in clusters:
            try:
                held.enter_context(ports.hold_port(cluster.port))
            except OSError as error:
                raise StartError(
                    f"{cluster.spec.name}: port {cluster.port} is in use by another program ({error.strerror}); "
                    "end that program, or take these clusters down and up again to have new ports"
                ) from error
        return held.pop_all()


def take_down(layout: Layout) -> None:
    """End every process and remove all data but the logs; nothing happens when nothing is up."""

    def end(state: State) -> None:
        # Nothing is kept, so that nothing needs time to end well.
        processes.end(state.processes, grace_s=0)
        _remove_socket(layout, state)
        remove_data(layout)

    StateFile(layout).remove(end)


def remove_data(layout: Layout) -> None:
    """Remove everything but the logs and the locks."""
    shutil.rmtree(layout.data, ignore_errors=True)
    layout.kubeconfig.unlink(missing_ok=True)


def _remove_socket(layout: Layout, state: State) -> None:
    if not state.etcd_socket.is_relative_to(layout.data):
        shutil.rmtree(state.etcd_socket.parent, ignore_errors=True)


def _failure(start: Future[None]) -> StartError | None:
    try:
        start.result()
    except StartError as error:
        return error
    return None
