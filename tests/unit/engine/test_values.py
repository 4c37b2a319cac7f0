"""Property values on the wire and in memory."""

from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import values
from fleet.engine.state import Secret
from fleet.errors import UnsupportedError

SCALARS = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=8)
PLAIN = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


@given(st.dictionaries(st.text(max_size=4), PLAIN, max_size=4))
def test_plain_values_survive_the_wire(properties: dict[str, Any]) -> None:
    assert values.decode(values.encode(properties)) == properties


def test_a_secret_survives_the_wire() -> None:
    properties = {"data": Secret({"password": "hunter2"}), "list": [Secret("a")]}
    assert values.decode(values.encode(properties)) == properties


def test_whole_numbers_are_integers() -> None:
    message = struct_pb2.Struct()
    message.update({"replicas": 2.0, "share": 0.5})
    decoded = values.decode(message)
    assert (type(decoded["replicas"]), type(decoded["share"])) == (int, float)


def test_what_is_not_known_yet_survives_the_wire() -> None:
    assert values.decode(values.encode({"id": values.UNKNOWN})) == {"id": values.UNKNOWN}


def test_an_output_value_is_its_value_and_as_secret_as_it_says() -> None:
    output = {values.SIGNATURE_KEY: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "v", "secret": True}
    assert values.decode(values.encode({"o": output})) == {"o": Secret("v")}


def test_assets_are_refused_by_name() -> None:
    asset = {values.SIGNATURE_KEY: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    with pytest.raises(UnsupportedError, match="does not support assets"):
        values.decode(values.encode({"a": asset}))


def test_masking_hides_secrets_and_names_what_is_unknown() -> None:
    assert values.mask({"a": [Secret("s")], "b": values.UNKNOWN, "c": 1}) == {
        "a": ["[secret]"],
        "b": "[unknown]",
        "c": 1,
    }


def test_revealing_opens_nested_secrets() -> None:
    assert values.reveal({"a": Secret({"b": [Secret("s")]})}) == {"a": {"b": ["s"]}}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ({"a": [1, Secret(1)]}, Secret, True),
        ({"a": [1]}, Secret, False),
        ({"a": Secret({"b": values.UNKNOWN})}, values.Unknown, True),
    ],
)
def test_looking_for_a_kind_of_value(value: Any, kind: Any, expected: bool) -> None:
    assert values.holds(value, kind) is expected
