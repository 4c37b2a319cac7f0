"""Replacing: what cannot be changed in place, what gets another name, and what moves to another cluster."""

import pytest

from tests.engine.programs.desk import Desk

WORKLOAD = """
opts = ResourceOptions(provider=connect())
labels = {"app": "%s"}
Thing("kubernetes:%s", "web", {
    "metadata": {"name": "web", "namespace": NAMESPACE, "annotations": {"pulumi.com/skipAwait": "true"}},
    "spec": {
        %s
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "main", "image": "nginx"}], "restartPolicy": "%s"},
        },
    },
}, opts)
"""
SERVICE = """
opts = ResourceOptions(provider=connect())
spec = {"ports": [{"port": 80}], "clusterIP": "%s"}
Thing("kubernetes:core/v1:Service", "web", {"metadata": {"name": "web", "namespace": NAMESPACE}, "spec": spec}, opts)
"""
SELECTOR = '"replicas": 0, "selector": {"matchLabels": labels},'
IMMUTABLE = {
    "the selector of a Deployment": (
        "/apis/apps/v1/namespaces/{}/deployments/web",
        WORKLOAD % ("a", "apps/v1:Deployment", SELECTOR, "Always"),
        WORKLOAD % ("b", "apps/v1:Deployment", SELECTOR, "Always"),
    ),
    "the template of a Job": (
        "/apis/batch/v1/namespaces/{}/jobs/web",
        WORKLOAD % ("a", "batch/v1:Job", '"parallelism": 0,', "Never"),
        WORKLOAD % ("b", "batch/v1:Job", '"parallelism": 0,', "Never"),
    ),
    "the address of a Service": (
        "/api/v1/namespaces/{}/services/web",
        SERVICE % "",
        SERVICE % "None",
    ),
}


@pytest.mark.parametrize(("path", "before", "after"), IMMUTABLE.values(), ids=IMMUTABLE)
def test_a_field_that_cannot_change_replaces_the_object(desk: Desk, path: str, before: str, after: str) -> None:
    path = path.format(desk.namespace)
    desk.deploy(before)
    first = desk.uid(path)
    desk.write(after)
    assert "replace" in desk.preview().text
    assert desk.uid(path) == first
    desk.up()
    assert desk.uid(path) not in (first, None)
    desk.preview("--expect-no-changes")


@pytest.mark.parametrize(("path", "before", "after"), IMMUTABLE.values(), ids=IMMUTABLE)
def test_what_is_protected_is_not_replaced_for_a_field_that_cannot_change(
    desk: Desk, path: str, before: str, after: str
) -> None:
    failed, path = 4 if desk.engine.name == "embedded" else 1, path.format(desk.namespace)
    kept = "ResourceOptions(provider=connect(), protect=True)"
    before, after = (each.replace("ResourceOptions(provider=connect())", kept) for each in (before, after))
    desk.deploy(before)
    first = desk.uid(path)
    assert "protect" in desk.deploy(after, exit_code=failed).text
    assert desk.uid(path) == first
    assert desk.resources()["web"]["protect"] is True
    desk.deploy(before)
    assert desk.uid(path) == first


def test_another_name_or_namespace_is_another_object(desk: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect())
other = Thing("kubernetes:core/v1:Namespace", "other", {"metadata": {"name": f"{NAMESPACE}-other"}}, opts)
moved = config_map("a", {}, ResourceOptions(provider=opts.provider, depends_on=[other]), named=%s, namespace=%s)
config_map("b", {"a": moved.id}, opts)
"""
    desk.deploy(program % ("'a'", "NAMESPACE"))
    desk.write(program % ("'a2'", "NAMESPACE"))
    assert "replace" in desk.preview().text
    desk.up()
    assert desk.names() == ["a2", "b"]
    assert desk.data("b") == {"a": f"{desk.namespace}/a2"}
    desk.deploy(program % ("'a2'", 'f"{NAMESPACE}-other"'))
    assert desk.names() == ["b"]
    assert desk.get(f"/api/v1/namespaces/{desk.namespace}-other/configmaps/a2") is not None
    assert desk.data("b") == {"a": f"{desk.namespace}-other/a2"}


def test_an_object_with_a_found_name_is_replaced_by_one_with_another(desk: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect())
inputs = {"metadata": {"namespace": NAMESPACE}, "type": "a/%s"}
found = Thing("kubernetes:core/v1:Secret", "s", inputs, ResourceOptions(provider=opts.provider%s))
config_map("b", {"name": found.metadata["name"]}, opts)
"""
    desk.deploy(program % ("b", ""))
    (first,) = desk.names("secrets")
    desk.deploy(program % ("c", ""))
    (second,) = desk.names("secrets")
    assert first != second
    assert desk.data("b") == {"name": second}
    desk.deploy(program % ("d", ", delete_before_replace=True"))
    (third,) = desk.names("secrets")
    assert third not in (first, second)
    assert desk.data("b") == {"name": third}


def test_an_object_moves_to_another_cluster(desk: Desk) -> None:
    program = """
hub, dev = connect(), connect("dev")
config_map("a", {"k": "v"}, ResourceOptions(provider=%s))
"""
    desk.deploy(program % "hub")
    desk.write(program % "dev")
    assert "replace" in desk.preview().text
    desk.up()
    assert (desk.names(), desk.names(cluster="dev")) == ([], ["a"])
    desk.preview("--expect-no-changes")


@pytest.mark.parametrize("identified", [True, False], ids=["clusterIdentifier", "kubeconfig"])
def test_a_provider_that_leads_to_another_cluster_takes_its_objects_along(desk: Desk, identified: bool) -> None:
    program = """
to, identifier = "%s", "%s"
provider = connect(to, name="cluster", cluster_identifier=identifier or None)
config_map("a", {"k": "v"}, ResourceOptions(provider=provider))
"""
    desk.deploy(program % ("hub", "one" if identified else ""))
    desk.write(program % ("dev", "two" if identified else ""))
    assert "replace" in desk.preview().text
    desk.up()
    assert (desk.names(), desk.names(cluster="dev")) == ([], ["a"])
    assert list(desk.resources("pulumi:providers:")) == ["cluster"]
    desk.preview("--expect-no-changes")
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.names(cluster="dev") == []


def test_a_cluster_with_an_identifier_may_change_its_address(desk: Desk) -> None:
    """The same cluster by another user: a kubeconfig of its own, as after a new certificate."""
    program = """
from pathlib import Path

text = Path(KUBECONFIGS["hub"]).read_text().replace("https://127.0.0.1", "https://%s")
provider = connect(kubeconfig=Output.secret(text), cluster_identifier="hub")
config_map("a", {}, ResourceOptions(provider=provider))
"""
    desk.deploy(program % "127.0.0.1")
    uid = desk.uid("configmaps/a")
    desk.deploy(program % "localhost")
    assert desk.uid("configmaps/a") == uid
    assert list(desk.resources()) == ["a"]
