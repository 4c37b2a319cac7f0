"""A set of local clusters in one folder: bring up, look at, stop and start one, take down.

The command line, the context manager and the pytest fixture are thin layers over `LocalClusters`.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from localclusters import ports
from localclusters.binaries import ensure_binaries
from localclusters.cluster import Cluster
from localclusters.errors import LocalClustersError
from localclusters.files import make_private_directory
from localclusters.identities import write_identities
from localclusters.layout import Layout
from localclusters.locks import exclusive
from localclusters.machinery import Machinery, describe_death
from localclusters.progress import Progress, to_stderr
from localclusters.report import Report, dead_processes, make_report
from localclusters.spec import ClusterSpec
from localclusters.state import ClusterState, State, StateFile
from localclusters.together import hold_ports, remove_data, start_all, take_down

DEFAULT_DIRECTORY = ".localclusters"
WAITING = "another command is starting or stopping these clusters; waiting for it"


class LocalClusters:
    """The clusters of one folder, which need not be up: a handle that holds no process and no connection.

    `directory` defaults to `.localclusters` in the current directory; `ready_timeout_s` bounds the wait for each
    program.
    """

    def __init__(
        self,
        directory: str | Path = DEFAULT_DIRECTORY,
        *,
        progress: Progress = to_stderr,
        ready_timeout_s: float = 180.0,
    ) -> None:
        self._layout = Layout(Path(directory).absolute())
        self._state_file = StateFile(self._layout)
        self._progress = progress
        self._ready_timeout_s = ready_timeout_s

    @property
    def directory(self) -> Path:
        """The folder, absolute."""
        return self._layout.root

    @property
    def kubeconfig(self) -> Path:
        """The file with all contexts: NAME and NAME-reader of each cluster."""
        return self._layout.kubeconfig

    @property
    def logs(self) -> Path:
        """The folder with one log per process; it survives `down`."""
        return self._layout.logs

    @property
    def names(self) -> tuple[str, ...]:
        """The clusters that are up here; none when nothing is."""
        state = self._state_file.read()
        return tuple(cluster.spec.name for cluster in state.clusters) if state else ()

    def __getitem__(self, name: str) -> Cluster:
        machinery = self._machinery()
        return Cluster(machinery, machinery.require_state().cluster(name))

    def __iter__(self) -> Iterator[Cluster]:
        return iter([self[name] for name in self.names])

    def __len__(self) -> int:
        return len(self.names)

    def up(self, specs: Iterable[ClusterSpec]) -> None:
        """Bring these clusters up, all at once, and wait until they work; what runs already is left alone.

        What died is reported and started again with its data; what was stopped is started. Raises LocalClustersError
        when other clusters are up in this folder, BuildError and StartError. An interrupted first start leaves nothing.
        """
        wanted, machinery = tuple(specs), self._machinery()
        with exclusive(self._layout.lock, WAITING, self._progress):
            existing = self._existing(wanted)
            if existing is not None:
                self._tell_what_runs(existing)
            state = existing or self._create(wanted)
            try:
                start_all(machinery, state)
            except KeyboardInterrupt:
                if existing is None:
                    take_down(self._layout)
                raise

    def down(self) -> None:
        """End every process and remove all data; the logs stay. Nothing happens when nothing is up."""
        with exclusive(self._layout.lock, WAITING, self._progress):
            take_down(self._layout)

    def report(self) -> Report | None:
        """What runs here, and what died; None when nothing is up."""
        state = self._state_file.read()
        return make_report(self._layout, state) if state else None

    def deaths(self) -> tuple[str, ...]:
        """What ended by itself or was killed by others, each with its last log lines; none when all is well."""
        state = self._state_file.read()
        return tuple(describe_death(process) for process in dead_processes(state)) if state else ()

    def held_ports(self) -> AbstractContextManager[object]:
        """While the context lasts, no other program can take the port of a cluster that is stopped."""
        state = self._state_file.read()
        return hold_ports(state.clusters if state else ())

    def require_nothing_up(self) -> None:
        """Raise LocalClustersError when clusters are up in this folder."""
        if self.names:
            raise LocalClustersError(f"clusters are up in {self.directory} already: {', '.join(self.names)}")

    def _machinery(self) -> Machinery:
        return Machinery(self._layout, ensure_binaries(self._progress), self._progress, self._ready_timeout_s)

    def _existing(self, specs: tuple[ClusterSpec, ...]) -> State | None:
        state = self._state_file.read()
        if state is None:
            return None
        if tuple(cluster.spec for cluster in state.clusters) != specs:
            there = ", ".join(cluster.spec.name for cluster in state.clusters)
            raise LocalClustersError(
                f"other clusters, or the same with other parts, are up in {self._layout.root}: {there}; "
                "take them down first, or choose another folder"
            )
        return state

    def _tell_what_runs(self, state: State) -> None:
        dead = dead_processes(state)
        for process in dead:
            self._progress(f"{describe_death(process)}\n  starting it again")
        stopped = [cluster.spec.name for cluster in state.clusters if cluster.stopped]
        if not dead and not stopped:
            self._progress(f"already up: {', '.join(self.names)}")

    def _create(self, specs: tuple[ClusterSpec, ...]) -> State:
        remove_data(self._layout)
        shutil.rmtree(self._layout.logs, ignore_errors=True)
        for folder in (self._layout.logs, self._layout.data):
            make_private_directory(folder)
        with ExitStack() as held:
            numbers = [ports.number(held.enter_context(ports.hold_free_port())) for _ in specs]
        clusters = tuple(ClusterState(spec, port) for spec, port in zip(specs, numbers, strict=True))
        write_identities(self._layout, clusters)
        state = State(self._layout.choose_socket(), clusters)
        self._state_file.write(state)
        return state
