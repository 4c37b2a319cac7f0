"""What differs, as people may see it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import changes, values
from fleet.engine.events import FieldChange
from fleet.engine.state import Secret
from fleet.engine.values import UNKNOWN

LEAVES = st.booleans() | st.integers(0, 9) | st.text("ab", max_size=2)
TREES = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        LEAVES, lambda each: st.lists(each, max_size=2) | st.dictionaries(st.sampled_from("xy"), each, max_size=2)
    ),
    max_size=3,
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="nothing"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, [FieldChange("a.b", 1, 2)], id="a field"),
        pytest.param({}, {"a": 1}, [FieldChange("a", None, 1)], id="a new field"),
        pytest.param({"a": 1}, {}, [FieldChange("a", 1, None)], id="a field that goes"),
        pytest.param({"a": Secret("s")}, {"a": "s"}, [], id="only how secret it is"),
        pytest.param(
            {"a": Secret("s")}, {"a": "t"}, [FieldChange("a", Secret("s"), Secret("t"))], id="what was secret"
        ),
        pytest.param(
            {"a": "s"}, {"a": Secret("t")}, [FieldChange("a", Secret("s"), Secret("t"))], id="what is secret now"
        ),
        pytest.param({}, {"a": Secret("t")}, [FieldChange("a", None, Secret("t"))], id="a new secret"),
        pytest.param(
            {"a": Secret({"b": 1})}, {"a": Secret({"b": 2})}, [FieldChange("a.b", Secret(1), Secret(2))], id="inside"
        ),
        pytest.param(
            {"a": 1},
            {"a": {"b": [Secret("s")]}},
            [FieldChange("a", Secret(1), Secret({"b": ["s"]}))],
            id="something that holds a secret",
        ),
        pytest.param({"a": 1}, {"a": UNKNOWN}, [FieldChange("a", 1, "[unknown]")], id="what is not known yet"),
    ],
)
def test_what_differs_between_inputs(old: dict[str, Any], new: dict[str, Any], expected: list[FieldChange]) -> None:
    assert list(changes.between(old, new)) == expected


@given(TREES, TREES)
def test_there_are_changes_exactly_where_inputs_differ(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert (changes.between(old, old), bool(changes.between(old, new))) == ((), _differ(old, new))


def _differ(old: Any, new: Any) -> bool:
    """To Kubernetes, what is true is not 1."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() != new.keys() or any(_differ(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) != len(new) or any(map(_differ, old, new))
    return type(old) is not type(new) or bool(old != new)


@given(TREES, TREES)
def test_no_change_of_something_secret_shows_it(old: dict[str, Any], new: dict[str, Any]) -> None:
    for change in changes.between({"s": Secret(old)}, {"s": Secret(new)}):
        assert all(side is None or isinstance(side, Secret) for side in (change.before, change.after))


def test_drift_of_something_secret_is_hidden_and_other_drift_is_not() -> None:
    found = [FieldChange("data.p", "hunter2", "x"), FieldChange("data.q", "q", None)]
    inputs = {"data": {"p": Secret("hunter2"), "q": "q"}}
    assert changes.hidden(found, inputs) == (
        FieldChange("data.p", Secret(found[0].before), Secret(found[0].after)),
        found[1],
    )
    assert changes.hidden(found, values.reveal(inputs)) == tuple(found)


@pytest.mark.parametrize(
    ("change", "ignored", "expected"),
    [
        pytest.param(FieldChange("a.b", 1, 2), ["c"], FieldChange("a.b", 1, 2), id="another field"),
        pytest.param(FieldChange("a.b", 1, 2), ["a.b"], None, id="the field"),
        pytest.param(FieldChange("a.b", 1, 2), ["a"], None, id="what the field is in"),
        pytest.param(FieldChange("a[1].b", 1, 2), ["a[*].b"], None, id="one of a list"),
        pytest.param(FieldChange("a", {"b": 1}, None), ["a.b"], None, id="what only held the field"),
        pytest.param(
            FieldChange("a", {"b": 1, "c": 1}, None),
            ["a.b"],
            FieldChange("a", {"c": 1}, None),
            id="what held another field too",
        ),
        pytest.param(FieldChange('a["x.y/z"]', 1, 2), ['a["x.y/z"]'], None, id="a quoted key"),
    ],
)
def test_changes_of_ignored_fields_do_not_count(
    change: FieldChange, ignored: list[str], expected: FieldChange | None
) -> None:
    assert changes.heeded([change], ignored) == (() if expected is None else (expected,))
