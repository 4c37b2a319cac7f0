from typing import Any

import pytest

from fleet.engine.kubernetes.catalog import Catalog, defined_by, read_catalog
from fleet.engine.kubernetes.refs import Resource


def served(plural: str, kind: str, scope: str = "Namespaced", *verbs: str) -> dict[str, Any]:
    return {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": list(verbs or ("patch",))}


def group(name: str | None, *versions: tuple[str, list[dict[str, Any]]], freshness: str = "Current") -> dict[str, Any]:
    listed = [{"version": version, "resources": resources, "freshness": freshness} for version, resources in versions]
    return {"metadata": {"name": name} if name else {}, "versions": listed}


CORE = {"items": [group(None, ("v1", [served("configmaps", "ConfigMap"), served("nodes", "Node", "Cluster")]))]}
GROUPS = {
    "items": [
        group("apps", ("v1", [served("deployments", "Deployment")])),
        group("networking.k8s.io", ("v1", [served("ingresses", "Ingress")])),
        group("autoscaling", ("v2", [served("h", "HPA")]), ("v1", [served("h", "HPA")])),
        group("metrics.k8s.io", ("v1beta1", []), freshness="Stale"),
    ]
}
CATALOG = read_catalog([CORE, GROUPS])


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        pytest.param(("v1", "ConfigMap"), Resource("v1", "ConfigMap", "configmaps", namespaced=True), id="core"),
        pytest.param(("v1", "Node"), Resource("v1", "Node", "nodes", namespaced=False), id="cluster-scoped"),
        pytest.param(
            ("apps/v1", "Deployment"), Resource("apps/v1", "Deployment", "deployments", namespaced=True), id="group"
        ),
        pytest.param(("apps/v1beta1", "Deployment"), None, id="version-not-served"),
    ],
)
def test_what_is_served(kind: tuple[str, str], resource: Resource | None) -> None:
    assert CATALOG.resources.get(kind) == resource


@pytest.mark.parametrize(
    ("api_version", "kind", "versions"),
    [
        pytest.param("autoscaling/v2beta2", "HPA", ("autoscaling/v1", "autoscaling/v2"), id="same-group"),
        pytest.param("extensions/v1beta1", "Ingress", ("networking.k8s.io/v1",), id="dissolved-group"),
        pytest.param("example.com/v1", "Deployment", (), id="a-namesake-is-something-else"),
    ],
)
def test_in_which_versions_a_kind_is_served(api_version: str, kind: str, versions: tuple[str, ...]) -> None:
    assert CATALOG.versions(api_version, kind) == versions


def test_groups_whose_server_is_silent() -> None:
    assert CATALOG.stale == {"metrics.k8s.io/v1beta1"}


def test_of_two_collections_the_one_that_can_be_applied_to_counts() -> None:
    listed = [served("as", "A"), served("other", "A", "Namespaced", "create")]
    assert read_catalog([{"items": [group("g", ("v1", listed))]}]).resources["g/v1", "A"].plural == "as"


def test_what_a_crd_defines() -> None:
    names = {"kind": "Thing", "plural": "things"}
    versions = [{"name": "v1", "served": True}, {"name": "v0", "served": False}]
    crd = {"spec": {"group": "example.com", "scope": "Cluster", "names": names, "versions": versions}}
    thing = Resource("example.com/v1", "Thing", "things", namespaced=False)
    assert defined_by(crd) == (thing,)
    grown = Catalog().with_resources(defined_by(crd))
    assert grown.resources["example.com/v1", "Thing"] == thing
    assert grown.without([thing]) == Catalog()
