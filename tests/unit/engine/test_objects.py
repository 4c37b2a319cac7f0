"""Kubernetes objects as resources of a state, with the conventions of Pulumi's Kubernetes provider."""

import base64
from typing import Any

import pytest

from fleet.engine import objects, values
from fleet.engine.events import Subject
from fleet.engine.kubernetes.refs import Ref
from fleet.engine.state import Resource, Secret
from fleet.engine.values import UNKNOWN
from fleet.errors import DeclarationError, UnsupportedError

CONFIG_MAP, SECRET = "kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LIVE = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "ns", "uid": "u", "resourceVersion": "7", "managedFields": [{}]},
    "data": {"p": "x", "q": "y"},
}


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (CONFIG_MAP, True),
        ("kubernetes:example.com/v1:DenyList", True),
        ("kubernetes:example.com/v1:Patch", True),
        ("aws:s3/bucket:Bucket", False),
        ("my:index:Component", False),
    ],
)
def test_objects_are_told_from_other_resources(type_: str, expected: bool) -> None:
    assert objects.is_object(type_) is expected


@pytest.mark.parametrize(
    "type_",
    [
        "kubernetes:helm.sh/v3:Release",
        "kubernetes:helm.sh/v4:Chart",
        "kubernetes:yaml:ConfigFile",
        "kubernetes:yaml/v2:ConfigGroup",
        "kubernetes:kustomize/v2:Directory",
        "kubernetes:core/v1:ConfigMapList",
        "kubernetes:networking.k8s.io/v1:IngressList",
    ],
)
def test_what_is_not_one_object_is_refused(type_: str) -> None:
    with pytest.raises(UnsupportedError, match=f"does not support resources of type {type_}"):
        objects.is_object(type_)


def test_a_patch_is_told_by_its_kind() -> None:
    with pytest.raises(UnsupportedError, match="'p' is a kubernetes:core/v1:ConfigMapPatch"):
        objects.refuse_patch("kubernetes:core/v1:ConfigMapPatch", "p", {"kind": "ConfigMap"})
    objects.refuse_patch("kubernetes:example.com/v1:DogPatch", "p", {"kind": "DogPatch"})


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (CONFIG_MAP, ("v1", "ConfigMap")),
        ("kubernetes:apps/v1:Deployment", ("apps/v1", "Deployment")),
        ("kubernetes:v1:ConfigMap", ("v1", "ConfigMap")),
    ],
)
def test_a_type_says_what_kind_it_is(type_: str, expected: tuple[str, str]) -> None:
    assert objects.api_version_and_kind(type_) == expected


def test_a_body_says_what_it_is() -> None:
    inputs = {"metadata": {"name": "a"}, "data": {"k": "v"}}
    expected = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}
    assert objects.body(CONFIG_MAP, "r", inputs, None, None) == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [({"name": "a"}, "ns"), ({"name": "a", "namespace": "own"}, "own")],
)
def test_a_namespace_is_given_to_objects_that_name_none(metadata: dict[str, Any], expected: str) -> None:
    assert objects.body(CONFIG_MAP, "r", {"metadata": metadata}, None, "ns")["metadata"]["namespace"] == expected


def test_an_object_without_a_name_gets_that_of_its_resource_and_keeps_it() -> None:
    inputs = {"metadata": {"annotations": {"a": "b"}}}
    body = objects.body(CONFIG_MAP, "app/Web", inputs, None, None)
    name = body["metadata"]["name"]
    prefix, _, suffix = name.rpartition("-")
    assert (prefix, len(bytes.fromhex(suffix))) == ("web", 4)
    assert body["metadata"]["annotations"] == {"a": "b", "pulumi.com/autonamed": "true"}
    assert objects.is_autonamed(body)
    assert objects.body(CONFIG_MAP, "app/Web", inputs, body, None) == body
    assert objects.body(CONFIG_MAP, "app/Web", inputs, None, None)["metadata"]["name"] != name


def test_a_generated_name_cannot_be_applied() -> None:
    with pytest.raises(DeclarationError, match=r"metadata\.generateName cannot be applied"):
        objects.body(CONFIG_MAP, "r", {"metadata": {"generateName": "a-"}}, None, None)
    named = {"metadata": {"generateName": "a-", "name": "a"}}
    assert objects.body(CONFIG_MAP, "r", named, None, None)["metadata"]["name"] == "a"


def test_what_only_a_cluster_can_set_is_left_out() -> None:
    read = dict.fromkeys(("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"), "x")
    body = objects.body(CONFIG_MAP, "r", {"metadata": {"name": "a", "labels": {}, **read}}, None, None)
    assert body["metadata"] == {"name": "a", "labels": {}}


def test_metadata_may_be_secret_or_unknown() -> None:
    secret = objects.body(CONFIG_MAP, "r", {"metadata": Secret({"name": "a"})}, None, "ns")
    assert secret["metadata"] == {"name": Secret("a"), "namespace": "ns"}
    assert objects.body(CONFIG_MAP, "r", {"metadata": UNKNOWN}, None, None)["metadata"] == {"name": UNKNOWN}


ENCODED = base64.b64encode(b"v").decode()


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param({"data": {"k": ENCODED}}, {"data": Secret({"k": ENCODED})}, id="plain data"),
        pytest.param({"stringData": {"k": "v"}}, {"data": Secret({"k": ENCODED})}, id="plain text"),
        pytest.param({"stringData": Secret({"k": "v"})}, {"data": Secret({"k": ENCODED})}, id="secret text"),
        pytest.param({"stringData": {"k": Secret("v")}}, {"data": Secret({"k": ENCODED})}, id="secret value"),
        pytest.param(
            {"data": {"l": "eA==", "k": "eA=="}, "stringData": {"k": "v"}},
            {"data": Secret({"l": "eA==", "k": ENCODED})},
            id="both",
        ),
        pytest.param({"stringData": {"k": UNKNOWN}}, {"stringData": Secret({"k": UNKNOWN})}, id="not known yet"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_what_a_secret_holds_is_encoded_and_secret(inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    body = objects.body(SECRET, "r", {"metadata": {"name": "a"}, **inputs}, None, None)
    assert {key: value for key, value in body.items() if key in ("data", "stringData")} == expected


def test_outputs_are_the_live_object_and_what_it_was_made_from() -> None:
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"p": "x"}}
    outputs = objects.outputs(inputs, LIVE, "fleet")
    assert outputs["__inputs"] == inputs
    assert (outputs["__fieldManager"], outputs["__initialApiVersion"]) == ("fleet", "v1")
    assert outputs["data"] == LIVE["data"]
    assert outputs["metadata"] == {"name": "a", "namespace": "ns", "uid": "u", "resourceVersion": "7"}


def test_outputs_are_as_secret_as_the_inputs_are() -> None:
    inputs = {"apiVersion": "v1", "metadata": {"name": "a"}, "data": {"p": Secret("x"), "r": "gone"}}
    assert objects.outputs(inputs, LIVE, "fleet")["data"] == {"p": Secret("x"), "q": "y"}
    whole = {**inputs, "data": Secret({"p": "x"})}
    assert objects.outputs(whole, LIVE, "fleet")["data"] == Secret(LIVE["data"])


def test_further_outputs_can_be_secret() -> None:
    inputs = {"apiVersion": "v1", "metadata": {"name": "a"}}
    outputs = objects.outputs(inputs, LIVE, "fleet", ("data", "absent"))
    assert outputs["data"] == Secret(LIVE["data"])
    assert "absent" not in outputs


@pytest.mark.parametrize("inputs", [{}, {"data": Secret({"p": "eA=="})}], ids=["without data", "with data"])
def test_a_live_secret_and_its_copy_are_secret_whatever_the_inputs_say(inputs: dict[str, Any]) -> None:
    metadata = {"name": "a", "annotations": {LAST_APPLIED: "all of it", "plain": "p"}}
    live = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"p": "eA=="}}
    for outputs in (
        objects.outputs({"apiVersion": "v1", "metadata": {"name": "a"}, **inputs}, live, "fleet"),
        objects.read_outputs(live),
    ):
        assert outputs["data"] == Secret({"p": "eA=="})
        assert outputs["metadata"]["annotations"] == {LAST_APPLIED: Secret("all of it"), "plain": "p"}


def test_what_is_only_read_has_no_inputs() -> None:
    assert not any(key.startswith("__") for key in objects.read_outputs(LIVE))


def test_a_preview_knows_what_is_wanted_and_not_what_the_cluster_will_set() -> None:
    expected = objects.expected({"metadata": {"name": "a"}, "data": {"k": Secret("v")}})
    assert expected["data"] == {"k": Secret("v")}
    assert expected["metadata"]["name"] == "a"
    assert expected["metadata"]["uid"] is UNKNOWN


def resource(metadata: dict[str, Any], live: dict[str, Any]) -> Resource:
    inputs = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
    return Resource(urn="urn", type="t", custom=True, inputs=inputs, outputs={"metadata": live})


@pytest.mark.parametrize(
    ("metadata", "live", "expected"),
    [
        pytest.param({"name": "a", "namespace": "ns"}, {}, ("ns", "a", ""), id="all said"),
        pytest.param({"name": "a"}, {"namespace": "ns", "uid": "u"}, ("ns", "a", "u"), id="namespace found"),
        pytest.param({"namespace": "ns"}, {"name": "a-1", "uid": "u"}, ("ns", "a-1", "u"), id="name found"),
        pytest.param({"name": "a"}, {"name": "a"}, ("", "a", ""), id="no namespace"),
        pytest.param({"name": Secret("a")}, {}, ("", "a", ""), id="secret name"),
    ],
)
def test_a_resource_stands_for_one_object(
    metadata: dict[str, Any], live: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    namespace, name, uid = expected
    known = resource(metadata, live)
    assert objects.reference(known) == Ref("apps/v1", "Deployment", name, namespace, uid)
    assert objects.identity(objects.known_inputs(known)) == ("apps", "Deployment", namespace, name)


def test_inputs_are_completed_with_the_namespace_of_the_live_object() -> None:
    inputs = {"metadata": {"name": "a"}}
    assert objects.located(inputs, LIVE) == {"metadata": {"name": "a", "namespace": "ns"}}
    assert objects.located(inputs, {"metadata": {"name": "a"}}) is inputs


@pytest.mark.parametrize(
    ("id_", "expected"), [("ns/a", Ref("v1", "ConfigMap", "a", "ns")), ("a", Ref("v1", "ConfigMap", "a"))]
)
def test_an_id_names_one_object(id_: str, expected: Ref) -> None:
    assert objects.reference_by_id(CONFIG_MAP, id_) == expected


@pytest.mark.parametrize(("metadata", "expected"), [({"name": "a", "namespace": "ns"}, "ns/a"), ({"name": "a"}, "a")])
def test_an_object_has_an_id(metadata: dict[str, str], expected: str) -> None:
    assert objects.object_id({"metadata": metadata}) == expected


@pytest.mark.parametrize(
    ("annotations", "outputs", "expected"),
    [
        (None, {}, "fleet"),
        (None, {"__fieldManager": "pulumi-kubernetes-1"}, "pulumi-kubernetes-1"),
        ({"pulumi.com/patchFieldManager": "mine"}, {"__fieldManager": "other"}, "mine"),
        (Secret({"pulumi.com/patchFieldManager": "mine"}), {}, "mine"),
        (UNKNOWN, {}, "fleet"),
    ],
)
def test_the_field_manager_is_the_objects_own_or_the_states_or_ours(
    annotations: Any, outputs: dict[str, Any], expected: str
) -> None:
    assert objects.field_manager({"metadata": {"annotations": annotations}}, outputs) == expected


def test_events_name_an_object_as_kubectl_does() -> None:
    inputs = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "ns"}}
    subject = objects.subject("urn", inputs, "hub", "web")
    assert subject == Subject("urn", "hub", "web", "Deployment.apps", "ns", "a")
    assert str(subject) == "Deployment.apps ns/a"


def test_the_version_of_an_object_may_not_be_known() -> None:
    assert objects.resource_version(LIVE) == "7"
    assert objects.resource_version({}) is None


COMPONENT = Resource(urn="urn::hub/web", type=objects.APPLICATION_TYPE, inputs={"application": "web"})


@pytest.mark.parametrize(
    ("parent", "application", "heals"),
    [
        (None, "", True),
        (Resource(urn="urn::box", type="my:index:Box", inputs={"application": "web"}), "", True),
        (COMPONENT, "web", True),
        (Resource(urn="urn::hub/web", type=objects.APPLICATION_TYPE, inputs={"selfHeal": False}), "hub/web", False),
    ],
    ids=["no parent", "another component", "an application", "an application without self_heal"],
)
def test_an_application_component_says_whose_an_object_is(
    parent: Resource | None, application: str, heals: bool
) -> None:
    assert (objects.application(parent), objects.heals(parent)) == (application, heals)


def test_a_list_with_a_secret_in_it_is_secret_as_a_whole() -> None:
    """A cluster may keep it in another order."""
    live = {"a": [{"b": "1"}, {"b": "2"}], "c": {"d": "3", "e": ["4"]}}
    marked = objects.marked(live, {"a": [{"b": "2"}, {"b": Secret("1")}], "c": {"d": Secret("3"), "e": ["4"]}})
    assert marked == {"a": Secret(live["a"]), "c": {"d": Secret("3"), "e": ["4"]}}
    assert values.reveal(marked) == live


def item(name: str) -> str:
    return f"urn:pulumi:dev::fleet::{objects.APPLICATION_TYPE}$kubernetes:apps/v1:Deployment::{name}"


@pytest.mark.parametrize(
    ("inputs", "awaited_by", "waits"),
    [
        pytest.param({}, "", False, id="nothing is said"),
        pytest.param({"wait": True}, "", True, id="everything is waited for"),
        pytest.param({"awaitedBy": {"dev/a/web": "Sync wave 1"}}, "Sync wave 1", True, id="something comes after it"),
        pytest.param({"awaitedBy": {"dev/b/web": "Sync wave 1"}}, "", False, id="something comes after another"),
        pytest.param({"awaitedBy": "dev/a/web"}, "", False, id="what fleet does not say"),
    ],
)
def test_an_application_says_what_is_waited_for(inputs: dict[str, Any], awaited_by: str, waits: bool) -> None:
    parent = Resource(urn="urn::dev/web", type=objects.APPLICATION_TYPE, inputs=inputs)
    assert objects.awaited_by(item("dev/a/web"), parent) == awaited_by
    assert objects.waits(item("dev/a/web"), parent) is waits
    other = Resource(urn="urn::dev/web", type="my:index:Thing", inputs=inputs)
    assert (objects.awaited_by(item("dev/a/web"), other), objects.waits(item("dev/a/web"), None)) == ("", False)
