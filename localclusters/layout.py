"""Where a set of local clusters keeps its files; this is the only place that knows their names."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

# The longest path of a Unix socket is 104 bytes on macOS and 108 on Linux.
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one set of clusters, absolute; in a Git work tree it ought to be ignored."""

    root: Path

    @property
    def kubeconfig(self) -> Path:
        """One file with the contexts of all clusters."""
        return self.root / "kubeconfig"

    @property
    def logs(self) -> Path:
        """One log per process; kept by `down`, emptied by the next `up`."""
        return self.root / "logs"

    @property
    def state(self) -> Path:
        """What runs here; missing when nothing does."""
        return self.root / "state.json"

    @property
    def lock(self) -> Path:
        """Held by the command that starts or stops something."""
        return self.root / "lock"

    @property
    def state_lock(self) -> Path:
        """Held while the state is changed."""
        return self.root / "state.lock"

    @property
    def data(self) -> Path:
        """Everything that `down` removes."""
        return self.root / "data"

    @property
    def etcd_data(self) -> Path:
        """The folder of etcd's database."""
        return self.data / "etcd"

    def log(self, cluster: str, program: str) -> Path:
        """The log of one process; `cluster` is empty for what the clusters share."""
        return self.logs / (f"{cluster}-{program}.log" if cluster else f"{program}.log")

    def pki(self, cluster: str, name: str) -> Path:
        """A key, certificate or component's kubeconfig of one cluster."""
        return self.data / "clusters" / cluster / name

    def cluster_kubeconfig(self, cluster: str) -> Path:
        """The kubeconfig of one cluster, for people and tests."""
        return self.data / "clusters" / cluster / "kubeconfig"

    def choose_socket(self) -> Path:
        """Where etcd shall listen: here, or in a new folder with a short name when this path is too long."""
        here = self.data / "etcd.sock"
        if len(str(here).encode()) <= LONGEST_SOCKET_PATH:
            return here
        return Path(tempfile.mkdtemp(prefix="localclusters-")) / "etcd.sock"
