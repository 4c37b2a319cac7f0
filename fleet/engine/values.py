"""Property values between the wire (protobuf Struct) and memory (plain data, Secret, UNKNOWN).

In: what the program sends. Out: dicts, lists, strings, booleans, numbers and None, in which a secret value is
wrapped in `Secret` and a value that a preview cannot know is `UNKNOWN`. The signature strings are Pulumi's
(sdk/go/common/resource/plugin/rpc.go and sdk/go/common/resource/sig).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

from fleet.engine.state import Secret
from fleet.errors import UnsupportedError

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a secret
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_UNSUPPORTED: Final = {
    "c44067f5952c0a294b673a41bacd8c17": "assets",
    "0def7320c3a5731c473e5ecbe6d01bc7": "archives",
}
UNKNOWN_ON_THE_WIRE: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown:
    """A value that is only known once something has been deployed."""

    def __repr__(self) -> str:
        return "[unknown]"


UNKNOWN: Final = Unknown()


def decode(message: struct_pb2.Struct) -> dict[str, Any]:
    """Return the properties of a message. Whole numbers become int: JSON and YAML know the difference, Struct does not.

    Raises UnsupportedError for assets and archives.
    """
    fields = message.fields
    return {key: _decode(fields[key]) for key in fields}


def _decode(value: struct_pb2.Value) -> Any:
    text = value.string_value
    if text:  # Most values are, and all others read as an empty one.
        return UNKNOWN if text == UNKNOWN_ON_THE_WIRE else text
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _decode_struct(value.struct_value)
    if kind == "list_value":
        return [_decode(entry) for entry in value.list_value.values]
    if kind == "number_value":
        return _number(value.number_value)
    if kind == "bool_value":
        return value.bool_value
    return "" if kind == "string_value" else None


def _number(number: float) -> int | float:
    if number.is_integer():
        return int(number)
    if not math.isfinite(number):
        raise UnsupportedError(f"{number} is no number that JSON, and so Kubernetes, knows")
    return number


def _decode_struct(message: struct_pb2.Struct) -> Any:
    fields = message.fields
    if SIGNATURE_KEY not in fields:
        return {key: _decode(fields[key]) for key in fields}
    signature = fields[SIGNATURE_KEY].string_value
    if signature in _UNSUPPORTED:
        raise UnsupportedError(
            f"The embedded engine does not support {_UNSUPPORTED[signature]}. Deploy this program with Pulumi."
        )
    if signature == _RESOURCE:
        return fields["id"].string_value if "id" in fields else fields["urn"].string_value
    known = _decode(fields["value"]) if "value" in fields else UNKNOWN
    secret = signature == SECRET or (signature == _OUTPUT and "secret" in fields and fields["secret"].bool_value)
    return Secret(known) if secret else known


def encode(properties: Mapping[str, Any], *, keep_secrets: bool = True) -> struct_pb2.Struct:
    """Return the message for properties; without `keep_secrets` secret values travel in the clear."""
    message = struct_pb2.Struct()
    fill(message, properties, keep_secrets=keep_secrets)
    return message


def fill(message: struct_pb2.Struct, properties: Mapping[str, Any], *, keep_secrets: bool = True) -> None:
    """Put properties into a message that is part of another one already, and need not be copied into it."""
    _encode_fields(message.fields, properties, keep_secrets)


def _encode_fields(fields: Any, properties: Mapping[str, Any], keep_secrets: bool) -> None:
    for key, value in properties.items():
        if type(value) is str:  # Most are.
            fields[key].string_value = value
        else:
            _encode(fields[key], value, keep_secrets)


def _encode(message: struct_pb2.Value, value: Any, keep_secrets: bool) -> None:
    if isinstance(value, str):
        message.string_value = value
    elif isinstance(value, (dict, Mapping)):
        struct = message.struct_value
        struct.SetInParent()
        _encode_fields(struct.fields, value, keep_secrets)
    elif isinstance(value, (list, tuple)):
        message.list_value.SetInParent()
        for entry in value:
            _encode(message.list_value.values.add(), entry, keep_secrets)
    else:
        _encode_scalar(message, value, keep_secrets)


def _encode_scalar(message: struct_pb2.Value, value: Any, keep_secrets: bool) -> None:
    if isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, (int, float)):
        message.number_value = value
    elif value is None:
        message.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, Unknown):
        message.string_value = UNKNOWN_ON_THE_WIRE
    elif isinstance(value, Secret):
        wrapped = {SIGNATURE_KEY: SECRET, "value": value.value} if keep_secrets else value.value
        _encode(message, wrapped, keep_secrets)
    else:
        raise TypeError(f"no property value: {type(value).__name__}")


def _walk(value: Any, leaf: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _walk(entry, leaf) for key, entry in value.items()}
    if isinstance(value, list):
        return [_walk(entry, leaf) for entry in value]
    return leaf(value)


def reveal(value: Any) -> Any:
    """Return the value with every Secret replaced by what it holds: for the cluster's eyes only.

    Where there is none it is the value itself, and no copy: hardly any object holds a secret.
    """
    if type(value) in _LEAVES or not holds(value, Secret):
        return value
    return _walk(value, lambda leaf: reveal(leaf.value) if isinstance(leaf, Secret) else leaf)


def mask(value: Any) -> Any:
    """Return the value with every Secret replaced by `[secret]`, and every UNKNOWN by `[unknown]`: for people."""

    def masked(leaf: Any) -> Any:
        if isinstance(leaf, Secret):
            return "[secret]"
        return repr(leaf) if isinstance(leaf, Unknown) else leaf

    return _walk(value, masked)


_LEAVES: Final = frozenset({str, int, float, bool, type(None)})


def holds(value: Any, kind: type[Secret] | type[Unknown]) -> bool:
    """Return whether a Secret, or UNKNOWN, is anywhere in the value."""
    # Asked a dozen times of each object: neither a call for each leaf, nor a generator, and what is rare comes last.
    inside: Iterable[Any] = ()
    if isinstance(value, dict):
        inside = value.values()
    elif isinstance(value, (list, tuple)):
        inside = value
    elif isinstance(value, kind):
        return True
    elif isinstance(value, Secret):
        inside = (value.value,)
    elif isinstance(value, Mapping):
        inside = value.values()
    for each in inside:  # noqa: SIM110
        if type(each) not in _LEAVES and holds(each, kind):
            return True
    return False
