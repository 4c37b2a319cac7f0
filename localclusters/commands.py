"""The command lines of a control plane's programs: tuned for one small machine, default admission, RBAC on."""

from pathlib import Path

from localclusters.binaries import Binaries
from localclusters.layout import Layout
from localclusters.state import ClusterState

Argv = list[str | Path]

# A stopped or starved cluster must not mark its node as lost: kwok never makes a pod ready a second time.
NODE_GRACE = "8760h"


def etcd(binaries: Binaries, layout: Layout, socket: Path) -> Argv:
    """One etcd for all clusters, reachable by the owner's processes only: it listens on a Unix socket."""
    unused = "http://127.0.0.1:0"
    return [
        binaries.program("etcd"),
        "--name=etcd",
        f"--data-dir={layout.etcd_data}",
        # The data need not survive a power failure, and small disks take most of a write's time.
        "--unsafe-no-fsync",
        f"--listen-client-urls=unix://{socket}",
        f"--advertise-client-urls={unused}",
        f"--listen-peer-urls={unused}",
        f"--initial-advertise-peer-urls={unused}",
        f"--initial-cluster=etcd={unused}",
        "--quota-backend-bytes=8589934592",
        "--log-level=warn",
    ]


def kube_apiserver(binaries: Binaries, layout: Layout, cluster: ClusterState, socket: Path) -> Argv:
    """The API server of one cluster, with its share of etcd."""
    name = cluster.spec.name
    return [
        binaries.program("kube-apiserver"),
        f"--etcd-servers=unix://{socket}",
        f"--etcd-prefix=/{name}",
        "--bind-address=127.0.0.1",
        f"--secure-port={cluster.port}",
        "--permit-port-sharing=true",
        # Nothing routes to the `kubernetes` service; an address that is documentation-only keeps the server from
        # looking for a network interface, which a machine without a network does not have.
        "--advertise-address=192.0.2.1",
        "--endpoint-reconciler-type=none",
        f"--cert-dir={layout.pki(name, '.')}",
        f"--tls-cert-file={layout.pki(name, 'server.crt')}",
        f"--tls-private-key-file={layout.pki(name, 'server.key')}",
        f"--client-ca-file={layout.pki(name, 'ca.crt')}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={layout.pki(name, 'service-account.pub')}",
        f"--service-account-signing-key-file={layout.pki(name, 'service-account.key')}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--profiling=false",
    ]


def kube_controller_manager(binaries: Binaries, layout: Layout, cluster: ClusterState, _socket: Path) -> Argv:
    """All default controllers of one cluster."""
    name = cluster.spec.name
    return [
        binaries.program("kube-controller-manager"),
        f"--kubeconfig={layout.pki(name, 'kube-controller-manager.kubeconfig')}",
        f"--root-ca-file={layout.pki(name, 'ca.crt')}",
        f"--service-account-private-key-file={layout.pki(name, 'service-account.key')}",
        f"--node-monitor-grace-period={NODE_GRACE}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--profiling=false",
    ]


def kube_scheduler(binaries: Binaries, layout: Layout, cluster: ClusterState, _socket: Path) -> Argv:
    """The scheduler of one cluster."""
    return [
        binaries.program("kube-scheduler"),
        f"--kubeconfig={layout.pki(cluster.spec.name, 'kube-scheduler.kubeconfig')}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--profiling=false",
    ]


def kwok(binaries: Binaries, layout: Layout, cluster: ClusterState, _socket: Path) -> Argv:
    """What plays the kubelet of one cluster's fake node; it listens nowhere."""
    return [
        binaries.program("kwok"),
        f"--kubeconfig={layout.pki(cluster.spec.name, 'kwok.kubeconfig')}",
        f"--config={binaries.kwok_stages}",
        "--manage-all-nodes=true",
        "--node-ip=10.0.0.1",
        "--cidr=10.128.0.0/16",
        "--node-lease-duration-seconds=40",
        "--server-address=",
        "--node-port=0",
    ]


CLUSTER_COMMANDS = {
    "kube-apiserver": kube_apiserver,
    "kube-controller-manager": kube_controller_manager,
    "kube-scheduler": kube_scheduler,
    "kwok": kwok,
}
