"""One project's rules: Argo CD's own cases, where this is stricter, and laws."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet import Cluster, GroupKind, Project, ProjectDestination
from fleet.plan.permits import normalised, permits

IN_CLUSTER = "https://kubernetes.default.svc"
Written = tuple[str, str, str]


def source(patterns: Sequence[str], repo: str) -> str:
    return permits(Project("p", source_repos=patterns)).refuse_source(repo)


@pytest.mark.parametrize(
    ("patterns", "repo", "permitted"),
    [
        # From Argo CD's types_test.go: TestAppProject_IsSourcePermitted, TestAppProject_IsNegatedSourcePermitted.
        (["*"], "https://github.com/argoproj/test.git", True),
        (["https://github.com/argoproj/test.git"], "https://github.com/argoproj/test.git", True),
        (["ssh://git@GITHUB.com:argoproj/test"], "ssh://git@github.com:argoproj/test", True),
        (["https://github.com/argoproj/*"], "https://github.com/argoproj/argoproj.git", True),
        (["https://github.com/test1/a.git", "https://github.com/test2/a.git"], "https://github.com/test2/a.git", True),
        (["https://github.com/argoproj/test1.git"], "https://github.com/argoproj/test2.git", False),
        (["https://github.com/argoproj/*.git"], "https://github.com/argoproj1/test2.git", False),
        (["https://github.com/argoproj/foo"], "https://github.com/argoproj/foo1", False),
        (["https://gitlab.com/group/*"], "https://gitlab.com/group/repo/owner", False),
        (["https://gitlab.com/group/*/*"], "https://gitlab.com/group/repo/owner", True),
        (["https://gitlab.com/group/*/*/*"], "https://gitlab.com/group/sub-group/repo/owner", True),
        (["https://gitlab.com/group/**"], "https://gitlab.com/group/sub-group/repo/owner", True),
        (["!https://github.com/argoproj/test.git"], "https://github.com/argoproj/test.git", False),
        (["!ssh://git@GITHUB.com:argoproj/test"], "ssh://git@github.com:argoproj/test", False),
        (["!https://github.com/argoproj/*"], "https://github.com/argoproj/argoproj.git", False),
        (["https://github.com/t1/a.git", "!https://github.com/t2/a.git"], "https://github.com/t2/a.git", False),
        (["!https://github.com/argoproj/foo*"], "https://github.com/argoproj/foo1", False),
        (["!https://gitlab.com/group/*/*"], "https://gitlab.com/group/repo/owner", False),
        (["!https://gitlab.com/group/**"], "https://gitlab.com/group/sub-group/repo/owner", False),
        (["https://github.com/argoproj/test1.git", "*"], "https://github.com/argoproj/test2.git", True),
        (["!https://github.com/argoproj/*.git", "*"], "https://github.com/argoproj1/test2.git", True),
        # As its code says.
        ([], "https://github.com/argoproj/test", False),
        (["!https://github.com/argoproj/test"], "https://github.com/argoproj/other", True),
        (["https://github.com/argoproj/test"], "HTTPS://github.com/Argoproj/test.git ", True),
        (["git@github.com:argoproj/*"], "ssh://git@github.com/argoproj/test.git", True),
        (["git@github.com:argoproj/*"], "https://github.com/argoproj/test.git", False),
        (["*", "!git@github.com:argoproj/test"], "git@github.com:argoproj/test.git", False),
        # Argo CD makes nothing of either URL, and nothing is nothing.
        (["ssh://git@github.com:argoproj/test"], "ssh://git@evil.com:argoproj/test", False),
        (["repo"], "repo", True),
    ],
)  # fmt: skip
def test_repositories(patterns: list[str], repo: str, permitted: bool) -> None:
    assert (source(patterns, repo) == "") is permitted


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        # From Argo CD's git_test.go: TestEnsurePrefix, TestSameURL, as far as they are about one URL.
        ("git@GITHUB.com:argoproj/test", "git@github.com/argoproj/test"),
        ("git@GITHUB.com:argoproj/test.git", "git@github.com/argoproj/test"),
        ("git@GITHUB.com:test.git", "git@github.com/test"),
        ("https://GITHUB.com/argoproj/test.git", "https://github.com/argoproj/test"),
        ("ssh://git@GITHUB.com/argoproj/test.git", "git@github.com/argoproj/test"),
        ("ssh://git@GITHUB.com:22/argoproj/test", "git@github.com:22/argoproj/test"),
        ("https://user@github.com/argoproj/test", "https://user@github.com/argoproj/test"),
    ],
)
def test_urls_are_compared_normalised(url: str, expected: str) -> None:
    assert normalised(url) == expected


def destinations(*written: Written, scoped: bool = False) -> Project:
    entries = [ProjectDestination(server=server, name=name, namespace=space) for server, name, space in written]
    return Project("p", destinations=entries, permit_only_project_scoped_clusters=scoped)


def cluster(server: str = "", name: str = "c", project: str | None = None) -> Cluster:
    return Cluster(name, server=server or None, project=project)


@pytest.mark.parametrize(
    ("written", "server", "name", "namespace", "permitted"),
    [
        # From Argo CD's types_test.go: TestAppProject_IsDestinationPermitted.
        ([(IN_CLUSTER, "", "default")], IN_CLUSTER, "c", "default", True),
        ([(IN_CLUSTER, "", "default")], IN_CLUSTER, "c", "kube-system", False),
        ([("https://my-cluster", "", "default")], IN_CLUSTER, "c", "default", False),
        ([(IN_CLUSTER, "", "*")], IN_CLUSTER, "c", "kube-system", True),
        ([("https://*.default.svc", "", "default")], IN_CLUSTER, "c", "default", True),
        ([("https://team1-*", "", "default")], "https://test2-dev-cluster", "c", "default", False),
        ([(IN_CLUSTER, "", "test-*")], IN_CLUSTER, "c", "test-foo", True),
        ([(IN_CLUSTER, "", "test-*")], IN_CLUSTER, "c", "test", False),
        ([("*", "", "*")], IN_CLUSTER, "c", "test", True),
        ([("", "test", "*")], "", "test", "test", True),
        ([("", "test2", "*")], "", "test", "test", False),
        (
            [(IN_CLUSTER, "host", "!{kube-system,argocd}"), ("https://eks", "other", "*")],
            "https://eks", "c", "kube-system", True,
        ),
        # TestAppProject_IsNegatedDestinationPermitted.
        ([("!" + IN_CLUSTER, "", "default")], IN_CLUSTER, "c", "default", False),
        ([(IN_CLUSTER, "", "!default")], IN_CLUSTER, "c", "kube-system", True),
        ([("!https://my-cluster", "", "default")], IN_CLUSTER, "c", "default", True),
        ([("!" + IN_CLUSTER, "", "*")], IN_CLUSTER, "c", "kube-system", False),
        ([("!https://*.default.svc", "", "default")], IN_CLUSTER, "c", "default", False),
        ([("!https://team1-*", "", "default")], "https://test2-dev-cluster", "c", "default", True),
        ([(IN_CLUSTER, "", "!test-*")], IN_CLUSTER, "c", "test-foo", False),
        ([(IN_CLUSTER, "", "!test-*")], IN_CLUSTER, "c", "test", True),
        ([("", "!test", "*")], "", "test", "test", False),
        ([("", "!test2", "*")], "", "test", "test", True),
        ([("*", "", "kube-system"), ("*", "", "!kube-system")], IN_CLUSTER, "c", "kube-system", False),
        ([("*", "", "*"), ("*", "", "!kube-system")], IN_CLUSTER, "c", "kube-system", False),
        ([(IN_CLUSTER, "", "*"), ("!" + IN_CLUSTER, "", "*")], IN_CLUSTER, "c", "kube-system", False),
        ([("*", "", "*"), ("!" + IN_CLUSTER, "", "kube-system")], IN_CLUSTER, "c", "kube-system", False),
        ([("*", "", "*"), ("!" + IN_CLUSTER, "", "kube-system")], IN_CLUSTER, "c", "default", True),
        ([("*", "", "*"), ("*", "", "!kube-system")], "https://test-dev-cluster", "c", "kube-system", False),
        ([("", "test", "*"), ("", "!test", "*")], "", "test", "test", False),
        ([("*", "", "test"), ("!https://test-server", "", "other")], "https://test-server", "c", "test", True),
        ([("*", "", "*"), ("https://test-server", "", "!other")], "https://other-test-server", "c", "other", True),
        # As its code says.
        ([], IN_CLUSTER, "c", "default", False),
        ([("*", "", "")], IN_CLUSTER, "c", "default", False),
        ([("*", "", "*"), ("", "!prod", "x")], IN_CLUSTER, "prod", "default", False),
        # Stricter: a name denies a namespace as well.
        ([("", "*", "*"), ("", "prod", "!kube-*")], "https://prod", "prod", "kube-system", False),
        ([("", "*", "*"), ("", "prod", "!kube-*")], "https://dev", "dev", "kube-system", True),
        # A cluster without a URL.
        ([("*", "", "*")], "", "c", "default", True),
        ([("https://*", "", "*")], "", "c", "default", False),
        ([("*", "", "*"), ("!https://prod", "", "*")], "", "c", "default", False),
        # Slashes at the end do not count.
        ([("https://a/", "", "*")], "https://a", "c", "default", True),
        ([("*", "", "*"), ("!https://a", "", "*")], "https://a/", "c", "default", False),
    ],
)  # fmt: skip
def test_destinations(written: list[Written], server: str, name: str, namespace: str, permitted: bool) -> None:
    refused = permits(destinations(*written)).refuse_destination(cluster(server, name), namespace)
    assert (refused == "") is permitted


@pytest.mark.parametrize("pattern", ["https://a", "https://b", IN_CLUSTER, "*b"])
def test_a_cluster_is_every_one_of_its_urls(pattern: str) -> None:
    hub = Cluster("hub", server="https://a", urls=["https://b"], in_cluster=True)
    assert permits(destinations((pattern, "", "*"))).refuse_destination(hub, "x") == ""
    denied = permits(destinations(("*", "", "*"), (f"!{pattern}", "", "*")))
    assert denied.refuse_destination(hub, "x") == (
        f"{{server: {'!' + pattern!r}, namespace: '*'}} in destinations denies it."
    )


@pytest.mark.parametrize(("project", "why"), [("p", ""), ("q", "q"), (None, "none")])
def test_only_the_projects_own_clusters(project: str | None, why: str) -> None:
    expected = why and f"permitOnlyProjectScopedClusters is set, and the cluster's project is {why}."
    scoped = permits(destinations(("*", "", "*"), scoped=True))
    assert scoped.refuse_destination(cluster(project=project), "x") == expected


ALL = GroupKind("*", group="*")
DEPLOYMENT, SECRET, NAMESPACE = GroupKind("Deployment", group="apps"), GroupKind("Secret"), GroupKind("Namespace")


@pytest.mark.parametrize(
    ("whitelist", "blacklist", "group", "kind", "permitted"),
    [
        (None, [], "apps", "Deployment", True),
        ([], [], "apps", "Deployment", False),
        (None, [SECRET], "", "Secret", False),
        (None, [SECRET], "apps", "Deployment", True),
        ([DEPLOYMENT], [], "apps", "Deployment", True),
        ([DEPLOYMENT], [], "", "Secret", False),
        ([DEPLOYMENT], [DEPLOYMENT], "apps", "Deployment", False),
        ([DEPLOYMENT], [], "extensions", "Deployment", False),
        ([GroupKind("*")], [], "apps", "Deployment", False),
        ([GroupKind("*")], [], "", "Secret", True),
        ([ALL], [GroupKind("[D-S]*", group="*")], "apps", "Deployment", False),
        ([ALL], [GroupKind("deployment", group="apps")], "apps", "Deployment", True),
    ],
)
def test_kinds_in_namespaces(
    whitelist: list[GroupKind] | None, blacklist: list[GroupKind], group: str, kind: str, permitted: bool
) -> None:
    project = Project("p", namespace_resource_whitelist=whitelist, namespace_resource_blacklist=blacklist)
    assert (permits(project).refuse_kind(group, kind, "a", namespaced=True) == "") is permitted


@pytest.mark.parametrize(
    ("whitelist", "blacklist", "name", "permitted"),
    [
        ([], [], "a", False),
        ([ALL], [], "a", True),
        ([NAMESPACE], [], "a", True),
        ([GroupKind("Namespace", name="team1-*")], [], "team1-web", True),
        ([GroupKind("Namespace", name="team1-*")], [], "team2-web", False),
        ([ALL], [GroupKind("Namespace", name="kube-*")], "kube-system", False),
        ([ALL], [GroupKind("Namespace", name="kube-*")], "a", True),
        ([ALL], [NAMESPACE], "a", False),
        ([GroupKind("Namespace", group="apps")], [], "a", False),
    ],
)
def test_cluster_scoped_kinds(
    whitelist: list[GroupKind], blacklist: list[GroupKind], name: str, permitted: bool
) -> None:
    project = Project("p", cluster_resource_whitelist=whitelist, cluster_resource_blacklist=blacklist)
    assert (permits(project).refuse_kind("", "Namespace", name, namespaced=False) == "") is permitted


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        (source([], "a"), "sourceRepos is empty, which permits nothing."),
        (source(["b", "c/*"], "a"), "sourceRepos permits only b, c/*."),
        (source(["*", "!a"], "a"), "'!a' in sourceRepos denies it."),
        (source(["https://u:secret@example.com/a"], "b"), "sourceRepos permits only https://***@example.com/a."),
        (
            permits(destinations(("", "prod", "web"))).refuse_destination(cluster(), "x"),
            "destinations permits only {name: 'prod', namespace: 'web'}.",
        ),
        (
            permits(Project("p")).refuse_kind("", "Namespace", "a", namespaced=False),
            "clusterResourceWhitelist is empty, which permits nothing.",
        ),
        (
            permits(Project("p", namespace_resource_whitelist=[DEPLOYMENT])).refuse_kind(
                "", "Pod", "a", namespaced=True
            ),
            "namespaceResourceWhitelist permits only 'Deployment.apps'.",
        ),
        (
            permits(Project("p", cluster_resource_blacklist=[GroupKind("Namespace", name="a*")])).refuse_kind(
                "", "Namespace", "a", namespaced=False
            ),
            "'Namespace a*' in clusterResourceBlacklist denies it.",
        ),
    ],
)  # fmt: skip
def test_the_rule_is_named(refused: str, expected: str) -> None:
    assert refused == expected


words = st.sampled_from(["a", "b", "a*", "*b", "*", "ab"])
spaces = st.sampled_from(["a", "b", "ab"])
patterns = st.lists(words | words.filter(lambda each: each != "*").map("!{}".format), max_size=3)
written = st.tuples(st.just("*") | words, st.just(""), words | st.just("!ab"))
kinds = st.lists(st.builds(GroupKind, words, group=words, name=words | st.just("")), max_size=3)


@given(patterns=patterns, denied=words.filter(lambda each: each != "*"), repo=spaces)
def test_what_a_deny_means_is_never_permitted(patterns: list[str], denied: str, repo: str) -> None:
    if not source([denied], repo):
        assert source([*patterns, f"!{denied}"], repo)


@given(patterns=st.lists(words, min_size=1, max_size=3), denied=words.filter(lambda each: each != "*"), repo=spaces)
def test_a_deny_beside_all_permits_no_more(patterns: list[str], denied: str, repo: str) -> None:
    before = source(["*", *patterns], repo)
    assert before == ""
    assert (source(["*", *patterns, f"!{denied}"], repo) == "") is bool(source([denied], repo))


@given(entries=st.lists(written, max_size=3), space=spaces, denied=spaces)
def test_a_denied_namespace_is_never_permitted(entries: list[Written], space: str, denied: str) -> None:
    refused = permits(destinations(*entries, ("*", "", f"!{denied}"))).refuse_destination(cluster("a"), space)
    assert refused or space != denied


@given(whitelist=kinds, blacklist=kinds, more=kinds, asked=st.tuples(spaces, spaces, spaces))
def test_a_longer_blacklist_never_permits_more(
    whitelist: list[GroupKind], blacklist: list[GroupKind], more: list[GroupKind], asked: Written
) -> None:
    few = Project("p", cluster_resource_whitelist=whitelist, cluster_resource_blacklist=blacklist)
    many = Project("p", cluster_resource_whitelist=whitelist, cluster_resource_blacklist=[*blacklist, *more])
    if permits(few).refuse_kind(*asked, namespaced=False):
        assert permits(many).refuse_kind(*asked, namespaced=False)


@given(patterns=patterns, repo=spaces)
def test_the_order_does_not_matter(patterns: list[str], repo: str) -> None:
    assert bool(source(patterns, repo)) is bool(source(patterns[::-1], repo))
