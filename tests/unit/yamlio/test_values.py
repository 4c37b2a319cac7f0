"""What values and keys mean. What the tables expect is what sigs.k8s.io/yaml 1.6.0 makes of the text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.yamlio.loading import exact, load

ALIKE: dict[str, tuple[Any, str]] = {
    "true": (True, "y Y yes Yes YES on On ON true True TRUE"),
    "false": (False, "n N no No NO off Off OFF false False FALSE"),
    "null": (None, "~ null Null NULL"),
    "eight": (8, "8 010 0o10 0O10 0b1000 0x8 +8 08 8.0 8. 0.8e1 8_"),
    "a thousand": (1000, "1000 1_000 1e3 1E+3 1000.0"),
    "zero": (0, "0 00 -0 +0 0.0 -0.0 0x0"),
}
STRINGS = """
yEs oN nULL none tRUE = << -- + . .. _1 v1 e3 1e 1.2.3 1e400 0b2 0o8 0x 0x1ffffffffffffffff Infinity inf nan
12:30 1:30:45 2001-01-01 2001-12-14t21:59:43.10-05:00 10.0.0.1 10.0.0.0/8 100m 1Gi 12e03x
"""
ONE_BY_ONE: list[tuple[str, Any]] = [
    ("", None),
    ("-0x10", -16),
    ("0B11", 3),
    ("0X1f", 31),
    ("019", 19),
    ("1.10", 1.1),
    (".5", 0.5),
    ("-.5", -0.5),
    ("1.5e3", 1500),
    ("1e-7", 1e-7),
    ("1e18", 10**18),
    ("1e19", 1e19),
    ("9223372036854775807", 2**63 - 1),
    ("9223372036854775808", 9223372036854775808.0),
    ("-9223372036854775808", -(2**63)),
    ("-9223372036854775809", -9223372036854775809.0),
    ("0xffffffffffffffff", 18446744073709551615.0),
    ("123456789012345678901234567890", 1.2345678901234568e29),
    ("'12'", "12"),
    ('"yes"', "yes"),
    ("''", ""),
    ("! 12", 12),
    ("!!str 12", "12"),
    ("!!str", ""),
    ("!!int '12'", 12),
    ("!!float 3", 3),
    ("!!bool 'yes'", True),
    ("!!null ''", None),
    ("!!timestamp 2001-01-01", "2001-01-01"),
    ("!!binary aGVsbG8=", "aGVsbG8="),
    ("!!binary |\n    aGVs\n    bG8=\n", "aGVsbG8="),
    ("!!seq [1]", [1]),
    ("!!map {a: 1}", {"a": 1}),
]
VALUES = [
    *((word, value) for value, words in ALIKE.values() for word in words.split()),
    *((word, word) for word in STRINGS.split()),
    *ONE_BY_ONE,
]


@pytest.mark.parametrize(("text", "value"), VALUES, ids=[text for text, _ in VALUES])
def test_a_value_means_what_it_means_to_kubernetes(text: str, value: Any) -> None:
    assert exact(load(f"key: {text}\n")) == exact([{"key": value}])


@pytest.mark.parametrize(
    ("text", "key"),
    [("80", "80"), ("on", "true"), ("n", "false"), ("010", "8"), ("1.5", "1.5"), ("'on'", "on"), ("2001-01-01",) * 2],
)
def test_a_key_that_is_no_string_becomes_one(text: str, key: str) -> None:
    assert load(f"{text}: x\n") == [{key: "x"}]


def test_whole_numbers_are_integers() -> None:
    assert all(type(load(f"a: {value!r}")[0]["a"]) is int for value in (1.0, 2.0**53, 1e18, -5.0))
