"""Real Kubernetes control planes on this machine, for demonstrations, tests and benchmarks.

Per cluster a kube-apiserver, a kube-controller-manager, a kube-scheduler and kwok with one fake node; one etcd for all.
The programs are built from go.mod on first use and cached. `python -m localclusters --help` is the command line;
`running` is for Python; `localclusters.pytest_plugin` has a fixture.
"""

from localclusters.api import Answer
from localclusters.cluster import Cluster
from localclusters.clusters import LocalClusters
from localclusters.errors import BuildError, LocalClustersError, StartError
from localclusters.report import ClusterReport, Report
from localclusters.running import StartClusters, running
from localclusters.spec import ClusterSpec

__all__ = [
    "Answer",
    "BuildError",
    "Cluster",
    "ClusterReport",
    "ClusterSpec",
    "LocalClusters",
    "LocalClustersError",
    "Report",
    "StartClusters",
    "StartError",
    "running",
]
