"""What runs, written down so that any later command can find it, report on it and stop it."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localclusters.errors import LocalClustersError
from localclusters.files import write_private
from localclusters.layout import Layout
from localclusters.locks import exclusive
from localclusters.processes import Process
from localclusters.spec import ClusterSpec

VERSION = 1


@dataclass(frozen=True, slots=True)
class ClusterState:
    """One cluster as it was made; `stopped` is true while it is stopped on purpose."""

    spec: ClusterSpec
    port: int
    stopped: bool = False

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class State:
    """Everything that runs in one folder."""

    etcd_socket: Path
    clusters: tuple[ClusterState, ...]
    processes: tuple[Process, ...] = ()

    def cluster(self, name: str) -> ClusterState:
        """The cluster of this name; LocalClustersError, naming those there are, when there is none."""
        for cluster in self.clusters:
            if cluster.spec.name == name:
                return cluster
        known = ", ".join(cluster.spec.name for cluster in self.clusters)
        raise LocalClustersError(f"there is no cluster {name!r} here; there are {known}")

    def processes_of(self, cluster: str) -> tuple[Process, ...]:
        """The last known processes of a cluster, dead or alive; of what the clusters share for an empty name."""
        return tuple(process for process in self.processes if process.cluster == cluster)

    def process(self, cluster: str, program: str) -> Process | None:
        """The last known process of this role, dead or alive."""
        return next((each for each in self.processes_of(cluster) if each.program == program), None)

    def with_process(self, new: Process) -> "State":
        """With this process in place of the one that had its role."""
        others = (old for old in self.processes if old.label != new.label)
        return dataclasses.replace(self, processes=(*others, new))

    def with_stopped(self, name: str) -> "State":
        """With the cluster stopped on purpose: it has no processes to miss."""
        clusters = (dataclasses.replace(each, stopped=each.stopped or each.spec.name == name) for each in self.clusters)
        processes = (each for each in self.processes if each.cluster != name)
        return dataclasses.replace(self, clusters=tuple(clusters), processes=tuple(processes))

    def with_started(self, name: str) -> "State":
        """With the cluster no longer stopped on purpose."""
        clusters = (
            dataclasses.replace(each, stopped=each.stopped and each.spec.name != name) for each in self.clusters
        )
        return dataclasses.replace(self, clusters=tuple(clusters))


class StateFile:
    """The state of one folder on disk; changes by several threads and commands come one after another."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.state
        self._lock = layout.state_lock

    def read(self) -> State | None:
        """None when nothing is up here."""
        try:
            document = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise LocalClustersError(f"{self._path} is not readable: {error}") from error
        if document.get("version") != VERSION:
            raise LocalClustersError(f"{self._path} was written by another version of localclusters")
        return _from_document(document)

    def write(self, state: State) -> None:
        """Replace the state."""
        with exclusive(self._lock):
            self._write(state)

    def change(self, change: Callable[[State], State]) -> None:
        """Apply a change, which may start and end processes, to the newest state; no call when nothing is up."""
        with exclusive(self._lock):
            state = self.read()
            if state is not None:
                self._write(change(state))

    def remove(self, before: Callable[[State], None]) -> None:
        """Nothing is up here any more, once `before` has ended what is; no call when nothing is up."""
        with exclusive(self._lock):
            state = self.read()
            if state is not None:
                before(state)
                self._path.unlink()

    def _write(self, state: State) -> None:
        document = {"version": VERSION, **dataclasses.asdict(state)}
        write_private(self._path, json.dumps(document, default=str, indent=2).encode())


def _from_document(document: dict[str, Any]) -> State:
    clusters = (
        ClusterState(ClusterSpec(**each["spec"]), each["port"], each["stopped"]) for each in document["clusters"]
    )
    processes = (Process(**{**each, "log": Path(each["log"])}) for each in document["processes"])
    return State(Path(document["etcd_socket"]), tuple(clusters), tuple(processes))
