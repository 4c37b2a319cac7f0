from __future__ import annotations

import pytest

from fleet import Cluster
from fleet.register.configuration import read_clusters, read_keys, read_mirrors

FILE = "stacks/Pulumi.dev.yaml"


def test_a_cluster_has_all_that_the_dsl_has() -> None:
    configured = {
        "dev": {
            "kubeconfig": "~/.kube/dev",
            "context": "admin",
            "server": "https://dev.example.com",
            "urls": ["https://<dev>"],
            "inCluster": True,
            "labels": {"stage": "dev"},
            "paused": True,
            "identifier": "0-1-2",
            "kubeVersion": "v1.33.1-gke.100",
            "apiVersions": ["apps/v1", "apps/v1/Deployment"],
        },
        "a": None,
    }
    assert read_clusters(configured, FILE) == (
        (
            Cluster("a"),
            Cluster(
                "dev",
                kubeconfig="~/.kube/dev",
                context="admin",
                server="https://dev.example.com",
                urls=["https://<dev>"],
                in_cluster=True,
                labels={"stage": "dev"},
                paused=True,
                identifier="0-1-2",
                kube_version="v1.33.1-gke.100",
                api_versions=["apps/v1", "apps/v1/Deployment"],
            ),
        ),
        (),
    )


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        pytest.param(["dev"], ": a mapping of cluster names to their settings is needed here", id="a list of clusters"),
        pytest.param({"dev": "https://dev"}, ".dev: a mapping of a cluster's settings is needed here", id="a text"),
        pytest.param({"dev": {"url": []}}, ".dev.url: unknown key `url`\n  → Did you mean `urls`?", id="nearly a key"),
        pytest.param(
            {"dev": {"zone": "eu"}},
            ".dev.zone: unknown key `zone`\n"
            "  → A cluster has kubeconfig, context, server, urls, inCluster, labels, project, paused, identifier, "
            "kubeVersion, apiVersions.",
            id="an unknown key",
        ),
        pytest.param(
            {"dev": {"inCluster": "yes"}},
            ".dev.inCluster: Cluster 'dev': inCluster must be True or False\n  It is 'yes'.",
            id="text for a flag",
        ),
        pytest.param(
            {"dev": {"urls": "https://dev"}},
            ".dev.urls: Cluster 'dev': urls must be a list of URLs\n  It is 'https://dev'.",
            id="text for a list",
        ),
        pytest.param(
            {"dev": {"kubeVersion": 1.3}},
            ".dev.kubeVersion: Cluster 'dev': kubeVersion must be a Kubernetes version as a string, such as '1.33.1'\n"
            "  It is 1.3.",
            id="a number for a version",
        ),
        pytest.param(
            {"dev": {"kubeVersion": "newest"}},
            ".dev.kubeVersion: Cluster 'dev': kubeVersion must be a Kubernetes version as a string, such as '1.33.1'\n"
            "  It is 'newest'.",
            id="a word for a version",
        ),
        pytest.param(
            {"dev": {"urls": [""]}},
            ".dev.urls: Cluster 'dev': urls[0] must be a string that is not empty\n  It is ''.",
            id="an empty URL",
        ),
        pytest.param(
            {"Dev": {}},
            '.Dev: Cluster: name must be lower-case letters, digits, "-" and ".", '
            "starting and ending with a letter or digit\n  It is 'Dev'.",
            id="a name",
        ),
    ],
)
def test_what_is_wrong_is_at_its_key(configured: object, expected: str) -> None:
    clusters, problems = read_clusters(configured, FILE)
    assert clusters == ()
    assert [str(problem) for problem in problems] == [f"{FILE}, config.fleet:clusters{expected}"]


def test_everything_that_is_wrong_is_told() -> None:
    _, problems = read_clusters({"b": {"paused": 1, "x": 1}, "a": {"context": ""}}, FILE)
    assert [problem.where.key.removeprefix("config.fleet:clusters.") for problem in problems] == [
        "a.context",
        "b.paused",
        "b.x",
    ]


def test_one_wrong_cluster_hides_no_other() -> None:
    clusters, problems = read_clusters({"a": {"paused": 1}, "b": {}}, FILE)
    assert clusters == (Cluster("b"),)
    assert len(problems) == 1


def test_mirrors_are_text() -> None:
    assert read_mirrors({"https://example.com/r.git": "../r"}, FILE) == ({"https://example.com/r.git": "../r"}, ())


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        pytest.param(
            "../r",
            ": a mapping of repository URLs to the URLs or paths to use instead is needed here",
            id="text",
        ),
        pytest.param(
            {"https://example.com/r.git": ["../r"]},
            ".https://example.com/r.git: Repository 'https://example.com/r.git': "
            "the mirror must be a string that is not empty\n"
            "  It is ['../r'].",
            id="a list",
        ),
    ],
)
def test_a_mirror_that_is_none(configured: object, expected: str) -> None:
    _, problems = read_mirrors(configured, FILE)
    assert [str(problem) for problem in problems] == [f"{FILE}, config.fleet:repositories{expected}"]


@pytest.mark.parametrize("read", [read_clusters, read_mirrors])
def test_nothing_configured_is_nothing(read: object) -> None:
    assert callable(read)
    value, problems = read(None, FILE)
    assert (len(value), problems) == (0, ())


def test_unknown_keys_of_our_own_namespace_are_reported() -> None:
    keys = ["fleet:cluster", "fleet:clusters", "fleet:repositories", "fleet:x", "kubernetes:clusters"]
    known = "fleet:clusters, fleet:deletions, fleet:repositories"
    assert [str(each) for each in read_keys(keys, FILE)] == [
        f"{FILE}, config.fleet:cluster: unknown key `fleet:cluster`\n  → Did you mean `fleet:clusters`?",
        f"{FILE}, config.fleet:x: unknown key `fleet:x`\n  → The configuration has {known}.",
    ]
