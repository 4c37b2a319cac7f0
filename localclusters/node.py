"""The one node of a cluster: an object without a machine, which kwok plays, roomy enough for any test."""

from localclusters.api import ApiClient
from localclusters.errors import StartError

NAME = "node-1"


def apply_node(admin: ApiClient) -> None:
    """Make the node, or leave it as it is."""
    labels = {"kubernetes.io/hostname": NAME, "kubernetes.io/os": "linux", "type": "kwok"}
    metadata = {"name": NAME, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    answer = admin.apply(f"/api/v1/nodes/{NAME}", {"apiVersion": "v1", "kind": "Node", "metadata": metadata})
    if not answer.ok:
        raise StartError(f"{admin.server} did not take the node {NAME}: {answer.body}")


def is_node_ready(admin: ApiClient, *, schedulable: bool) -> bool:
    """Whether the node is ready; with `schedulable`, also whether the controllers have let pods onto it."""
    answer = admin.request("GET", f"/api/v1/nodes/{NAME}")
    if not answer.ok:
        return False
    conditions = {each["type"]: each["status"] for each in answer.body.get("status", {}).get("conditions", ())}
    return conditions.get("Ready") == "True" and not (schedulable and answer.body["spec"].get("taints"))
