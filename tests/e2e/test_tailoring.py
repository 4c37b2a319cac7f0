"""One definition, and what is different in some of three real clusters, by their labels and one by one."""

from __future__ import annotations

from tests.e2e.workbench import Workbench, config_map, deployment

CLUSTERS = ("hub", "dev", "prod")

TAGGED = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests", revision="v1.0.0"),
            destinations=["hub", "dev", "prod"],
            namespace=NAMESPACE,
            overrides=[
                Override(selector="env=dev", revision=">=1.0.0-0"),
                Override(selector="env=prod", revision="1.x"),
            ],
            sync=SyncPolicy(automated=True, prune=True),
        )
    ],
)
"""
TAILORED = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=["hub", "dev", Destination("prod", labels={"tier": "own"})],
            namespace=NAMESPACE,
            overrides=[
                Override(
                    selector="env in (dev,prod)",
                    labels={"tier": "some"},
                    annotations={"example.com/note": "not the hub"},
                    patches=[Patch({"spec": {"replicas": 3}}, target=PatchTarget(kind="Deployment"))],
                ),
                Override(
                    clusters=["pro*"],
                    patches=[
                        Patch(
                            [{"op": "replace", "path": "/data/key", "value": "patched"}],
                            target=PatchTarget(kind="ConfigMap", name="settings"),
                        )
                    ],
                ),
                SKIPPED
            ],
            sync=SyncPolicy(automated=True, prune=True),
        )
    ],
)
"""


def label(bench: Workbench) -> None:
    bench.configure(dev={"labels": {"env": "dev"}}, prod={"labels": {"env": "prod"}})


def release(bench: Workbench, tag: str) -> None:
    bench.repo.create_tag(tag, bench.commit({"manifests/a.yaml": config_map("a", release=tag)}))


def releases(bench: Workbench) -> list[str | None]:
    found = [bench.config_map(cluster, "a") for cluster in CLUSTERS]
    return [None if data is None else data["release"] for data in found]


def test_each_cluster_follows_its_own_tags(bench: Workbench) -> None:
    label(bench)
    bench.declare(TAGGED)
    for tag in ("v1.0.0", "v1.1.0", "v1.2.0-rc.1"):
        release(bench, tag)
    bench.up()
    assert releases(bench) == ["v1.0.0", "v1.2.0-rc.1", "v1.1.0"]

    path = [f"/api/v1/namespaces/{bench.namespace}/configmaps/a"]
    before = bench.versions("hub", path), bench.versions("prod", path)
    release(bench, "v2.0.0")
    bench.up()
    assert releases(bench) == ["v1.0.0", "v2.0.0", "v1.1.0"]
    assert (bench.versions("hub", path), bench.versions("prod", path)) == before


def test_labels_patches_and_where_it_is_left_out(equipped: Workbench) -> None:
    label(equipped)
    equipped.declare(TAILORED.replace("SKIPPED", ""))
    equipped.commit({"manifests/web.yaml": deployment("web"), "manifests/s.yaml": config_map("settings", key="git")})
    equipped.up()
    assert [equipped.replicas(cluster, "web") for cluster in CLUSTERS] == [2, 3, 3]
    assert [equipped.config_map(cluster, "settings") for cluster in CLUSTERS] == [
        {"key": "git"},
        {"key": "git"},
        {"key": "patched"},
    ]
    path = f"/apis/apps/v1/namespaces/{equipped.namespace}/deployments/web"
    found = [equipped.get(cluster, path) or {} for cluster in CLUSTERS]
    tiers = [each["metadata"]["labels"].get("tier") for each in found]
    assert tiers == [None, "some", "own"]
    notes = [each["metadata"].get("annotations", {}).get("example.com/note") for each in found]
    assert notes == [None, "not the hub", "not the hub"]
    assert ["tier" in each["spec"]["template"]["metadata"]["labels"] for each in found] == [False, False, False]

    equipped.declare(TAILORED.replace("SKIPPED", 'Override(selector="env=dev", skip=True)'))
    equipped.commit({"manifests/s.yaml": config_map("settings", key="new")})
    equipped.up()
    assert [equipped.replicas(cluster, "web") for cluster in CLUSTERS] == [2, None, 3]
    assert [equipped.config_map(cluster, "settings") for cluster in CLUSTERS] == [
        {"key": "new"},
        None,
        {"key": "patched"},
    ]
    equipped.up("--expect-no-changes")
    assert not [name for name in equipped.objects_in_state() if name.startswith("dev/")]
