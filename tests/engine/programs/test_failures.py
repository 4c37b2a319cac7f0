"""When something fails: what goes on all the same, what is skipped, and what the state says afterwards."""

from typing import Any

import pytest

from tests.engine.programs.desk import Desk

FAILED = 4
PROGRAM = """
hub, dev = connect(), connect("dev")


class Box(pulumi.ComponentResource):
    def __init__(self, name, provider, labels):
        super().__init__("desk:index:Box", name)
        opts = ResourceOptions(parent=self, provider=provider)
        first = config_map(f"{name}-first", {}, opts, labels=labels)
        needing = ResourceOptions.merge(opts, ResourceOptions(depends_on=[first]))
        config_map(f"{name}-second", {}, needing)
        config_map(f"{name}-third", {"uid": first.metadata["uid"]}, opts)
        self.register_outputs({"uid": first.metadata["uid"]})
        self.uid = first.metadata["uid"]


good = {"l": "v"}
bad = {"l": "not valid"}
broken = Box("broken", hub, %s)
whole = Box("whole", hub, good)
Box("far", dev, good)
pulumi.export("broken", broken.uid)
pulumi.export("whole", whole.uid)
"""


def test_a_failure_skips_what_needs_it_and_nothing_else(embedded: Desk) -> None:
    run = embedded.deploy(PROGRAM % "bad", exit_code=FAILED)
    assert "/broken-first: it is not valid" in run.text
    assert embedded.names() == ["whole-first", "whole-second", "whole-third"]
    assert embedded.names(cluster="dev") == ["far-first", "far-second", "far-third"]
    # What is not known because something failed is no output.
    assert list(embedded.outputs()) == ["whole"]
    assert "outputs" not in embedded.resources("desk:index:Box")["broken"]
    embedded.deploy(PROGRAM % "good")
    assert len(embedded.names()) == 6
    assert sorted(embedded.outputs()) == ["broken", "whole"]


def test_nothing_is_deleted_in_a_cluster_where_something_failed_unless_asked(embedded: Desk) -> None:
    embedded.deploy(PROGRAM % "good" + 'config_map("old", {}, ResourceOptions(provider=dev))')
    changed = (PROGRAM % "bad").replace('Box("whole"', 'Box("changed"')
    embedded.deploy(changed, exit_code=FAILED)
    changed_names, whole_names = (
        [f"{box}-{each}" for each in ("first", "second", "third")] for box in ("changed", "whole")
    )
    assert set(embedded.names()) >= {*changed_names, *whole_names}
    assert embedded.names(cluster="dev") == ["far-first", "far-second", "far-third"]
    embedded.deploy(changed, "--continue-on-error", exit_code=FAILED)
    assert set(embedded.names()).isdisjoint(whole_names)


def test_what_fails_keeps_its_state(embedded: Desk) -> None:
    embedded.deploy(PROGRAM % "good")
    before = embedded.resources()["broken-first"]
    embedded.deploy(PROGRAM % "bad", exit_code=FAILED)
    assert embedded.resources()["broken-first"] == before
    embedded.preview("--expect-no-changes", exit_code=FAILED)
    embedded.deploy(PROGRAM % "good", "--expect-no-changes")


def test_what_was_deleted_to_be_replaced_and_cannot_be_made_again_is_known_to_be_gone(embedded: Desk) -> None:
    program = """
opts = ResourceOptions(provider=connect(), replace_on_changes=["data"])
config_map("a", {"k": "%s"}, opts, labels={"l": "%s"})
"""
    embedded.deploy(program % (1, "v"))
    embedded.deploy(program % (2, "not valid"), exit_code=FAILED)
    assert embedded.names() == []
    assert embedded.resources()["a"]["pendingReplacement"] is True
    # Back to what it was: the state must not pretend that it is still there.
    embedded.deploy(program % (1, "v"))
    assert embedded.data("a") == {"k": "1"}
    assert "pendingReplacement" not in embedded.resources()["a"]


CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "spec": {
        "scope": "Namespaced",
        "names": {"plural": "knots", "singular": "knot", "kind": "Knot"},
    },
}


def versions(**served: bool) -> list[dict[str, Any]]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return [
        {"name": name, "served": is_served, "storage": name == "v1", "schema": schema}
        for name, is_served in served.items()
    ]


@pytest.fixture
def knots(embedded: Desk) -> str:
    """Return the group of a kind that is served in two versions."""
    group = f"{embedded.namespace}.example.com"
    spec = {**CRD["spec"], "group": group, "versions": versions(v1alpha1=True, v1=True)}
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    embedded.create(path, {**CRD, "metadata": {"name": f"knots.{group}"}, "spec": spec})
    return group


KNOT = """
GROUP = f"{NAMESPACE}.example.com"
opts = ResourceOptions(
    provider=connect(), aliases=[pulumi.Alias(type_=f"kubernetes:{GROUP}/v1alpha1:Knot")]
)
Thing(f"kubernetes:{GROUP}/%s:Knot", "knot", {"metadata": {"name": "knot", "namespace": NAMESPACE}, "spec": {}}, opts)
config_map("other", {}, opts)
"""


def test_an_object_that_cannot_be_looked_at_is_said_and_kept_until_the_program_changes_it(
    embedded: Desk, knots: str
) -> None:
    place = f"/apis/{knots}/v1/namespaces/{embedded.namespace}/knots/knot"
    embedded.deploy(KNOT % "v1alpha1")
    uid = embedded.uid(place)
    crd = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/knots.{knots}"
    embedded.patch(crd, {"spec": {"versions": versions(v1alpha1=False, v1=True)}})
    embedded.delete("configmaps/other")
    for words in (["refresh", "--preview-only"], ["up", "--refresh", "--yes", "--skip-preview"]):
        run = embedded.run(*words, exit_code=FAILED)
        assert f"the cluster no longer serves Knot in {knots}/v1alpha1" in run.text
    assert sorted(embedded.resources()) == ["knot", "other"]
    # The hint is to change the version; then the object is only applied.
    embedded.deploy(KNOT % "v1", "--refresh")
    assert embedded.uid(place) == uid
    assert embedded.names() == ["other"]
    embedded.run("refresh", "--preview-only", "--expect-no-changes")


BEHIND = """
hub = connect()
opts = ResourceOptions(provider=hub)
first = config_map("first", {}, opts, labels=%s)
box = pulumi.ComponentResource("desk:index:Box", "box", None, ResourceOptions(depends_on=[first]))
config_map("inside", {}, ResourceOptions(provider=hub, parent=box))
config_map("behind", {}, ResourceOptions(provider=hub, depends_on=[box]))
config_map("beside", {}, opts)
"""


def test_a_component_that_needs_what_failed_is_left_alone_with_what_needs_it(desk: Desk) -> None:
    run = desk.deploy(BEHIND % {"l": "not valid"}, "--continue-on-error", exit_code=None)
    assert run.exit_code != 0, str(run)
    assert desk.names() == ["beside"]
    assert desk.resources("desk:index:Box") == {}
    desk.deploy(BEHIND % {"l": "v"})
    assert desk.names() == ["behind", "beside", "first", "inside"]
    failed = desk.deploy(BEHIND % {"l": "not valid"}, "--continue-on-error", exit_code=None)
    assert failed.exit_code != 0, str(failed)
    (box,) = desk.resources("desk:index:Box").values()
    assert [urn.rpartition("::")[2] for urn in box["dependencies"]] == ["first"]
    assert desk.names() == ["behind", "beside", "first", "inside"]
