"""What a real cluster says of itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from fleet.engine.kubernetes.errors import ClusterUnavailableError
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.survey import survey
from localclusters.cluster import Cluster


async def test_a_cluster_says_what_it_is_and_serves(inputs: ProviderInputs, cluster: Cluster) -> None:
    found = await survey(inputs)
    assert found.version == cluster.request("GET", "/version").body["gitVersion"]
    expected = {
        ("v1", "ConfigMap"): True,
        ("v1", "Namespace"): False,
        ("apps/v1", "Deployment"): True,
        ("rbac.authorization.k8s.io/v1", "ClusterRole"): False,
    }
    assert {kind: found.kinds.get(kind) for kind in expected} == expected
    assert found.stale == frozenset()


async def test_what_cannot_be_watched_does_not_count(inputs: ProviderInputs) -> None:
    """As in Argo CD; a Binding can only be made, and of component statuses there is a list only."""
    found = await survey(inputs)
    absent = {("v1", "Binding"), ("v1", "ComponentStatus"), ("authentication.k8s.io/v1", "TokenReview")}
    assert not absent & set(found.kinds)


async def test_a_server_that_cannot_ask_another_says_so(inputs: ProviderInputs, cluster: Cluster) -> None:
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1.nobody.example.com"},
        "spec": {
            "group": "nobody.example.com",
            "version": "v1",
            "groupPriorityMinimum": 1000,
            "versionPriority": 10,
            "insecureSkipTLSVerify": True,
            "service": {"name": "nobody", "namespace": "default"},
        },
    }
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    assert cluster.request("POST", path, service).ok
    try:
        found = await survey(inputs)
        while not found.stale:
            found = await survey(inputs)
        assert found.stale == {"nobody.example.com/v1"}
        assert ("apps/v1", "Deployment") in found.kinds
    finally:
        cluster.request("DELETE", f"{path}/v1.nobody.example.com")


async def test_a_cluster_that_is_not_there(inputs: ProviderInputs, tmp_path: Path) -> None:
    absent = replace(inputs, kubeconfig=str(tmp_path / "none"))
    with pytest.raises(ClusterUnavailableError, match="there is no such file"):
        await survey(absent)
