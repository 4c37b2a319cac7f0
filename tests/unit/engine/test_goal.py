"""From a RegisterResource request to a goal."""

from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import alias_pb2, callback_pb2, resource_pb2

from fleet.engine.goal import AliasSpec, Goal, from_request
from fleet.engine.state import Secret
from fleet.engine.values import SECRET, SIGNATURE_KEY, UNKNOWN, UNKNOWN_ON_THE_WIRE
from fleet.errors import DeclarationError, UnsupportedError

Request = resource_pb2.RegisterResourceRequest
TYPE, NAME = "kubernetes:core/v1:ConfigMap", "web"


def request(**fields: Any) -> Request:
    return Request(type=TYPE, name=NAME, custom=True, **fields)


def test_a_request_that_says_little_leaves_everything_open() -> None:
    assert from_request(request()) == Goal(TYPE, NAME, custom=True)


def test_everything_that_a_request_says_is_in_the_goal() -> None:
    goal = from_request(
        request(
            parent="urn:parent",
            provider="urn:provider::id",
            dependencies=["urn:b", "urn:a"],
            propertyDependencies={"data": Request.PropertyDependencies(urns=["urn:a"])},
            ignoreChanges=["data.k", 'metadata.annotations["a/b"]'],
            replaceOnChanges=["data"],
            additionalSecretOutputs=["data"],
            aliasURNs=["urn:old"],
            deletedWith="urn:namespace",
            customTimeouts=Request.CustomTimeouts(create="1m", update="90s", delete="1h"),
            version="4.1.0",
        )
    )
    assert goal == Goal(
        TYPE,
        NAME,
        custom=True,
        parent="urn:parent",
        provider="urn:provider::id",
        dependencies=("urn:b", "urn:a"),
        property_dependencies={"data": ("urn:a",)},
        ignore_changes=("data.k", 'metadata.annotations["a/b"]'),
        replace_on_changes=("data",),
        additional_secret_outputs=("data",),
        aliases=(AliasSpec(urn="urn:old"),),
        deleted_with="urn:namespace",
        timeouts={"create": 60.0, "update": 90.0, "delete": 3600.0},
        version="4.1.0",
    )


@pytest.mark.parametrize("wanted", [True, False])
def test_a_flag_that_is_set_is_told_from_one_that_is_not(wanted: bool) -> None:
    flags = {"protect": wanted, "retainOnDelete": wanted, "deleteBeforeReplace": wanted}
    goal = from_request(request(**flags, deleteBeforeReplaceDefined=True))
    assert (goal.protect, goal.retain_on_delete, goal.delete_before_replace) == (wanted, wanted, wanted)
    assert from_request(request(deleteBeforeReplace=wanted)).delete_before_replace is None


def test_values_come_out_of_the_wire_secret_and_unknown() -> None:
    message = struct_pb2.Struct()
    message.update({"a": {SIGNATURE_KEY: SECRET, "value": "s"}, "b": UNKNOWN_ON_THE_WIRE, "c": [1.0]})
    assert from_request(request(object=message)).inputs == {"a": Secret("s"), "b": UNKNOWN, "c": [1]}


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        pytest.param(alias_pb2.Alias(urn="urn:old"), AliasSpec(urn="urn:old"), id="urn"),
        pytest.param(
            alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name="n", type="t", stack="s", project="p", parentUrn="urn:p")),
            AliasSpec(name="n", type="t", stack="s", project="p", parent="urn:p"),
            id="spec",
        ),
        pytest.param(
            alias_pb2.Alias(spec=alias_pb2.Alias.Spec(noParent=True)), AliasSpec(no_parent=True), id="no parent"
        ),
    ],
)
def test_aliases_come_as_urns_or_in_parts(alias: alias_pb2.Alias, expected: AliasSpec) -> None:
    assert from_request(request(aliases=[alias])).aliases == (expected,)


@pytest.mark.parametrize(
    ("fields", "feature"),
    [
        ({"remote": True}, "remote components"),
        ({"importId": "default/web"}, "the import option"),
        ({"transforms": [callback_pb2.Callback(token="t")]}, "transforms"),
        ({"hooks": Request.ResourceHooksBinding(before_create=["h"])}, "resource hooks"),
        ({"replace_with": ["urn:a"]}, "replace_with"),
        ({"replacement_trigger": struct_pb2.Value(number_value=1)}, "replacement_trigger"),
        ({"packageRef": "ref"}, "parameterized packages"),
        ({"state_migrations": [callback_pb2.Callback(token="t")]}, "state migrations"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_carried_out_is_named(fields: dict[str, Any], feature: str) -> None:
    with pytest.raises(UnsupportedError) as raised:
        from_request(request(**fields))
    assert f"{TYPE} '{NAME}': the embedded engine does not support {feature}" in str(raised.value)
    assert "pulumi up" in str(raised.value)


def test_all_that_cannot_be_carried_out_is_named_at_once() -> None:
    with pytest.raises(UnsupportedError, match="does not support remote components and the import option"):
        from_request(request(remote=True, importId="default/web"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ignoreChanges": ["spec["]}, "ignore_changes: not a property path: 'spec['"),
        ({"replaceOnChanges": ["a..b"]}, "replace_on_changes: not a property path: 'a..b'"),
        ({"customTimeouts": Request.CustomTimeouts(delete="soon")}, "custom_timeouts: 'soon' is not a duration"),
    ],
    ids=["ignore_changes", "replace_on_changes", "custom_timeouts"],
)
def test_options_that_make_no_sense_are_refused_with_their_resource(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        from_request(request(**fields))
    assert f"{TYPE} '{NAME}': {message}" in str(raised.value)
