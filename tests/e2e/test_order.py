"""In which order things come and go, and what stays the same object while its place in the program changes."""

import os
import signal
from collections.abc import Mapping
from typing import Any

from tests.e2e.workbench import Workbench, config_map

CLUSTERS = ("hub", "dev", "prod")
CANCELLED = 8

ONE = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=[Destination("dev", namespace=NAMESPACE)],
            retain=(),
            sync=SyncPolicy(prune=True),
        )
    ],
)
"""
# Two applications of one namespace that exists already, and was labelled by somebody else.
TWO = """
def application(name, **sync):
    here = Destination("dev", namespace=f"{NAMESPACE}-shared")
    policy = SyncPolicy(prune=True, **sync)
    return Application(name, source=GitSource(REPO, path=name), destinations=[here], sync=policy)

fleet = Fleet(applications=[application("one", create_namespace=True), application("two", create_namespace=True)])
"""
ALL = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="manifests"),
            destinations=[Destination(name, namespace=NAMESPACE) for name in ("hub", "dev", "prod")],
            sync=SyncPolicy(prune=True),
        )
    ],
)
"""


def group(bench: Workbench) -> str:
    return f"{bench.namespace}.example.com"


def definition(bench: Workbench) -> dict[str, Any]:
    anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"gadgets.{group(bench)}"},
        "spec": {
            "group": group(bench),
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": anything}],
        },
    }


def autoscaler(version: str) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {
        "apiVersion": f"autoscaling/{version}",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": target},
    }


def metadata(bench: Workbench, path: str) -> Mapping[str, Any]:
    found = bench.get("dev", path)
    assert found is not None
    fields: Mapping[str, Any] = found["metadata"]
    return fields


def test_what_others_need_comes_first_and_goes_last(bench: Workbench) -> None:
    """File names are in the order in which it would not work."""
    new = f"{bench.namespace}-new"
    # In the foreground it would wait until the garbage collector, which looks every 30 s, knows of the new kind.
    at_once = {"pulumi.com/deletionPropagationPolicy": "background"}
    called = {"name": "one", "namespace": new, "annotations": at_once}
    gadget = {"apiVersion": f"{group(bench)}/v1", "kind": "Gadget", "metadata": called}
    inside = config_map("inside") | {"metadata": {"name": "inside", "namespace": new}}
    bench.declare(ONE)
    bench.commit(
        {
            "manifests/a.yaml": gadget | {"spec": {"size": 3}},
            "manifests/b.yaml": inside,
            "manifests/y.yaml": definition(bench),
            "manifests/z.yaml": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": new}},
        }
    )
    bench.run("preview")
    bench.up()
    assert metadata(bench, f"/apis/{group(bench)}/v1/namespaces/{new}/gadgets/one")
    assert metadata(bench, f"/api/v1/namespaces/{new}/configmaps/inside")
    bench.run("preview", "--expect-no-changes")
    bench.run("destroy", "--yes")
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    gone = [f"{crds}/gadgets.{group(bench)}", f"/api/v1/namespaces/{new}"]
    assert [bench.get("dev", path) for path in gone] == [None, None]


def test_a_namespace_is_shared_and_stays(bench: Workbench) -> None:
    name = f"{bench.namespace}-shared"
    path = f"/api/v1/namespaces/{name}"
    labelled = {"name": name, "labels": {"team": "a"}}
    bench.create("dev", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": labelled})
    try:
        bench.declare(TWO)
        bench.commit({"one/a.yaml": config_map("a", key="1"), "two/b.yaml": config_map("b", key="1")})
        run = bench.up()
        if bench.engine.name == "embedded":
            assert f"dev/one: adopted Namespace {name}" in run.text
        there = metadata(bench, path)
        assert there["labels"]["team"] == "a"
        bench.declare(TWO.replace('application("one", create_namespace=True), ', ""))
        bench.up()
        assert bench.config_map("dev", "a", name) is None
        bench.declare(TWO.replace('application("one", create_namespace=True), ', "").replace("True)]", "False)]"))
        bench.up()
        assert metadata(bench, path) == there
        assert bench.config_map("dev", "b", name) == {"key": "1"}
    finally:
        bench.delete("dev", path)


def test_an_object_that_moves_or_changes_its_version_stays_the_same_object(bench: Workbench) -> None:
    bench.declare(TWO.replace('f"{NAMESPACE}-shared"', "NAMESPACE").replace("create_namespace=True", ""))
    bench.commit(
        {
            "one/a.yaml": config_map("a", key="1"),
            "one/web.yaml": autoscaler("v1"),
            "two/b.yaml": config_map("b", key="1"),
        }
    )
    bench.up()
    scaler = f"/apis/autoscaling/v2/namespaces/{bench.namespace}/horizontalpodautoscalers/web"
    paths = [f"/api/v1/namespaces/{bench.namespace}/configmaps/{name}" for name in "ab"]
    moving = [*paths, scaler]
    before, created = bench.versions("dev", moving), metadata(bench, scaler)["uid"]
    bench.commit(
        {
            "one/a.yaml": None,
            "one/web.yaml": None,
            "two/b.yaml": None,
            "one/b.yaml": config_map("b", key="1"),
            "two/a.yaml": config_map("a", key="1"),
            "two/web.yaml": autoscaler("v1"),
        }
    )
    bench.up()
    assert bench.versions("dev", moving) == before
    bench.commit({"two/web.yaml": autoscaler("v2")})
    run = bench.up()
    if bench.engine.name == "embedded":
        assert f"dev/two: updated HorizontalPodAutoscaler.autoscaling {bench.namespace}/web" in run.text
    assert metadata(bench, scaler)["uid"] == created
    bench.run("preview", "--expect-no-changes")


def job(command: str) -> dict[str, Any]:
    container = {"name": "main", "image": "busybox", "args": [command]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {"template": template}}


def test_what_cannot_be_changed_in_place_is_made_anew(bench: Workbench) -> None:
    bench.declare(ONE)
    bench.commit({"manifests/job.yaml": job("one"), "manifests/a.yaml": config_map("a", key="1")})
    bench.up()
    path = f"/apis/batch/v1/namespaces/{bench.namespace}/jobs/job"
    first = metadata(bench, path)["uid"]
    bench.commit({"manifests/job.yaml": job("two")})
    previewed = bench.run("preview")
    assert "replace" in previewed.text
    bench.up()
    second = bench.get("dev", path)
    assert second is not None
    assert second["metadata"]["uid"] != first
    assert second["spec"]["template"]["spec"]["containers"][0]["args"] == ["two"]
    bench.run("preview", "--expect-no-changes")
    bench.run("refresh", "--preview-only", "--expect-no-changes")


def test_what_is_not_pruned_is_told_of_before_and_after(embedded: Workbench) -> None:
    embedded.declare(ALL.replace("prune=True", "prune=False"))
    embedded.commit({f"manifests/{name}.yaml": config_map(name, key="1") for name in "ab"})
    embedded.up()
    embedded.commit({"manifests/b.yaml": None})
    told = f"ConfigMap {embedded.namespace}/b"
    preview = embedded.run("preview")
    up = embedded.up()
    for cluster in CLUSTERS:
        assert f"{cluster}/web: retain {told}" in preview.text
        assert f"{cluster}/web: retained {told}" in up.text
        assert embedded.config_map(cluster, "b") == {"key": "1"}
    embedded.run("preview", "--expect-no-changes")


def test_an_interrupted_update_has_true_state_and_is_continued(embedded: Workbench) -> None:
    embedded.declare(ALL)
    names = [f"config-{number:03}" for number in range(300)]
    embedded.commit({f"manifests/{name}.yaml": config_map(name, key="1") for name in names})
    assert interrupted_at_the_first_object(embedded) == CANCELLED
    begun = there(embedded)
    assert 0 < len(begun) < 3 * len(names)
    assert embedded.objects_in_state() == begun
    before = embedded.holdings()
    embedded.up()
    assert there(embedded) == sorted(f"{name}/{embedded.namespace}/{each}" for name in CLUSTERS for each in names)
    after = embedded.holdings()
    assert {path: after[path] for path in before} == before
    embedded.run("refresh", "--preview-only", "--expect-no-changes")


def interrupted_at_the_first_object(bench: Workbench) -> int:
    """Press Ctrl-C, which every process of the command gets, and return how the command ends."""
    with bench.start("up", "--yes", "--skip-preview") as command:
        assert command.stdout is not None
        told = (line for line in command.stdout if "created ConfigMap" in line)
        assert next(told, None), "it ended before anything was created"
        os.killpg(command.pid, signal.SIGINT)
        command.stdout.read()
    return command.returncode


def there(bench: Workbench) -> list[str]:
    """Return the ConfigMaps of the test in the clusters, as the state names them; sorted."""
    found = (path.rpartition("/configmaps/") for path in bench.holdings())
    return sorted(
        f"{collection.partition('/')[0]}/{bench.namespace}/{name}"
        for collection, _, name in found
        if name.startswith("config-")
    )
