"""One Application from Git to three real clusters: brought there, kept there, pruned. On every engine present."""

import pytest

from tests.e2e.workbench import REPOSITORY, Workbench, config_map, deployment

CLUSTERS = ("hub", "dev", "prod")
EXAMPLE = REPOSITORY / "examples" / "first-application"

APPLICATION = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=[Destination(name, namespace=NAMESPACE) for name in ("hub", "dev", "prod")],
            sync=SyncPolicy(automated=True, prune=True, self_heal=True),
        )
    ],
)
"""


def everywhere(bench: Workbench, name: str, **data: str) -> bool:
    return all(bench.config_map(cluster, name) == data for cluster in CLUSTERS)


def test_a_the_example_as_it_is_reaches_three_clusters(bench: Workbench) -> None:
    bench.mirrored.append("https://github.com/your-org/your-repo.git")
    bench.configure(
        hub={"inCluster": True},
        dev={"urls": ["https://<dev-cluster-api-server-url>"]},
        prod={"urls": ["https://<prod-cluster-api-server-url>"]},
    )
    bench.declare_yaml((EXAMPLE / "application.yaml").read_text())
    bench.commit({"manifests/app.yaml": (EXAMPLE / "manifests" / "app.yaml").read_text()})
    path = "/apis/apps/v1/namespaces/default/deployments/my-app"
    try:
        bench.up()
        found = [bench.get(cluster, path) for cluster in CLUSTERS]
        assert [each and each["spec"]["replicas"] for each in found] == [2, 2, 2]
    finally:
        bench.run("destroy", "--yes", "--skip-preview")
    assert [bench.get(cluster, path) for cluster in CLUSTERS] == [None, None, None]


def test_b_a_commit_arrives_everywhere_and_touches_nothing_else(bench: Workbench) -> None:
    bench.declare(APPLICATION)
    bench.commit({"manifests/web.yaml": deployment("web"), "manifests/other.yaml": config_map("other", key="1")})
    bench.up()
    other = [f"/api/v1/namespaces/{bench.namespace}/configmaps/other"]
    before = [bench.versions(cluster, other) for cluster in CLUSTERS]
    bench.commit({"manifests/web.yaml": deployment("web", replicas=3)})
    bench.up()
    assert [bench.replicas(cluster, "web") for cluster in CLUSTERS] == [3, 3, 3]
    assert [bench.versions(cluster, other) for cluster in CLUSTERS] == before


def test_c_a_run_without_change_writes_nothing(bench: Workbench) -> None:
    bench.declare(APPLICATION)
    bench.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/b.yaml": config_map("b", key="1")})
    bench.up()
    paths = [f"/api/v1/namespaces/{bench.namespace}/configmaps/{name}" for name in "ab"]
    before = [bench.versions(cluster, paths) for cluster in CLUSTERS]
    bench.run("preview", "--expect-no-changes")
    bench.up("--expect-no-changes")
    assert [bench.versions(cluster, paths) for cluster in CLUSTERS] == before


def test_e_what_leaves_git_is_pruned(bench: Workbench) -> None:
    bench.declare(APPLICATION)
    bench.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/b.yaml": config_map("b", key="1")})
    bench.up()
    bench.commit({"manifests/b.yaml": None})
    bench.up()
    assert everywhere(bench, "a", key="1")
    assert [bench.config_map(cluster, "b") for cluster in CLUSTERS] == [None, None, None]


def test_e_without_prune_it_is_kept_and_reported(bench: Workbench) -> None:
    bench.declare(APPLICATION.replace("prune=True", "prune=False"))
    bench.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/b.yaml": config_map("b", key="1")})
    bench.up()
    bench.commit({"manifests/b.yaml": None})
    run = bench.up()
    assert everywhere(bench, "b", key="1")
    assert "retain" in run.text.lower()
    assert not [name for name in bench.objects_in_state() if name.endswith("/b")]


def test_f_each_destination_has_its_own_namespace_revision_and_path(bench: Workbench) -> None:
    old = bench.commit({"base/a.yaml": config_map("a", from_="base-1"), "prod/a.yaml": config_map("a", from_="prod")})
    bench.repo.create_tag("v1", old)
    bench.commit({"base/a.yaml": config_map("a", from_="base-2")})
    other = f"{bench.namespace}-dev"
    bench.declare(
        f"""
        fleet = Fleet(
            applications=[
                Application(
                    "web",
                    source=GitSource(REPO, path="base"),
                    destinations=[
                        Destination("hub", namespace=NAMESPACE),
                        Destination("dev", namespace={other!r}, revision="v1"),
                        Destination("prod", namespace=NAMESPACE, path="prod"),
                    ],
                    sync=SyncPolicy(create_namespace=True, prune=True),
                )
            ],
        )
        """
    )
    bench.up()
    try:
        assert bench.config_map("hub", "a") == {"from_": "base-2"}
        assert bench.config_map("dev", "a", other) == {"from_": "base-1"}
        assert bench.config_map("prod", "a") == {"from_": "prod"}
        assert bench.config_map("dev", "a") is None
    finally:
        bench.delete("dev", f"/api/v1/namespaces/{other}")


def test_h_what_exists_already_is_an_error_until_it_is_taken_over(bench: Workbench) -> None:
    bench.declare(APPLICATION)
    bench.commit({"manifests/a.yaml": config_map("a", key="ours")})
    bench.create("dev", f"/api/v1/namespaces/{bench.namespace}/configmaps", config_map("a", key="theirs"))
    run = bench.up("--continue-on-error", exit_code=None)
    assert run.exit_code != 0, str(run)
    assert "exists" in run.text
    assert bench.config_map("dev", "a") == {"key": "theirs"}
    bench.declare(APPLICATION.replace('"web",', '"web", adopt=True,'))
    bench.up()
    assert everywhere(bench, "a", key="ours")


def test_i_two_applications_that_want_one_object_fail_before_anything_is_written(bench: Workbench) -> None:
    bench.declare(
        """
        def application(name):
            here = Destination("dev", namespace=NAMESPACE)
            return Application(name, source=GitSource(REPO, path=name), destinations=[here])

        fleet = Fleet(applications=[application("one"), application("two")])
        """
    )
    bench.commit({"one/a.yaml": config_map("a"), "one/b.yaml": config_map("b"), "two/a.yaml": config_map("a")})
    run = bench.up(exit_code=None)
    assert run.exit_code != 0
    assert "one" in run.text
    assert "two" in run.text
    assert f"ConfigMap {bench.namespace}/a" in run.text
    assert [bench.config_map("dev", name) for name in "ab"] == [None, None]


def test_k_destroy_removes_all_and_leaves_namespaces(bench: Workbench) -> None:
    kept = f"{bench.namespace}-kept"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": kept}}
    bench.declare(APPLICATION)
    bench.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/namespace.yaml": namespace})
    bench.up()
    bench.run("destroy", "--yes", "--skip-preview")
    try:
        assert [bench.config_map(cluster, "a") for cluster in CLUSTERS] == [None, None, None]
        assert all(bench.get(cluster, f"/api/v1/namespaces/{kept}") for cluster in CLUSTERS)
        assert bench.objects_in_state() == []
    finally:
        for cluster in CLUSTERS:
            bench.delete(cluster, f"/api/v1/namespaces/{kept}")


def test_k_destroy_removes_namespaces_too_when_asked(bench: Workbench) -> None:
    gone = f"{bench.namespace}-gone"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": gone}}
    bench.declare(APPLICATION.replace('"web",', '"web", retain=(),'))
    bench.commit({"manifests/namespace.yaml": namespace})
    bench.up()
    bench.run("destroy", "--yes", "--skip-preview")
    assert [bench.get(cluster, f"/api/v1/namespaces/{gone}") for cluster in CLUSTERS] == [None, None, None]


def test_l_renaming_an_application_writes_nothing(bench: Workbench) -> None:
    bench.declare(APPLICATION)
    bench.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/web.yaml": deployment("web")})
    bench.up()
    paths = [f"/api/v1/namespaces/{bench.namespace}/configmaps/a"]
    before = [bench.versions(cluster, paths) for cluster in CLUSTERS]
    bench.declare(APPLICATION.replace('"web"', '"website"'))
    bench.up()
    assert [bench.versions(cluster, paths) for cluster in CLUSTERS] == before
    assert [bench.replicas(cluster, "web") for cluster in CLUSTERS] == [2, 2, 2]


@pytest.mark.parametrize("engine", ["embedded"], indirect=True)
def test_f_a_namespace_that_does_not_exist_is_an_error_before_anything_is_written(
    bench: Workbench,
) -> None:
    missing = f"{bench.namespace}-missing"
    in_missing = config_map("b") | {"metadata": {"name": "b", "namespace": missing}}
    bench.declare(APPLICATION)
    bench.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/b.yaml": in_missing})
    run = bench.up(exit_code=4)
    assert missing in run.text
    assert "create_namespace=True" in run.text
    assert [bench.config_map(cluster, "a") for cluster in CLUSTERS] == [None, None, None]


@pytest.mark.parametrize("engine", ["embedded"], indirect=True)
def test_k_destroy_removes_what_prune_would_have_kept(bench: Workbench) -> None:
    bench.declare(APPLICATION.replace("prune=True", "prune=False"))
    ours = config_map("ours", key="1")
    ours["metadata"] |= {"annotations": {"argocd.argoproj.io/sync-options": "Delete=false"}}
    bench.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/ours.yaml": ours})
    bench.up()
    bench.run("destroy", "--yes", "--skip-preview")
    assert [bench.config_map(cluster, "a") for cluster in CLUSTERS] == [None, None, None]
    assert everywhere(bench, "ours", key="1")
    assert bench.objects_in_state() == []
