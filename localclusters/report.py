"""What runs in a folder, for people and for programs."""

from dataclasses import asdict, dataclass
from typing import Any

from localclusters import processes
from localclusters.identities import client
from localclusters.layout import Layout
from localclusters.machinery import describe_death
from localclusters.processes import Process
from localclusters.state import ClusterState, State


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """One cluster: `state` is ready, starting, stopped (on purpose) or dead (a process is missing)."""

    name: str
    server: str
    context: str
    kubeconfig: str
    state: str
    pids: dict[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """A set of clusters; `dead` holds every process that ended by itself, with its last log lines."""

    directory: str
    kubeconfig: str
    logs: str
    clusters: tuple[ClusterReport, ...]
    dead: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing died; a cluster that is stopped on purpose is healthy."""
        return not self.dead

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return asdict(self)

    def as_text(self) -> str:
        """Lines for a terminal."""
        width = max((len(each.name) for each in self.clusters), default=0)
        rows = [f"{each.name:<{width}}  {each.state:<8}  {each.server}" for each in self.clusters]
        return "\n".join([*rows, *self.dead, f"kubeconfig: {self.kubeconfig}", f"logs:       {self.logs}"])


def dead_processes(state: State) -> tuple[Process, ...]:
    """What ought to run and does not: processes that ended by themselves or were killed by others."""
    return tuple(process for process in state.processes if not processes.is_alive(process))


def make_report(layout: Layout, state: State) -> Report:
    """Look at every process and ask every API server."""
    dead = dead_processes(state)
    return Report(
        directory=str(layout.root),
        kubeconfig=str(layout.kubeconfig),
        logs=str(layout.logs),
        clusters=tuple(_cluster_report(layout, state, cluster, dead) for cluster in state.clusters),
        dead=tuple(describe_death(process) for process in dead),
    )


def _cluster_report(layout: Layout, state: State, cluster: ClusterState, dead: tuple[Process, ...]) -> ClusterReport:
    name = cluster.spec.name
    return ClusterReport(
        name=name,
        server=cluster.server,
        context=name,
        kubeconfig=str(layout.cluster_kubeconfig(name)),
        state=_state_of(layout, cluster, is_dead=any(each.cluster in {name, ""} for each in dead)),
        pids={each.program: each.pid for each in state.processes_of(name) if each not in dead},
    )


def _state_of(layout: Layout, cluster: ClusterState, *, is_dead: bool) -> str:
    if cluster.stopped:
        return "stopped"
    if is_dead:
        return "dead"
    try:
        return "ready" if client(layout, cluster).request("GET", "/readyz", timeout_s=5).ok else "starting"
    except OSError:
        return "starting"
