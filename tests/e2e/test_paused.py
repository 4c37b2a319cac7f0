"""A paused cluster stays as it is while the others go on, and nobody calls on it: it may as well be down."""

from collections.abc import Mapping

from tests.e2e.workbench import Workbench, config_map

OTHERS = ("hub", "prod")
CLUSTER_FAILED = 4
PAUSED: Mapping[str, object] = {"paused": True}

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
Held = list[Mapping[str, str] | None]
FIRST: Held = [{"version": "1"}, {"version": "1"}, None]
SECOND: Held = [{"version": "2"}, None, {"version": "2"}]


def first_commit(bench: Workbench) -> str:
    return bench.commit({f"manifests/{name}.yaml": config_map(name, version="1") for name in "ab"})


def second_commit(bench: Workbench) -> str:
    changed = {f"manifests/{name}.yaml": config_map(name, version="2") for name in "ac"}
    return bench.commit({**changed, "manifests/b.yaml": None})


def held(bench: Workbench, cluster: str) -> Held:
    return [bench.config_map(cluster, name) for name in "abc"]


def deployed(bench: Workbench) -> Mapping[str, str]:
    (root,) = [each for each in bench.checkpoint()["latest"]["resources"] if each["type"] == "pulumi:pulumi:Stack"]
    commits = root["outputs"]["deployed"]["web"]
    return {cluster: commit for cluster, by_namespace in commits.items() for commit in by_namespace.values()}


def test_a_paused_cluster_stays_while_the_others_go_on(bench: Workbench) -> None:
    bench.declare(APPLICATION)
    first = first_commit(bench)
    bench.up()
    before = bench.holdings()
    second = second_commit(bench)
    bench.configure(dev=PAUSED)
    paused = bench.cluster("dev")
    paused.stop()
    try:
        bench.run("preview")
        bench.up()
    finally:
        paused.start()
    assert [held(bench, cluster) for cluster in OTHERS] == [SECOND, SECOND]
    assert held(bench, "dev") == FIRST
    assert deployed(bench) == {"hub": second, "dev": first, "prod": second}
    untouched = {path: version for path, version in before.items() if path.startswith("dev/")}
    assert {path: version for path, version in bench.holdings().items() if path.startswith("dev/")} == untouched
    bench.configure()
    bench.up()
    assert held(bench, "dev") == SECOND
    assert deployed(bench) == dict.fromkeys(("hub", "dev", "prod"), second)


def test_nothing_comes_to_a_paused_cluster_that_has_nothing(bench: Workbench) -> None:
    bench.declare(APPLICATION)
    bench.configure(dev=PAUSED)
    first_commit(bench)
    bench.up()
    assert [held(bench, cluster) for cluster in OTHERS] == [FIRST, FIRST]
    assert held(bench, "dev") == [None, None, None]
    assert not [name for name in bench.objects_in_state() if name.startswith("dev/")]
    bench.configure()
    bench.up()
    assert held(bench, "dev") == FIRST


def test_a_cluster_that_is_down_can_be_paused_until_it_is_back(embedded: Workbench) -> None:
    embedded.declare(APPLICATION)
    first = first_commit(embedded)
    embedded.up()
    down = embedded.cluster("dev")
    down.stop()
    try:
        second = second_commit(embedded)
        embedded.up(exit_code=CLUSTER_FAILED)
        embedded.configure(dev=PAUSED)
        embedded.run("preview", "--refresh", "--expect-no-changes")
        embedded.up("--refresh", "--expect-no-changes")
        embedded.run("refresh", "--preview-only", "--expect-no-changes")
    finally:
        down.start()
    assert deployed(embedded) == {"hub": second, "dev": first, "prod": second}
    assert held(embedded, "dev") == FIRST
    drifted = {"version": "somebody's"}
    embedded.patch("dev", f"/api/v1/namespaces/{embedded.namespace}/configmaps/a", {"data": drifted})
    embedded.up("--refresh")
    assert embedded.config_map("dev", "a") == drifted
    embedded.configure()
    embedded.up("--refresh")
    assert [held(embedded, cluster) for cluster in ("dev", *OTHERS)] == [SECOND] * 3
