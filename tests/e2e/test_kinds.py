"""Kinds and versions that a cluster does not serve: told for each cluster before anything is written there."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.workbench import Run, Workbench, config_map

CLUSTERS = ("hub", "dev", "prod")
CLUSTER_FAILED = 4
NOTHING_WRITTEN = "Kinds are not served; nothing was written to this cluster"
APPLICATION = """
def application(name):
    here = [Destination(cluster, namespace=NAMESPACE) for cluster in ("hub", "dev", "prod")]
    source, sync = GitSource(REPO, path=name), SyncPolicy(prune=True)
    return Application(name, source=source, destinations=here, retain=(), sync=sync)

fleet = Fleet(applications=[application("web"), application("other")])
"""


def refused(run: Run) -> set[str]:
    """Return the clusters to which nothing was written."""
    return {each for each in CLUSTERS if f"{each}: error: {NOTHING_WRITTEN}" in run.text}


def definition(group: str, version: str = "v1") -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def widget(group: str, version: str = "v1", **annotations: str) -> dict[str, Any]:
    metadata = {"name": "w", "annotations": annotations}
    return {"apiVersion": f"{group}/{version}", "kind": "Widget", "metadata": metadata, "spec": {"size": 1}}


@pytest.fixture
def group(embedded: Workbench) -> Iterator[str]:
    """Return an API group of this test's own; what is left of it in the clusters goes."""
    name = f"{embedded.namespace}.example.com"
    yield name
    for cluster in embedded.clusters:
        cluster.request("DELETE", f"{CRDS}/widgets.{name}")


CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def serve(bench: Workbench, cluster: str, group: str, version: str = "v1") -> None:
    """Let a cluster serve the kind before the stack is deployed."""
    bench.create(cluster, CRDS, definition(group, version))
    path = f"/apis/{group}/{version}/namespaces/{bench.namespace}/widgets"
    for _ in range(600):
        if bench.cluster(cluster).request("GET", path).ok:
            return
        time.sleep(0.05)
    raise AssertionError(f"{cluster} does not serve {path}")


def test_what_a_cluster_does_not_serve_is_told_before_anything_is_written(embedded: Workbench, group: str) -> None:
    """dev serves the kind, prod in another version, and hub not at all."""
    serve(embedded, "dev", group)
    serve(embedded, "prod", group, "v2")
    embedded.declare(APPLICATION)
    old = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "old"}}
    embedded.commit(
        {"web/a.yaml": config_map("a", key="1"), "web/w.yaml": widget(group), "other/b.yaml": config_map("b")}
    )
    for words in (("preview",), ("up", "--yes", "--skip-preview")):
        run = embedded.run(*words, exit_code=CLUSTER_FAILED)
        assert refused(run) == {"hub", "prod"}
        assert f"Widget in {group}/v1: wanted by web\n" in run.text
        assert f"Widget in {group}/v1: wanted by web; it serves Widget in {group}/v2" in run.text
        assert "add the CustomResourceDefinition" in run.text
    assert [embedded.config_map(cluster, "a") for cluster in CLUSTERS] == [None, {"key": "1"}, None]
    assert [embedded.config_map(cluster, "b") for cluster in CLUSTERS] == [None, {}, None]

    embedded.commit({"web/w.yaml": None, "other/old.yaml": old})
    run = embedded.up(exit_code=CLUSTER_FAILED)
    assert refused(run) == set(CLUSTERS)
    budget = "PodDisruptionBudget in policy/v1beta1: wanted by other; it serves PodDisruptionBudget in policy/v1"
    assert budget in run.text
    embedded.run("up", "--yes", "--skip-preview", "--app", "web")
    assert [embedded.config_map(cluster, "a") for cluster in CLUSTERS] == [{"key": "1"}] * 3


def test_namespaces_and_kinds_are_told_of_together(embedded: Workbench, group: str) -> None:
    embedded.declare(APPLICATION)
    missing = f"{embedded.namespace}-missing"
    elsewhere = config_map("a") | {"metadata": {"name": "a", "namespace": missing}}
    embedded.commit({"web/a.yaml": elsewhere, "other/w.yaml": widget(group), "other/b.yaml": config_map("b")})
    run = embedded.up(exit_code=CLUSTER_FAILED)
    assert "Namespaces do not exist, and kinds are not served; nothing was written to this cluster" in run.text
    assert f"{missing}: wanted by web" in run.text
    assert f"Widget in {group}/v1: wanted by other" in run.text
    assert [embedded.config_map(cluster, "b") for cluster in CLUSTERS] == [None] * 3


def test_a_definition_and_its_resources_come_in_one_run_and_in_one_preview(embedded: Workbench, group: str) -> None:
    embedded.declare(APPLICATION)
    embedded.commit({"web/w.yaml": widget(group), "other/definition.yaml": definition(group)})
    previewed = embedded.run("preview")
    assert previewed.text.count("create Widget") == 3
    assert previewed.text.count("create CustomResourceDefinition") == 3
    embedded.up()
    path = f"/apis/{group}/v1/namespaces/{embedded.namespace}/widgets/w"
    found = [embedded.get(cluster, path) for cluster in CLUSTERS]
    assert [each["spec"] for each in found if each] == [{"size": 1}] * 3
    embedded.run("preview", "--expect-no-changes")
    embedded.run("destroy", "--yes", "--skip-preview")
    assert [embedded.get(cluster, f"{CRDS}/widgets.{group}") for cluster in CLUSTERS] == [None] * 3


def test_a_kind_that_something_else_brings_is_not_asked_for_beforehand(embedded: Workbench, group: str) -> None:
    embedded.declare(APPLICATION)
    brought = widget(group, **{"argocd.argoproj.io/sync-options": "SkipDryRunOnMissingResource=true"})
    embedded.commit({"web/w.yaml": brought, "other/b.yaml": config_map("b")})
    run = embedded.up("--continue-on-error", exit_code=CLUSTER_FAILED)
    assert NOTHING_WRITTEN not in run.text
    assert f"the cluster does not serve Widget in {group}/v1" in run.text
    assert [embedded.config_map(cluster, "b") for cluster in CLUSTERS] == [{}] * 3
