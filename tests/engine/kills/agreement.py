"""Whether the clusters and the state agree with each other, and with what is wanted: nothing lost, nothing twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from localclusters import Cluster, LocalClusters
from tests.engine.kills import versions

Object = Mapping[str, Any]
# An object by cluster, kind, namespace and name.
Place = tuple[str, str, str, str]
MANAGER = "fleet"
# Kinds that nobody but us writes to.
AT_REST = frozenset({"ConfigMap", "Secret", "ServiceAccount", "Service", "Role", "RoleBinding", "Knot"})
_VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
# The answer for a kind that is only just being served.
_NOT_YET = 429
_REVISION = "deployment.kubernetes.io/revision"


def held(clusters: LocalClusters, namespace: str) -> dict[Place, Object]:
    """Return the objects of the test's that the clusters hold, and that we manage."""
    found = (
        (cluster, item)
        for cluster in clusters
        for path in _collections(namespace)
        for item in listed(cluster, path)
        if is_ours(item) and namespace in json.dumps(item["metadata"].get("namespace") or item["metadata"]["name"])
    )
    return {_place(cluster.name, item): item for cluster, item in found}


def held_of_any_kind(clusters: LocalClusters, namespace: str) -> set[Place]:
    """Return the same by asking for all that the clusters serve."""
    return {
        _place(cluster.name, item)
        for cluster in clusters
        for path in _served(cluster)
        for item in listed(cluster, path)
        if is_ours(item) and namespace in json.dumps(item["metadata"].get("namespace") or item["metadata"]["name"])
    }


def known(latest: Object) -> dict[Place, Object]:
    """Return the resources of a state that stand for objects, each once."""
    found: dict[Place, Object] = {}
    for each in latest.get("resources") or ():
        if each["type"].startswith("kubernetes:"):
            place = _place(_cluster_of(each), {**each["inputs"], "kind": each["type"].rpartition(":")[2]})
            assert place not in found, f"the state has it twice: {place}"
            found[place] = each
    return found


def plain(item: Object) -> Object:
    """Return an object without what differs from one cluster, or one life of it, to the next; with what we manage."""
    metadata = {key: value for key, value in item["metadata"].items() if key not in _VOLATILE}
    metadata["annotations"] = {key: value for key, value in _annotations(item).items() if key != _REVISION}
    spec = item.get("spec")
    if item["kind"] == "Service":
        spec = {key: value for key, value in item["spec"].items() if not key.startswith("clusterIP")}
    rest = {key: value for key, value in item.items() if key not in ("status", "metadata", "spec")}
    return {**rest, "spec": spec, "metadata": metadata, "managed": sorted(_fields_of_ours(item))}


def assert_agreement(
    there: Mapping[Place, Object], latest: Object, wanted: Mapping[Place, versions.Wanted], retained: Iterable[Place]
) -> None:
    """Fail unless the clusters hold what is wanted, and the state has exactly that.

    retained: what may be in a cluster without being in the state.
    """
    assert not latest.get("pending_operations"), latest["pending_operations"]
    resources = known(latest)
    assert set(resources) == set(wanted)
    forgotten, orphaned = set(resources) - set(there), set(there) - set(resources) - set(retained)
    assert not forgotten, f"in the state, and not in its cluster: {forgotten}"
    assert not orphaned, f"in a cluster, and not in the state: {orphaned}"
    for place, resource in resources.items():
        marks = [key for key in ("delete", "pendingReplacement", "initErrors", "external") if resource.get(key)]
        assert not marks, (place, marks)
        metadata, live = resource["outputs"]["metadata"], there[place]
        assert metadata["uid"] == live["metadata"]["uid"], place
        assert "deletionTimestamp" not in live["metadata"], place
        if place[1] in AT_REST:
            assert metadata["resourceVersion"] == live["metadata"]["resourceVersion"], place
        lacking = list(unmet(wanted[place].body, live))
        assert not lacking, (place, lacking)


def unmet(wanted: Any, live: Any, path: str = "") -> Iterator[str]:
    """Yield where a value is not as wanted; what a map has besides does not count."""
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        for key, value in wanted.items():
            yield from unmet(value, live.get(key), f"{path}.{key}")
    elif isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        for index, (left, right) in enumerate(zip(wanted, live, strict=True)):
            yield from unmet(left, right, f"{path}[{index}]")
    elif wanted != live and not (wanted == {} and live is None):
        yield f"{path}: {live!r} instead of {wanted!r}"


def place_of(cluster: str, wanted: versions.Wanted) -> Place:
    """Return where an object is."""
    return _place(cluster, wanted.body)


def listed(cluster: Cluster, path: str) -> list[Object]:
    """Return a collection, each item with its kind; empty where the kind is not served, or cannot be listed."""
    while (answer := cluster.request("GET", path)).status == _NOT_YET:
        time.sleep(0.1)
    if not answer.ok:
        assert answer.status in (404, 405), answer
        return []
    kind = answer.body["kind"].removesuffix("List")
    return [{"apiVersion": answer.body["apiVersion"], "kind": kind, **item} for item in answer.body["items"]]


def is_ours(item: Object) -> bool:
    """Return whether we manage it, or nobody does: no field of an empty ServiceAccount is anybody's."""
    entries = [each for each in item["metadata"].get("managedFields") or () if not each.get("subresource")]
    managers = {each["manager"] for each in entries} - {"before-first-apply"}
    return item["metadata"]["name"] != "default" and (MANAGER in managers or not managers)


def _collections(namespace: str) -> Iterator[str]:
    yield "/api/v1/namespaces"
    yield "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    yield f"/apis/{versions.group(namespace)}/v1/namespaces/{namespace}/knots"
    yield f"/apis/apps/v1/namespaces/{namespace}/deployments"
    yield f"/api/v1/namespaces/{versions.own(namespace)}/configmaps"
    for plural in ("configmaps", "secrets", "serviceaccounts", "services"):
        yield f"/api/v1/namespaces/{namespace}/{plural}"
    for plural in ("roles", "rolebindings"):
        yield f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/{plural}"


def _served(cluster: Cluster) -> Iterator[str]:
    groups = cluster.request("GET", "/apis").body["groups"]
    for version in ("/api/v1", *(f"/apis/{each['preferredVersion']['groupVersion']}" for each in groups)):
        answer = cluster.request("GET", version)
        # A group whose definition has only just gone is still named for a moment.
        for resource in answer.body["resources"] if answer.ok else ():
            if "list" in resource["verbs"] and "/" not in resource["name"]:
                yield f"{version}/{resource['name']}"


def _place(cluster: str, item: Object) -> Place:
    metadata = item["metadata"]
    return cluster, item["kind"], metadata.get("namespace") or "", metadata["name"]


def _cluster_of(resource: Object) -> str:
    name: str = resource["urn"].rpartition("::")[2]
    return name.partition("/")[0]


def _annotations(item: Object) -> Mapping[str, str]:
    return item["metadata"].get("annotations") or {}


def _fields_of_ours(item: Object) -> Iterator[str]:
    for entry in item["metadata"].get("managedFields") or ():
        if entry["manager"] == MANAGER:
            yield json.dumps([entry["operation"], entry["apiVersion"], entry["fieldsV1"]], sort_keys=True)
