"""Drift: each kind of it is shown, with an exit code of its own, and healed; or left alone where that is asked for."""

from collections.abc import Callable

import pytest

from tests.e2e.workbench import Workbench, config_map, deployment

CLUSTERS = ("hub", "dev", "prod")
CHANGES_FOUND = 7

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


def config_path(bench: Workbench) -> str:
    return f"/api/v1/namespaces/{bench.namespace}/configmaps/a"


def web_path(bench: Workbench) -> str:
    return f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web"


def change_a_field(bench: Workbench) -> None:
    bench.patch("dev", config_path(bench), {"data": {"key": "changed"}})


def remove_a_label(bench: Workbench) -> None:
    bench.patch("dev", web_path(bench), {"metadata": {"labels": {"app": None}}})


def delete_an_object(bench: Workbench) -> None:
    bench.delete("dev", config_path(bench))


def append_an_argument(bench: Workbench) -> None:
    found = bench.get("dev", web_path(bench))
    assert found is not None
    (container,) = found["spec"]["template"]["spec"]["containers"]
    changed = container | {"args": [*container["args"], "--debug"]}
    bench.patch("dev", web_path(bench), {"spec": {"template": {"spec": {"containers": [changed]}}}})


def scale_as_kubectl_does(bench: Workbench) -> None:
    bench.patch("dev", web_path(bench), {"spec": {"replicas": 5}}, manager="kubectl")


KINDS = [change_a_field, remove_a_label, delete_an_object, append_an_argument, scale_as_kubectl_does]
# What Pulumi's own refresh cannot see: pulumi-kubernetes compares lists up to the length that it knows.
INVISIBLE_TO_PULUMI = [append_an_argument]


def wanted(bench: Workbench, cluster: str) -> bool:
    web = bench.get(cluster, web_path(bench))
    assert web is not None
    (container,) = web["spec"]["template"]["spec"]["containers"]
    fields = (web["metadata"].get("labels", {}).get("app"), web["spec"]["replicas"], container["args"])
    return bench.config_map(cluster, "a") == {"key": "1"} and fields == ("web", 2, ["--one"])


@pytest.fixture
def deployed(bench: Workbench) -> Workbench:
    bench.declare(APPLICATION)
    bench.commit(
        {"manifests/a.yaml": config_map("a", key="1"), "manifests/web.yaml": deployment("web", args=["--one"])}
    )
    bench.up()
    return bench


@pytest.mark.parametrize("drift", KINDS)
def test_d_drift_is_shown_and_healed(deployed: Workbench, drift: Callable[[Workbench], None]) -> None:
    if deployed.engine.name == "pulumi" and drift in INVISIBLE_TO_PULUMI:
        pytest.skip("Pulumi's refresh does not see this kind of drift")
    deployed.run("refresh", "--preview-only", "--expect-no-changes")
    drift(deployed)
    shown = deployed.run("refresh", "--preview-only", "--expect-no-changes", exit_code=None)
    assert shown.exit_code != 0, str(shown)
    if deployed.engine.name == "embedded":
        assert shown.exit_code == CHANGES_FOUND, str(shown)
    assert not wanted(deployed, "dev")
    deployed.up("--refresh")
    assert all(wanted(deployed, cluster) for cluster in CLUSTERS)
    deployed.run("refresh", "--preview-only", "--expect-no-changes")


def test_d_a_refresh_takes_note_and_the_next_up_heals(deployed: Workbench) -> None:
    change_a_field(deployed)
    deployed.run("refresh", "--yes", "--skip-preview")
    assert deployed.config_map("dev", "a") == {"key": "changed"}
    deployed.up()
    assert deployed.config_map("dev", "a") == {"key": "1"}


@pytest.mark.parametrize("drift", [change_a_field, delete_an_object])
def test_d_without_self_heal_drift_is_shown_and_stays(embedded: Workbench, drift: Callable[[Workbench], None]) -> None:
    embedded.declare(APPLICATION.replace("self_heal=True", "self_heal=False"))
    embedded.commit({"manifests/a.yaml": config_map("a", key="1"), "manifests/b.yaml": config_map("b", key="1")})
    embedded.up()
    drift(embedded)
    left = embedded.config_map("dev", "a")
    shown = embedded.run("refresh", "--preview-only", "--expect-no-changes", exit_code=CHANGES_FOUND)
    assert f"ConfigMap {embedded.namespace}/a" in shown.text
    shown = embedded.up("--refresh")
    assert f"ConfigMap {embedded.namespace}/a" in shown.text
    embedded.run("refresh", "--yes", "--skip-preview")
    embedded.up()
    assert embedded.config_map("dev", "a") == left


def test_d_what_others_add_is_not_drift(deployed: Workbench) -> None:
    deployed.patch("dev", config_path(deployed), {"metadata": {"annotations": {"example.com/added": "yes"}}})
    deployed.run("refresh", "--preview-only", "--expect-no-changes")
    deployed.up("--refresh")
    found = deployed.get("dev", config_path(deployed))
    assert found is not None
    assert found["metadata"]["annotations"]["example.com/added"] == "yes"
