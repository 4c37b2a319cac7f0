"""JSON: the same data, and the same things refused."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.yamlio.reader import MAX_DEPTH
from tests.unit.yamlio.loading import exact, load, problems


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1.0, "b": 1e3, "c": 18446744073709551615}', {"a": 1, "b": 1000, "c": 18446744073709551615.0}),
        ('{"a": ' + "9" * 300 + "}", {"a": 1e300}),
        ('{"a": -0, "b": -1.5}', {"a": 0, "b": -1.5}),
        ('{"a": "\\ud83d\\ude00", "b": "ü"}', {"a": "😀", "b": "ü"}),
        ('{"a":\t"yes"}', {"a": "yes"}),
        ("[1]", [1]),
    ],
)
def test_json_gives_the_same_data(text: str, value: Any) -> None:
    assert exact(load(text, "app.json")) == exact([value])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{\n"a": 1,\n"b"\n}', "app.json:4: not valid JSON"),
        ('{"a": 1} {}', "app.json:1: not valid JSON"),
        ("a: 1", "app.json:1: not valid JSON"),
        ("", "app.json:1: not valid JSON"),
        ('{"a": [\n{"b": 1,\n"b": 2}]}', "app.json:3, a[0].b: the mapping has this key twice"),
        ('{"a": {"b": 1, "b": 2}}', "app.json:1, a.b: the mapping has this key twice"),
        ('{"a": [1, 1e999]}', "app.json:1, a[1]: a number that JSON cannot hold"),
        ('{"a": NaN}', "app.json:1, a: a number that JSON cannot hold"),
        ('{"a": {"\\ud83d": 1}}', "app.json, a: half a character: a \\u escape without the one that belongs to it"),
        ('{"a": "\\ud83d"}', "app.json, a: half a character: a \\u escape without the one that belongs to it"),
    ],
)
def test_json_is_refused_for_the_same_reasons(text: str, problem: str) -> None:
    assert problems(text, "app.json") == [problem]


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100_000])
def test_json_is_refused_where_it_is_too_deep(depth: int) -> None:
    assert problems("[" * depth + "]" * depth, "app.json") == ["app.json: nested too deeply"]
