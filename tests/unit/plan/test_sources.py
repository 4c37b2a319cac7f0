"""What is asked of sources, and what clusters have to do with it."""

from __future__ import annotations

import pytest

from fleet import Application, Cluster, Destination, GitSource, Override
from fleet.errors import Where
from fleet.model.capabilities import Capabilities, plain_version
from fleet.plan.sources import requests_of, revisions_of, used_by
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


def test_who_is_told_of_a_source() -> None:
    """The source itself, or what says another revision or path of it; of what several say, the first."""
    web = Application(
        "web",
        sources=[
            GitSource("a", path="x", name="a", where=Where("s.py", 3)),
            GitSource("b", path="x", name="b", where=Where("s.py", 4)),
            GitSource("c", path="x", name="c"),
        ],
        destinations=[
            Destination("dev", where=Where("s.py", 7)),
            Destination("prod", where=Where("s.py", 8)),
            Destination("test", source="a", revision="v2", where=Where("s.py", 9)),
        ],
        overrides=[Override(clusters=["prod"], source="b", path="y", where=Where("s.py", 5))],
    )
    found = targets(web, clusters=CLUSTERS)
    told = used_by(found, revisions_of, lambda target: target.sources)
    assert {(each.repo, each.name): (where.line, where.cluster) for each, where in told.items()} == {
        ("a", "HEAD"): (3, ""),
        ("b", "HEAD"): (4, ""),
        ("c", "HEAD"): (7, ""),
        ("a", "v2"): (9, "test"),
    }
    commits = dict.fromkeys(told, COMMIT)
    requests = used_by(found, lambda target: requests_of(target, commits), lambda target: target.rendering)
    assert {(each.path, where.line) for each, where in requests.items() if each.repo == "b"} == {("x", 4), ("y", 5)}
    assert {where.application for where in told.values()} == {"web"}


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
