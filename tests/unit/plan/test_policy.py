"""What projects do not permit, told in full; and what they inherit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fleet import (
    Application,
    Cluster,
    Destination,
    Fleet,
    GitSource,
    GroupKind,
    Project,
    ProjectDestination,
    SyncPolicy,
)
from fleet.errors import DeclarationError, PlanError, PolicyError, Problem, Where
from fleet.model.manifest import Manifest
from fleet.model.plan import ClusterPlan, Rendered
from fleet.plan.expand import expand
from fleet.plan.finish import finish
from fleet.plan.policy import Policies, policies, refused_destinations, refused_sources
from tests.unit.plan.build import COMMIT, crd, manifest

DEV = Cluster("dev", server="https://dev")
ANYWHERE = ProjectDestination(name="*", namespace="*")
REPO = "https://u:secret@example.com/web.git"


def rules(*projects: Project, clusters: Sequence[Cluster] = ()) -> Policies:
    return policies(projects, clusters)


def web(project: str = "team", namespace: str | None = "web", *, create_namespace: bool = False) -> Application:
    here = Destination("dev", namespace=namespace)
    sync = SyncPolicy(create_namespace=create_namespace)
    return Application("web", source=GitSource(REPO), destinations=[here], project=project, sync=sync)


def finished(project: Project, *manifests: Manifest, app: Application | None = None) -> tuple[ClusterPlan, ...]:
    targets = expand(Fleet(clusters=[DEV], applications=[app or web()], projects=[project]), {})
    return finish([Rendered(target, (COMMIT,), manifests) for target in targets], rules(project))


def refused(project: Project, *manifests: Manifest, app: Application | None = None) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        finished(project, *manifests, app=app)
    return [str(problem) for problem in caught.value.problems]


def test_the_default_project_permits_everything() -> None:
    app = web("default", create_namespace=True)
    objects = [manifest("ConfigMap", "a", namespace="x"), manifest("ClusterRole", "r", api_version="rbac/v1")]
    assert finished(Project("team"), *objects, manifest("Anything", "a", api_version="x.io/v1"), app=app)


def test_the_default_project_is_an_ordinary_one_once_it_is_declared() -> None:
    targets = expand(Fleet(clusters=[DEV], applications=[web("default")]), {})
    closed = rules(Project("default"))
    assert list(refused_sources(targets, closed)) == ["web"]
    assert len(refused_destinations(targets, closed)) == 1


def test_a_repository() -> None:
    targets = expand(Fleet(clusters=[DEV], applications=[web()], projects=[Project("team")]), {REPO: "/mirror"})
    ((problem,),) = refused_sources(targets, rules(Project("team", source_repos=["/mirror"]))).values()
    assert str(problem) == (
        "application web: repository https://***@example.com/web.git is not permitted in project 'team'\n"
        "  sourceRepos permits only /mirror.\n"
        "  → Add it to the project's sourceRepos (source_repos in Python), or use a repository that is permitted."
    )


def test_a_repository_is_refused_where_it_is_first_named() -> None:
    sources = [GitSource(repo, path="a", where=Where("s.py", line)) for line, repo in enumerate("xyx", 1)]
    app = Application("web", sources=sources, destinations=["dev"], project="team", where=Where("s.py", 9))
    targets = expand(Fleet(clusters=[DEV], applications=[app], projects=[Project("team")]), {})
    (problems,) = refused_sources(targets, rules(Project("team"))).values()
    assert sorted(problem.where.line for problem in problems) == [1, 2]


@pytest.mark.parametrize(("namespace", "shown"), [("web", "web"), (None, "default")])
def test_a_destination(namespace: str | None, shown: str) -> None:
    targets = expand(Fleet(clusters=[DEV], applications=[web(namespace=namespace)], projects=[Project("team")]), {})
    (problem,) = refused_destinations(targets, rules(Project("team")))
    assert str(problem) == (
        f"application web, cluster dev: namespace {shown!r} of this cluster is not permitted in project 'team'\n"
        "  destinations is empty, which permits nothing.\n"
        f"  → Add {{name: dev, namespace: {shown}}} to the project's destinations, or deploy to one that is permitted."
    )


TEAM = Project("team", source_repos=["**"], destinations=[ANYWHERE])


def test_a_cluster_scoped_kind() -> None:
    role = manifest("IngressClass", "admin", api_version="networking.k8s.io/v1")
    assert refused(TEAM, role) == [
        (
            "application web, cluster dev: IngressClass.networking.k8s.io admin is not permitted in project 'team'\n"
            "  clusterResourceWhitelist is empty, which permits nothing.\n"
            "  It is in app.yaml:1 of https://***@example.com/web.git.\n"
            "  → Permit {group: networking.k8s.io, kind: IngressClass} in the project's clusterResourceWhitelist, "
            "or leave the object out."
        )
    ]


def test_a_kind_in_a_namespace() -> None:
    project = Project("team", destinations=[ANYWHERE], namespace_resource_blacklist=[GroupKind("Secret")])
    assert refused(project, manifest("Secret", "a"), manifest("ConfigMap", "a")) == [
        (
            "application web, cluster dev: Secret web/a is not permitted in project 'team'\n"
            "  'Secret' in namespaceResourceBlacklist denies it.\n"
            "  It is in app.yaml:1 of https://***@example.com/web.git.\n"
            "  → Leave the object out, or take what denies it out of the project."
        )
    ]


def test_a_namespace_of_an_object() -> None:
    project = Project("team", destinations=[ProjectDestination(name="*", namespace="web")])
    assert refused(project, manifest("ConfigMap", "a", namespace="kube-system"), manifest("ConfigMap", "b")) == [
        (
            "application web, cluster dev: namespace 'kube-system' of ConfigMap kube-system/a is not permitted "
            "in project 'team'\n"
            "  destinations permits only {name: '*', namespace: 'web'}.\n"
            "  It is in app.yaml:1 of https://***@example.com/web.git.\n"
            "  → Add {name: dev, namespace: kube-system} to the project's destinations, "
            "or deploy to one that is permitted."
        )
    ]


def test_a_namespace_that_would_be_created() -> None:
    assert refused(TEAM, manifest("ConfigMap", "a"), app=web(create_namespace=True)) == [
        (
            "application web, cluster dev: Namespace web is not permitted in project 'team'\n"
            "  clusterResourceWhitelist is empty, which permits nothing.\n"
            "  It is made by create_namespace.\n"
            "  → Add {group: '', kind: Namespace} to the project's clusterResourceWhitelist, "
            "or turn off create_namespace (CreateNamespace=true in YAML)."
        )
    ]


def test_what_only_a_cluster_knows_must_be_permitted_either_way() -> None:
    unknown = manifest("Certificate", "a", api_version="cert-manager.io/v1")
    (text,) = refused(TEAM, unknown)
    assert text.endswith(
        "  → Only the cluster knows whether Certificate is cluster-scoped, so it must be permitted either way: "
        "add {group: cert-manager.io, kind: Certificate} to clusterResourceWhitelist, "
        "or the kind's CustomResourceDefinition to an application, "
        "or have `fleet clusters discover` ask the cluster."
    )
    listed = [GroupKind("Certificate", group="cert-manager.io")]
    assert finished(Project("team", destinations=[ANYWHERE], cluster_resource_whitelist=listed), unknown)
    neither = Project(
        "team", destinations=[ANYWHERE], cluster_resource_whitelist=listed, namespace_resource_whitelist=[]
    )
    assert refused(neither, unknown)


@pytest.mark.parametrize(("scope", "permitted"), [("Namespaced", True), ("Cluster", False)])
def test_a_definition_says_what_a_kind_is(scope: str, permitted: bool) -> None:
    definitions = [GroupKind("CustomResourceDefinition", group="apiextensions.k8s.io")]
    project = Project("team", destinations=[ANYWHERE], cluster_resource_whitelist=definitions)
    objects = crd("x.io", "Thing", scope=scope), manifest("Thing", "a", api_version="x.io/v1")
    if permitted:
        assert finished(project, *objects)
    else:
        (text,) = refused(project, *objects)
        assert "Thing.x.io a is not permitted" in text


def test_everything_is_told_at_once_and_conflicts_too() -> None:
    closed = Project("team", namespace_resource_whitelist=[], destinations=[ANYWHERE])
    twice = manifest("ConfigMap", "a", data={"a": "1"}), manifest("ConfigMap", "a", data={"a": "2"})
    targets = expand(Fleet(clusters=[DEV], applications=[web()], projects=[closed]), {})
    with pytest.raises(PolicyError) as caught:
        finish(
            [Rendered(targets[0], (COMMIT,), (*twice, manifest("Secret", "b"), manifest("Node", "c")))], rules(closed)
        )
    summaries = [problem.summary for problem in caught.value.problems]
    assert summaries == [
        "ConfigMap web/a is not permitted in project 'team'",
        "ConfigMap web/a is there more than once, and not the same",
        "Node c is not permitted in project 'team'",
        "Secret web/b is not permitted in project 'team'",
    ]


def test_conflicts_alone_are_no_matter_of_policy() -> None:
    with pytest.raises(PlanError):
        finished(TEAM)


def test_a_projects_own_clusters_are_its_destinations() -> None:
    own = Cluster("dev", project="team")
    targets = expand(Fleet(clusters=[own], applications=[web()], projects=[Project("team"), Project("x")]), {})
    assert refused_destinations(targets, rules(Project("team"), clusters=[own])) == ()
    assert refused_destinations(targets, rules(Project("team"), clusters=[Cluster("dev", project="x")]))


GLOBAL = Project(
    "global",
    source_repos=["**"],
    destinations=[ANYWHERE],
    cluster_resource_whitelist=[GroupKind("Namespace")],
    cluster_resource_blacklist=[GroupKind("Node")],
    namespace_resource_blacklist=[GroupKind("Secret")],
    labels={"opt": "in"},
    global_for="opt in (in)",
)


def test_a_global_project_is_inherited_by_those_it_selects() -> None:
    inherited = rules(Project("team", labels={"opt": "in"}), GLOBAL)["team"].project
    assert inherited == Project(
        "team",
        labels={"opt": "in"},
        source_repos=["**"],
        destinations=[ANYWHERE],
        cluster_resource_whitelist=[GroupKind("Namespace")],
        cluster_resource_blacklist=[GroupKind("Node")],
        namespace_resource_blacklist=[GroupKind("Secret")],
    )
    assert rules(Project("team"), GLOBAL)["team"].project == Project("team")
    assert rules(GLOBAL)["global"].project == GLOBAL


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        (None, None, None),
        (None, [], None),
        (None, [GroupKind("Pod")], (GroupKind("Pod"),)),
        ([], None, ()),
        ([], [], ()),
        ([GroupKind("Job")], [GroupKind("Pod")], (GroupKind("Job"), GroupKind("Pod"))),
    ],
)
def test_whitelists_add_up_as_gos_append(
    own: list[GroupKind] | None, others: list[GroupKind] | None, expected: tuple[GroupKind, ...] | None
) -> None:
    inherited = Project("global", namespace_resource_whitelist=others, global_for="")
    effective = rules(Project("team", namespace_resource_whitelist=own), inherited)["team"].project
    assert effective.namespace_resource_whitelist == expected


def test_what_is_inherited_is_not_passed_on() -> None:
    chain = [
        Project("a", labels={"is": "a"}),
        Project("b", labels={"is": "b"}, global_for="is=a", source_repos=["b"]),
        Project("c", global_for="is=b", source_repos=["c"]),
    ]
    assert rules(*chain)["a"].project.source_repos == ("b",)


def test_a_clusters_project_must_exist() -> None:
    with pytest.raises(DeclarationError) as caught:
        expand(Fleet(clusters=[Cluster("dev", project="taem")], projects=[Project("team")]), {})
    assert caught.value.problems == (
        Problem(
            "no project is named 'taem'",
            caught.value.problems[0].where,
            "Known projects: default, team.",
            "Did you mean 'team'?",
        ),
    )
    assert caught.value.problems[0].where.cluster == "dev"
