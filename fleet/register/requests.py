"""Requests: a planned object as the message that registers it. Pure.

The SDK's own resource classes would say the same, at three times the cost: for each object they make a tree of outputs
that nobody here ever asks for, and hold a thread until the engine answers (docs/adr/0009-requests-of-our-own.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime.proto import alias_pb2, resource_pb2

from fleet.model.plan import PlannedBarrier, PlannedObject

# A component without children that objects wait for instead of for many others.
_WAVE_TYPE: Final = "fleet:index:Wave"
# How Pulumi marks a secret value on the wire (sdk/go/common/resource/sig).
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a secret
_SECRET_TYPE: Final = "kubernetes:core/v1:Secret"  # noqa: S105 - a type, not a secret
_SECRET_FIELDS: Final = ("data", "stringData")
# Every property; to Pulumi, that creating the object has failed as well.
_ANYTHING: Final = "*"


def request_of(
    planned: PlannedObject, *, parent: str, provider: str, dependencies: Sequence[str]
) -> resource_pb2.RegisterResourceRequest:
    """Return the request. parent and dependencies are URNs; provider is `<urn>::<id>`."""
    is_secret = planned.type_token == _SECRET_TYPE
    body = planned.manifest.body
    return resource_pb2.RegisterResourceRequest(
        type=planned.type_token,
        name=planned.name,
        custom=True,
        parent=parent,
        provider=provider,
        object=_properties(_hidden(body) if is_secret else body),
        dependencies=dependencies,
        propertyDependencies=_of_none(body),
        retainOnDelete=planned.retain,
        replaceOnChanges=[_ANYTHING] if planned.replaces else [],
        deleteBeforeReplace=planned.replaces,
        deleteBeforeReplaceDefined=planned.replaces,
        customTimeouts=_timeouts(planned),
        aliases=[alias_pb2.Alias(spec=alias_pb2.Alias.Spec(type=alias)) for alias in planned.aliases],
        additionalSecretOutputs=_SECRET_FIELDS if is_secret else (),
        acceptSecrets=True,
        acceptResources=True,
        supportsPartialValues=True,
        supportsResultReporting=True,
    )


def barrier_request(
    planned: PlannedBarrier, *, parent: str, dependencies: Sequence[str]
) -> resource_pb2.RegisterResourceRequest:
    """Return the request. parent and dependencies are URNs."""
    return component_request(_WAVE_TYPE, planned.name, {}, parent=parent, dependencies=dependencies)


def component_request(
    type_: str, name: str, inputs: Mapping[str, Any], *, parent: str, dependencies: Sequence[str] = ()
) -> resource_pb2.RegisterResourceRequest:
    """Return the request for something that only holds others together. parent and dependencies are URNs."""
    return resource_pb2.RegisterResourceRequest(
        type=type_,
        name=name,
        custom=False,
        parent=parent,
        object=_properties(inputs),
        dependencies=dependencies,
        propertyDependencies=_of_none(inputs),
        acceptSecrets=True,
        acceptResources=True,
        supportsPartialValues=True,
        supportsResultReporting=True,
    )


def _of_none(properties: Iterable[str]) -> dict[str, resource_pb2.RegisterResourceRequest.PropertyDependencies]:
    """Return what says that no property depends on anything: unsaid, to Pulumi, each depends on everything."""
    return {key: resource_pb2.RegisterResourceRequest.PropertyDependencies() for key in properties}


def _timeouts(planned: PlannedObject) -> resource_pb2.RegisterResourceRequest.CustomTimeouts | None:
    """Return how long the object may take to become ready; durations are Go's."""
    if planned.wait_timeout_s is None:
        return None
    limit = f"{planned.wait_timeout_s:g}s"
    return resource_pb2.RegisterResourceRequest.CustomTimeouts(create=limit, update=limit)


def _hidden(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        field: {_SIGNATURE: _SECRET, "value": value} if field in _SECRET_FIELDS else value
        for field, value in body.items()
    }


def _properties(body: Mapping[str, Any]) -> struct_pb2.Struct:
    properties = struct_pb2.Struct()
    for key, value in body.items():
        _fill(properties.fields[key], value)
    return properties


def _fill(message: struct_pb2.Value, value: Any) -> None:
    """Put JSON-like data into a message."""
    if isinstance(value, str):
        message.string_value = value
    elif isinstance(value, Mapping):
        message.struct_value.SetInParent()
        fields = message.struct_value.fields
        for key, entry in value.items():
            _fill(fields[key], entry)
    elif isinstance(value, (list, tuple)):
        message.list_value.SetInParent()
        entries = message.list_value.values
        for entry in value:
            _fill(entries.add(), entry)
    elif isinstance(value, bool):
        message.bool_value = value
    elif value is None:
        message.null_value = struct_pb2.NULL_VALUE
    else:
        message.number_value = value
