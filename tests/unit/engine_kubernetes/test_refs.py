from typing import Any

import pytest

from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.refs import NAMESPACE, Ref, Resource, is_crd, titled

DEPLOYMENTS = Resource("apps/v1", "Deployment", "deployments", namespaced=True)
CONFIG_MAPS = Resource("v1", "ConfigMap", "configmaps", namespaced=True)
ROLES = Resource("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False)


@pytest.mark.parametrize(
    ("resource", "namespace", "name", "path"),
    [
        pytest.param(CONFIG_MAPS, "a", "b", "/api/v1/namespaces/a/configmaps/b", id="core"),
        pytest.param(CONFIG_MAPS, "", "", "/api/v1/configmaps", id="all-namespaces"),
        pytest.param(DEPLOYMENTS, "a", "", "/apis/apps/v1/namespaces/a/deployments", id="collection"),
        pytest.param(NAMESPACE, "", "a", "/api/v1/namespaces/a", id="namespace"),
        pytest.param(
            ROLES, "", "system:a/b", "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aa%2Fb", id="quoted"
        ),
    ],
)
def test_paths(resource: Resource, namespace: str, name: str, path: str) -> None:
    assert resource.path(namespace, name) == path


def test_a_manifest_says_what_it_is() -> None:
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
    assert Ref.of(manifest) == Ref("apps/v1", "Deployment", "web", "shop")
    assert str(Ref.of(manifest)) == "Deployment.apps shop/web"
    assert str(Ref("v1", "Namespace", "shop")) == "Namespace shop"


@pytest.mark.parametrize(
    ("manifest", "missing"),
    [
        pytest.param({}, "apiVersion, kind, metadata.name", id="nothing"),
        pytest.param({"apiVersion": "v1", "kind": "A", "metadata": None}, "metadata.name", id="no-metadata"),
        pytest.param({"apiVersion": "v1", "kind": "A", "metadata": {"name": 7}}, "usable name", id="number"),
    ],
)
def test_a_manifest_that_does_not_say_what_it_is(manifest: dict[str, Any], missing: str) -> None:
    with pytest.raises(ObjectFailedError, match=missing):
        Ref.of(manifest)


def test_kinds() -> None:
    assert titled("v1", "Service") == "Service"
    assert is_crd("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert not is_crd("example.com/v1", "CustomResourceDefinition")
