from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine.events import FieldChange
from fleet.engine.kubernetes.diff import Difference, comparable, differences, field_changes, written
from tests.unit.engine_kubernetes.trees import objects, values, without_nulls

SECRET = {"apiVersion": "v1", "kind": "Secret"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"a": 1}, {"a": 2}, [("a", 1, 2)], id="changed"),
        pytest.param({"a": 1}, {}, [("a", 1, None)], id="removed"),
        pytest.param({}, {"a": {"b": 1}}, [("a", None, {"b": 1})], id="added-whole"),
        pytest.param({"a": None}, {}, [], id="null-is-absent"),
        pytest.param({"a": True}, {"a": 1}, [("a", True, 1)], id="true-is-not-one"),
        pytest.param({"a": 1}, {"a": 1.0}, [], id="whole-float-is-integer"),
        pytest.param({"args": ["a"]}, {"args": ["a", "b"]}, [("args", ["a"], ["a", "b"])], id="argument-appended"),
        pytest.param(
            {"c": [{"n": "x", "i": 1}]}, {"c": [{"n": "x", "i": 2}]}, [("c[0].i", 1, 2)], id="inside-an-entry"
        ),
        pytest.param({"c": [{"n": 1}]}, {"c": [{"n": 1}, {"n": 2}]}, [("c[1]", None, {"n": 2})], id="entry-added"),
        pytest.param({"c": []}, {"c": [{"n": 2}]}, [("c[0]", None, {"n": 2})], id="first-entry"),
        pytest.param({"a": (1, 2)}, {"a": [1, 2]}, [], id="tuple-is-list"),
        pytest.param({"a": {"x": 1}}, {"a": "x"}, [("a", {"x": 1}, "x")], id="other-type"),
    ],
)
def test_differences(before: Any, after: Any, expected: list[tuple[str, Any, Any]]) -> None:
    found = [(written(each.path), each.before, each.after) for each in differences(before, after)]
    assert found == expected


@given(objects)
def test_an_object_does_not_differ_from_itself(tree: dict[str, Any]) -> None:
    assert not list(differences(tree, tree))


@given(values, values)
def test_there_are_differences_exactly_when_there_is_one(before: Any, after: Any) -> None:
    same = repr(_sorted(without_nulls(before))) == repr(_sorted(without_nulls(after)))
    assert (not list(differences(before, after))) == same


@given(values, values)
def test_looking_from_the_other_side_swaps_before_and_after(before: Any, after: Any) -> None:
    there = list(differences(before, after))
    back = [Difference(each.path, each.after, each.before) for each in differences(after, before)]
    assert there == back


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(("spec", "replicas"), "spec.replicas", id="plain"),
        pytest.param(("spec", "containers", 0, "args"), "spec.containers[0].args", id="index"),
        pytest.param(("metadata", "labels", "a.b/c"), 'metadata.labels["a.b/c"]', id="quoted"),
        pytest.param(("data", 'a"b'), 'data["a\\"b"]', id="quote-in-key"),
        pytest.param((), "", id="root"),
    ],
)
def test_paths_are_written_as_people_write_them(path: tuple[str | int, ...], text: str) -> None:
    assert written(path) == text


def test_what_the_server_keeps_does_not_count() -> None:
    bookkeeping = {"uid": "1", "resourceVersion": "2", "generation": 3, "managedFields": [], "creationTimestamp": "x"}
    live = {"kind": "A", "metadata": {"name": "n", "labels": {"a": "b"}, **bookkeeping}, "status": {"ready": True}}
    assert comparable(live) == {"kind": "A", "metadata": {"name": "n", "labels": {"a": "b"}}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            Difference(("data", "password"), "b2xk", "bmV3"),
            FieldChange("data.password", "[secret]", "[secret]"),
            id="value",
        ),
        pytest.param(
            Difference(("data",), None, {"a": "b2xk"}), FieldChange("data", None, {"a": "[secret]"}), id="all-of-it"
        ),
        pytest.param(
            Difference(("metadata", "annotations"), None, {"kubectl.kubernetes.io/last-applied-configuration": "{}"}),
            FieldChange("metadata.annotations", None, {"kubectl.kubernetes.io/last-applied-configuration": "[secret]"}),
            id="copy-of-kubectl",
        ),
        pytest.param(Difference(("type",), "a", "b"), FieldChange("type", "a", "b"), id="other-field"),
    ],
)
def test_values_of_secrets_are_masked(found: Difference, expected: FieldChange) -> None:
    assert field_changes(SECRET, [found]) == (expected,)


def test_values_of_other_kinds_are_shown() -> None:
    found = [Difference(("data", "password"), "old", "new")]
    assert field_changes({"apiVersion": "v1", "kind": "ConfigMap"}, found) == (
        FieldChange("data.password", "old", "new"),
    )


@given(st.lists(st.sampled_from(["data", "stringData"]), min_size=1, max_size=1), values, values)
def test_no_secret_value_survives(path: list[str], before: Any, after: Any) -> None:
    marked = Difference((*path, "key"), {"inner": [before, "TOP-SECRET"]}, "TOP-SECRET")
    assert "TOP-SECRET" not in repr(field_changes(SECRET, [marked]))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(inner) for inner in value] if isinstance(value, list) else value
