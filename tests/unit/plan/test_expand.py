from __future__ import annotations

from collections.abc import Mapping

import pytest

from fleet import Application, Cluster, Destination, Fleet, GitSource, Project
from fleet.errors import DeclarationError, Where
from fleet.plan.expand import expand, mirrored
from tests.unit.plan.build import application

DEV_URL = "https://<dev-cluster-api-server-url>"


def failing(fleet: Fleet) -> str:
    with pytest.raises(DeclarationError) as caught:
        expand(fleet, {})
    return str(caught.value)


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("dev", id="name"),
        pytest.param("https://dev.example.com:6443", id="server"),
        pytest.param("https://dev.example.com:6443/", id="trailing slash"),
        pytest.param(DEV_URL, id="placeholder among the urls"),
        pytest.param("https://kubernetes.default.svc", id="in-cluster URL"),
        pytest.param("in-cluster", id="in-cluster name"),
    ],
)
def test_a_reference_means_a_cluster(reference: str) -> None:
    dev = Cluster("dev", server="https://dev.example.com:6443", urls=[DEV_URL], in_cluster=True)
    (target,) = expand(Fleet(clusters=[dev, Cluster("prod")], applications=[application("web", reference)]), {})
    assert target.cluster == dev


def test_a_destination_replaces_what_the_source_says() -> None:
    app = application("web", "dev", Destination("prod", namespace="shop", revision="v1", path="prod"))
    dev, prod = expand(Fleet(clusters=[Cluster("dev"), Cluster("prod")], applications=[app]), {})
    assert (dev.sources[0].revision.name, dev.sources[0].path, dev.namespace) == ("HEAD", "manifests", None)
    assert (prod.sources[0].revision.name, prod.sources[0].path, prod.namespace) == ("v1", "prod", "shop")


def test_targets_come_by_cluster_application_and_namespace() -> None:
    apps = [application("b", "two", "one"), application("a", Destination("one", namespace="z"), "one")]
    found = expand(Fleet(clusters=[Cluster("two"), Cluster("one")], applications=apps), {})
    assert [(each.cluster.name, each.application.name, each.namespace) for each in found] == [
        ("one", "a", None),
        ("one", "a", "z"),
        ("one", "b", None),
        ("two", "b", None),
    ]


@pytest.mark.parametrize(
    ("mirrors", "expected"),
    [
        pytest.param({}, "https://example.com/r.git", id="none"),
        pytest.param({"https://example.com/r.git": "../r"}, "../r", id="as written"),
        pytest.param({"https://example.com/r": "../r"}, "../r", id="without .git"),
        pytest.param({"https://example.com/r/": "../r"}, "../r", id="with a slash"),
        pytest.param({"https://example.com/r.git/": "../r"}, "../r", id="with both"),
        pytest.param({"https://example.com/other": "../r"}, "https://example.com/r.git", id="another repository"),
        pytest.param(
            {"https://example.com/r": "a", "https://example.com/r.git": "b"}, "b", id="as written comes first"
        ),
    ],
)
def test_a_mirror_takes_the_place_of_a_repository(mirrors: Mapping[str, str], expected: str) -> None:
    assert mirrored("https://example.com/r.git", mirrors) == expected


def test_an_unknown_cluster_is_named_with_the_nearest() -> None:
    app = application("web", Destination("porduction", where=Where("a.yaml", 7, key="spec.destination.name")))
    clusters = [Cluster("production", server="https://p.example.com"), Cluster("dev")]
    assert failing(Fleet(clusters=clusters, applications=[app])) == (
        "a.yaml:7, application web, spec.destination.name: no cluster is known as 'porduction'\n"
        "  Known clusters: dev, production (https://p.example.com).\n"
        "  → Did you mean 'production'?"
    )


def test_a_placeholder_is_told_how_to_be_mapped() -> None:
    assert failing(Fleet(clusters=[Cluster("dev")], applications=[application("web", DEV_URL)])) == (
        "application web: no cluster is known as 'https://<dev-cluster-api-server-url>'\n"
        "  Known clusters: dev.\n"
        "  → It is a placeholder. Say which cluster it means, in the stack's configuration:\n"
        "  → fleet:clusters: {<cluster>: {urls: ['https://<dev-cluster-api-server-url>']}}\n"
        "  → or, where the cluster is declared in Python, with urls=['https://<dev-cluster-api-server-url>']."
    )


def test_the_in_cluster_url_says_what_it_stands_for() -> None:
    text = failing(Fleet(clusters=[Cluster("dev")], applications=[application("w", "https://kubernetes.default.svc")]))
    assert "in_cluster=True in Python, `inCluster: true` in fleet:clusters" in text


def test_without_any_cluster_none_is_known() -> None:
    assert "Known clusters: none." in failing(Fleet(applications=[application("web", "https://x.example.com")]))


def test_a_reference_to_two_clusters_is_ambiguous() -> None:
    clusters = [Cluster("a", urls=["https://lb.example.com"]), Cluster("b", server="https://lb.example.com/")]
    assert failing(Fleet(clusters=clusters, applications=[application("web", "https://lb.example.com")])) == (
        "application web: 'https://lb.example.com' means more than one cluster\n"
        "  It means a, b.\n"
        "  → Use the name of one of them."
    )


def test_one_cluster_is_the_one_that_argo_cd_runs_in() -> None:
    clusters = [Cluster("b", in_cluster=True), Cluster("a", in_cluster=True)]
    assert failing(Fleet(clusters=clusters)) == (
        "only one cluster can be the one that `https://kubernetes.default.svc` means\n  in_cluster is True for a, b."
    )


@pytest.mark.parametrize(
    ("fleet", "expected"),
    [
        pytest.param(Fleet(clusters=[Cluster("a"), Cluster("a")]), "more than one cluster is named 'a'", id="clusters"),
        pytest.param(Fleet(projects=[Project("a"), Project("a")]), "more than one project is named 'a'", id="projects"),
        pytest.param(
            Fleet(clusters=[Cluster("dev")], applications=[application("a"), application("a")]),
            "more than one application is named 'a'",
            id="applications",
        ),
    ],
)
def test_names_are_unique(fleet: Fleet, expected: str) -> None:
    assert failing(fleet) == f"{expected}\n  → Names are unique in a stack."


def test_a_repeated_application_names_both_places() -> None:
    source = GitSource("r")
    first, second = (
        Application("a", source=source, destinations=["dev"], where=Where(file, 1)) for file in ("one.yaml", "two.yaml")
    )
    assert failing(Fleet(clusters=[Cluster("dev")], applications=[first, second])) == (
        "two.yaml:1: more than one application is named 'a'\n"
        "  The other one: one.yaml:1.\n"
        "  → Names are unique in a stack."
    )


def test_a_project_must_be_declared() -> None:
    fleet = Fleet(clusters=[Cluster("dev")], applications=[application(project="shpo")], projects=[Project("shop")])
    assert failing(fleet) == (
        "application web: no project is named 'shpo'\n  Known projects: default, shop.\n  → Did you mean 'shop'?"
    )


def test_the_project_default_always_exists() -> None:
    assert expand(Fleet(clusters=[Cluster("dev")], applications=[application(project="default")]), {})


@pytest.mark.parametrize("again", ["default", None], ids=["by name", "by leaving it out"])
def test_an_application_goes_to_a_namespace_of_a_cluster_once(again: str | None) -> None:
    app = application("web", "dev", Destination("https://dev.example.com", namespace=again))
    fleet = Fleet(clusters=[Cluster("dev", server="https://dev.example.com")], applications=[app])
    assert failing(fleet) == (
        "application web, cluster dev: the application goes to namespace 'default' of this cluster twice\n"
        "  → Leave one of the destinations out, or give it a namespace of its own."
    )


def test_every_problem_is_told_at_once() -> None:
    apps = [application("a", "nowhere"), application("b", "elsewhere", project="none")]
    with pytest.raises(DeclarationError) as caught:
        expand(Fleet(clusters=[Cluster("dev"), Cluster("dev")], applications=apps), {})
    assert len(caught.value.problems) == 4
