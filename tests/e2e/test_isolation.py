"""One cluster's trouble is its own."""

from tests.e2e.workbench import Workbench, config_map

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
CLUSTER_FAILED = 4


def test_g_a_stopped_cluster_does_not_stop_the_others(embedded: Workbench) -> None:
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/b.yaml": config_map("b", key="1")})
    embedded.up()
    stopped = embedded.cluster("dev")
    stopped.stop()
    try:
        embedded.commit({"manifests/a.yaml": config_map("a", key="2"), "manifests/b.yaml": None})
        known = [name for name in embedded.objects_in_state() if name.startswith("dev/")]
        run = embedded.up("--refresh", exit_code=CLUSTER_FAILED)
        assert "dev" in run.text
        assert [embedded.config_map(cluster, "a") for cluster in ("hub", "prod")] == [{"key": "2"}, {"key": "2"}]
        assert [embedded.config_map(cluster, "b") for cluster in ("hub", "prod")] == [None, None]
        assert [name for name in embedded.objects_in_state() if name.startswith("dev/")] == known
    finally:
        stopped.start()
    embedded.up()
    assert embedded.config_map("dev", "a") == {"key": "2"}
    assert embedded.config_map("dev", "b") is None
    embedded.run("refresh", "--preview-only", "--expect-no-changes")


def test_g_a_stopped_cluster_without_changes_is_no_trouble(embedded: Workbench) -> None:
    embedded.declare(APPLICATION)
    embedded.commit({"manifests/a.yaml": config_map("a", key="1")})
    embedded.up()
    stopped = embedded.cluster("dev")
    stopped.stop()
    try:
        embedded.run("preview", "--expect-no-changes")
        embedded.up("--expect-no-changes")
    finally:
        stopped.start()
