"""Projects and selections: what is refused changes nothing anywhere, and what is not selected stays as it is."""

import json

from tests.e2e.workbench import Workbench, config_map

REFUSED = 16
WRONG = 2
CLUSTERS = ("hub", "dev", "prod")
CLUSTER_ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "test-projects-reader"},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}
TEAM = """
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: team}
spec:
  sourceRepos: ["https://example.com/*"]
  destinations:
  - {name: "{hub,dev}", namespace: "*"}
  roles: [{name: admin, policies: ["p, proj:team:admin, applications, *, team/*, allow"]}]
---
"""


def application(
    name: str, project: str, cluster: str, namespace: str, repo: str = "https://example.com/repo.git"
) -> str:
    return f"""
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}}}
spec:
  project: {project}
  source: {{repoURL: "{repo}", path: {name}}}
  destination: {{name: {cluster}, namespace: {namespace}}}
---
"""


def test_a_project_refuses_a_repository_a_destination_and_a_kind_before_any_write(bench: Workbench) -> None:
    bench.mirrored.append("https://elsewhere.example.com/repo.git")
    bench.configure()
    space = bench.namespace
    bench.declare_yaml(
        TEAM
        + application("fine", "default", "hub", space)
        + application("foreign", "team", "hub", space, "https://elsewhere.example.com/repo.git")
        + application("far", "team", "prod", space)
        + application("mighty", "team", "dev", space)
    )
    names = ("fine", "foreign", "far", "mighty")
    bench.commit({f"{name}/a.yaml": config_map(name, key="1") for name in names} | {"mighty/b.yaml": CLUSTER_ROLE})
    code = REFUSED if bench.engine.name == "embedded" else None
    for run in (bench.run("preview", exit_code=code), bench.up(exit_code=code)):
        assert run.exit_code != 0
        for said in (
            "repository https://elsewhere.example.com/repo.git is not permitted in project 'team'",
            "sourceRepos permits only https://example.com/*.",
            f"namespace '{space}' of this cluster is not permitted in project 'team'",
            "destinations permits only {name: '{hub,dev}', namespace: '*'}.",
            "ClusterRole.rbac.authorization.k8s.io test-projects-reader is not permitted in project 'team'",
            "It is in mighty/b.yaml:1 of ",
        ):
            assert said in run.text, str(run)
        assert "stacks/test/application.yaml:" in run.text
    assert [bench.config_map(cluster, name) for cluster in CLUSTERS for name in names] == [None] * 12
    assert bench.get("dev", "/apis/rbac.authorization.k8s.io/v1/clusterroles/test-projects-reader") is None


def test_what_a_project_permits_is_deployed(bench: Workbench) -> None:
    bench.declare_yaml(TEAM + application("web", "team", "dev", bench.namespace))
    bench.commit({"web/a.yaml": config_map("web", key="1")})
    bench.up()
    assert bench.config_map("dev", "web") == {"key": "1"}


THREE = """
def application(name, project, **labels):
    here = [Destination(cluster, namespace=NAMESPACE) for cluster in ("dev", "prod")]
    sync = SyncPolicy(prune=True, self_heal=True)
    source = GitSource(REPO, path=name)
    return Application(name, source=source, destinations=here, sync=sync, project=project, labels=labels)

everything = dict(source_repos=["**"], destinations=[ProjectDestination(name="*", namespace="*")])
fleet = Fleet(
    applications=[{applications}],
    projects=[Project("one", **everything), Project("two", **everything)],
)
"""
A = 'application("a", "one", env="prod")'
B = 'application("b", "two", env="dev")'
C = 'application("c", "two", env="dev", legacy="yes")'


def declare(bench: Workbench, *applications: str) -> None:
    bench.declare(THREE.format(applications=", ".join(applications)))


def manifests(version: str, *names: str) -> dict[str, dict[str, object] | None]:
    return {f"{name}/{name}.yaml": config_map(name, version=version) for name in names}


def version(bench: Workbench, name: str, cluster: str = "dev") -> str | None:
    found = bench.config_map(cluster, name)
    return None if found is None else found["version"]


def deployed(bench: Workbench) -> dict[str, set[str]]:
    """Return application → the commits of it that the stack's output names."""
    outputs = next(each for each in bench.checkpoint()["latest"]["resources"] if each["type"] == "pulumi:pulumi:Stack")
    found: dict[str, dict[str, dict[str, str]]] = outputs["outputs"]["deployed"]
    return {name: {sha for each in clusters.values() for sha in each.values()} for name, clusters in found.items()}


def state_of(bench: Workbench, name: str) -> str:
    """Return all that the state has of an application, as text."""
    resources = bench.checkpoint()["latest"]["resources"]
    own = {each["urn"] for each in resources if each["urn"].endswith((f"::dev/{name}", f"::prod/{name}"))}
    return json.dumps([each for each in resources if each["urn"] in own or each.get("parent") in own], sort_keys=True)


def test_only_what_is_selected_is_updated_and_pruned(embedded: Workbench) -> None:
    declare(embedded, A, B, C)
    first = embedded.commit({**manifests("1", "a", "b", "c"), "b/more.yaml": config_map("more", version="1")})
    embedded.up()
    before = {name: state_of(embedded, name) for name in "abc"}
    second = embedded.commit({**manifests("2", "a", "b", "c"), "b/more.yaml": None})

    run = embedded.up("--app", "a")
    assert [version(embedded, name, cluster) for cluster in ("dev", "prod") for name in ("a", "b", "c", "more")] == [
        "2", "1", "1", "1", "2", "1", "1", "1",
    ]  # fmt: skip
    assert {name: state_of(embedded, name) for name in "bc"} == {name: before[name] for name in "bc"}
    assert deployed(embedded) == {"a": {second}, "b": {first}, "c": {first}}
    assert f"{embedded.namespace}/a" in run.text
    assert f"{embedded.namespace}/b" not in run.text

    embedded.up("-l", "env=dev,!legacy")
    assert [version(embedded, name) for name in ("a", "b", "c", "more")] == ["2", "2", "1", None]
    assert state_of(embedded, "c") == before["c"]
    embedded.up("--project", "two")
    assert deployed(embedded) == {name: {second} for name in "abc"}
    embedded.run("preview", "--expect-no-changes")


def test_an_application_that_left_the_stack_stays_unless_it_is_selected(embedded: Workbench) -> None:
    declare(embedded, A, B, C)
    embedded.commit(manifests("1", "a", "b", "c"))
    embedded.up()
    before = state_of(embedded, "c")
    declare(embedded, A, B)
    embedded.up("--app", "a")
    assert version(embedded, "c") == "1"
    assert state_of(embedded, "c") == before
    assert set(deployed(embedded)) == {"a", "b", "c"}
    embedded.up("--app", "c")
    assert [version(embedded, name) for name in "abc"] == ["1", "1", None]
    assert set(deployed(embedded)) == {"a", "b"}


def test_a_new_application_that_is_not_selected_is_not_deployed(embedded: Workbench) -> None:
    declare(embedded, A)
    embedded.commit(manifests("1", "a", "b"))
    embedded.up()
    declare(embedded, A, B)
    embedded.up("--project", "one")
    assert [version(embedded, name) for name in "ab"] == ["1", None]
    assert state_of(embedded, "b") == "[]"
    assert set(deployed(embedded)) == {"a"}
    embedded.up()
    assert [version(embedded, name) for name in "ab"] == ["1", "1"]


def test_only_what_is_selected_is_healed_and_looked_at(embedded: Workbench) -> None:
    declare(embedded, A, B)
    embedded.commit(manifests("1", "a", "b"))
    embedded.up()
    for name in "ab":
        path = f"/api/v1/namespaces/{embedded.namespace}/configmaps/{name}"
        embedded.patch("dev", path, {"data": {"version": "drifted"}})
    run = embedded.run("refresh", "--preview-only", "--app", "b")
    assert f"{embedded.namespace}/b" in run.text
    assert f"{embedded.namespace}/a" not in run.text
    embedded.up("--refresh", "--app", "a")
    assert [version(embedded, name) for name in "ab"] == ["1", "drifted"]
    embedded.up("--refresh")
    assert [version(embedded, name) for name in "ab"] == ["1", "1"]


def test_only_what_is_selected_is_destroyed(embedded: Workbench) -> None:
    declare(embedded, A, B)
    embedded.commit(manifests("1", "a", "b"))
    embedded.up()
    before = state_of(embedded, "b")
    embedded.run("destroy", "--yes", "--app", "a")
    assert [version(embedded, name, cluster) for cluster in ("dev", "prod") for name in "ab"] == [None, "1", None, "1"]
    assert state_of(embedded, "b") == before
    assert set(deployed(embedded)) == {"b"}
    embedded.run("destroy", "--yes")
    assert version(embedded, "b") is None


def test_a_selection_that_means_nobody_is_an_error(embedded: Workbench) -> None:
    declare(embedded, A, B)
    embedded.commit(manifests("1", "a", "b"))
    embedded.up()
    versions = embedded.versions("dev", [f"/api/v1/namespaces/{embedded.namespace}/configmaps/{name}" for name in "ab"])
    embedded.commit(manifests("2", "a", "b"))
    run = embedded.run("up", "--yes", "--app", "aa", exit_code=WRONG)
    assert "no application is named 'aa'" in run.text
    assert "Did you mean 'a'?" in run.text
    for command in (("destroy", "--yes"), ("refresh", "--yes"), ("targets",)):
        assert "no application is" in embedded.run(*command, "-l", "env=absent", exit_code=WRONG).text
    paths = [f"/api/v1/namespaces/{embedded.namespace}/configmaps/{name}" for name in "ab"]
    assert embedded.versions("dev", paths) == versions


def test_targets_name_the_selected_objects(embedded: Workbench) -> None:
    declare(embedded, A, B)
    embedded.commit(manifests("1", "a", "b"))
    embedded.up()
    embedded.commit(manifests("2", "a", "b"))
    targets = embedded.run("targets", "--app", "a").text.split()
    assert [target.rpartition("::")[2] for target in targets] == [
        f"dev/{embedded.namespace}/a",
        f"prod/{embedded.namespace}/a",
        "dev/a",
        "prod/a",
    ]
    embedded.up(*targets)
    assert [version(embedded, name) for name in "ab"] == ["2", "1"]
