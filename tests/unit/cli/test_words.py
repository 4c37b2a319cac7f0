from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.cli import words
from fleet.engine.events import Drift, DriftKind, FieldChange, Operation
from tests.unit.cli.scripted import subject


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0.04, "0.0 s", id="nothing"),
        pytest.param(0.44, "0.4 s", id="below a second"),
        pytest.param(9.94, "9.9 s", id="below ten"),
        pytest.param(9.96, "10 s", id="rounded up to ten"),
        pytest.param(59.4, "59 s", id="below a minute"),
        pytest.param(59.6, "1 min 00 s", id="rounded up to a minute"),
        pytest.param(185, "3 min 05 s", id="minutes"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(None, "(absent)", id="absent"),
        pytest.param(3, "3", id="number"),
        pytest.param("3", '"3"', id="text that looks like a number"),
        pytest.param(True, "true", id="boolean"),
        pytest.param(["a", {"b": 1}], '["a", {"b": 1}]', id="structure"),
        pytest.param("x" * 100, '"' + "x" * 58 + "…", id="cut"),
        pytest.param("a\nb\x1b[31m", '"a\\nb\\u001b[31m"', id="control characters"),
    ],
)
def test_value(data: Any, text: str) -> None:
    assert words.value(data) == text


@given(st.text())
def test_cleaned_text_cannot_steer_a_terminal(text: str) -> None:
    cleaned = words.clean(text)
    assert not {char for char in cleaned if (ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160}


@pytest.mark.parametrize(
    ("names", "text"),
    [
        pytest.param([], "", id="none"),
        pytest.param(["a", "b"], "a, b", id="few"),
        pytest.param(["a", "b", "c", "d"], "a, b, c, d", id="one too many is no saving"),
        pytest.param(["a", "b", "c", "d", "e"], "a, b, c and 2 more", id="many"),
    ],
)
def test_listing(names: list[str], text: str) -> None:
    assert words.listing(names, most=3) == text


def test_every_operation_has_words() -> None:
    assert set(words.VERBS) == set(Operation)


def test_drift_names_a_few_fields() -> None:
    changes = tuple(FieldChange(f"data.key{number}", "a", "b") for number in range(5))
    found = Drift(subject(), DriftKind.CHANGED, changes)
    assert words.drift(found) == 'data.key0: "a" → "b"; data.key1: "a" → "b"; data.key2: "a" → "b"; 2 more'


def test_count_has_a_plural() -> None:
    assert (words.count(1, "object"), words.count(2000, "object")) == ("1 object", "2,000 objects")
