"""What is asked of sources, and what clusters have to do with it."""

from __future__ import annotations

import pytest

from fleet import Cluster
from fleet.model.capabilities import Capabilities, plain_version
from fleet.plan.sources import requests_of
from tests.unit.plan.build import COMMIT, application, targets

CLUSTERS = (
    Cluster("dev", kube_version="1.33.1", api_versions=["apps/v1", "apps/v1/Deployment"]),
    Cluster("test", kube_version="1.33.1", api_versions=["apps/v1", "apps/v1/Deployment"]),
    Cluster("prod", kube_version="1.32.0"),
    Cluster("other"),
)


def test_clusters_that_are_alike_ask_for_the_same() -> None:
    found = targets(application("web", "dev", "test", "prod", "other"), clusters=CLUSTERS)
    requests = {
        each.cluster.name: requests_of(each, {source.revision: COMMIT for source in each.sources})[0] for each in found
    }
    assert requests["dev"] == requests["test"]
    assert {name: each.capabilities for name, each in requests.items() if name != "test"} == {
        "dev": Capabilities("1.33.1", ("apps/v1", "apps/v1/Deployment")),
        "prod": Capabilities("1.32.0"),
        "other": Capabilities(),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.33.1", "1.33.1"),
        ("v1.33.1", "1.33.1"),
        ("v1.33.1-gke.100", "1.33.1"),
        ("v1.33.1+k3s1", "1.33.1"),
        ("1.33", "1.33"),
        ("", ""),
        ("new", "new"),
        ("1", "1"),
    ],
)
def test_versions_as_argo_cd_passes_them(text: str, expected: str) -> None:
    assert plain_version(text) == expected
