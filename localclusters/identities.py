"""Who may do what in a cluster: the files with keys, certificates and kubeconfigs, and the read-only user's rights.

Files are written when a cluster is made and serve it through every restart.
"""

from collections.abc import Iterable
from typing import Any

from localclusters.api import ApiClient
from localclusters.certs import Authority, service_account_keys
from localclusters.errors import StartError
from localclusters.files import write_private
from localclusters.kubeconfig import Access, write_kubeconfig
from localclusters.layout import Layout
from localclusters.state import ClusterState

# The user of each kubeconfig of a control plane's own programs.
# The controller manager is an administrator itself, which saves it from starting each controller as a service account.
COMPONENTS = {
    "kube-controller-manager": ("system:kube-controller-manager", ("system:masters",)),
    "kube-scheduler": ("system:kube-scheduler", ()),
    "kwok": ("kwok", ("system:masters",)),
}
READERS = "localclusters:readers"
USERS = {"admin": ("admin", ("system:masters",)), "reader": ("reader", (READERS,))}


def context_name(cluster: str, user: str) -> str:
    """The administrator's context is named like the cluster, the other user's has the user after it."""
    return cluster if user == "admin" else f"{cluster}-{user}"


def write_identities(layout: Layout, clusters: Iterable[ClusterState]) -> None:
    """Write all files of new clusters, and the kubeconfig that holds them all."""
    accesses = [access for cluster in clusters for access in _write_cluster(layout, cluster)]
    write_kubeconfig(layout.kubeconfig, accesses)


def client(layout: Layout, cluster: ClusterState, user: str = "admin") -> ApiClient:
    """A client for one of USERS."""
    name = cluster.spec.name
    authority, certificate, key = (layout.pki(name, file) for file in ("ca.crt", f"{user}.crt", f"{user}.key"))
    return ApiClient(cluster.server, authority, certificate, key)


def grant_reading(admin: ApiClient) -> None:
    """Let the read-only user see everything and change nothing."""
    path = "/apis/rbac.authorization.k8s.io/v1"
    for kind, resource, rest in (
        ("ClusterRole", "clusterroles", {"rules": _reading_rules()}),
        ("ClusterRoleBinding", "clusterrolebindings", _reading_binding()),
    ):
        head = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": READERS}}
        answer = admin.apply(f"{path}/{resource}/{READERS}", {**head, **rest})
        if not answer.ok:
            raise StartError(f"{admin.server} did not take the {kind} {READERS}: {answer.body}")


def _reading_rules() -> list[dict[str, list[str]]]:
    verbs = ["get", "list", "watch"]
    return [{"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}, {"nonResourceURLs": ["*"], "verbs": ["get"]}]


def _reading_binding() -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": READERS},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": READERS}],
    }


def _write_cluster(layout: Layout, cluster: ClusterState) -> list[Access]:
    name = cluster.spec.name
    authority = Authority(f"{name} of localclusters")
    server = authority.server()
    private, public = service_account_keys()
    files = {"ca.crt": authority.certificate, "server.crt": server.certificate, "server.key": server.key}
    for file, content in {**files, "service-account.key": private, "service-account.pub": public}.items():
        write_private(layout.pki(name, file), content)
    for component, (user, groups) in COMPONENTS.items():
        credential = authority.client(user, groups)
        access = Access(name, name, cluster.server, authority.certificate, component, credential)
        write_kubeconfig(layout.pki(name, f"{component}.kubeconfig"), [access])
    accesses = [_write_user(layout, cluster, authority, user) for user in USERS]
    write_kubeconfig(layout.cluster_kubeconfig(name), accesses)
    return accesses


def _write_user(layout: Layout, cluster: ClusterState, authority: Authority, user: str) -> Access:
    name = cluster.spec.name
    credential = authority.client(*USERS[user])
    write_private(layout.pki(name, f"{user}.crt"), credential.certificate)
    write_private(layout.pki(name, f"{user}.key"), credential.key)
    context = context_name(name, user)
    return Access(context, name, cluster.server, authority.certificate, f"{name}-{user}", credential)
