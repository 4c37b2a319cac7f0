"""Property paths, as programs write them in `ignoreChanges` and `replaceOnChanges`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import paths

KEYS = st.text('abc./[]"* ', min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        pytest.param("spec.replicas", ("spec", "replicas"), id="keys"),
        pytest.param("spec.containers[0].image", ("spec", "containers", 0, "image"), id="position"),
        pytest.param('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c"), id="quoted key"),
        pytest.param(r'data["a\"b"]', ("data", 'a"b'), id="quote in a key"),
        pytest.param("spec.containers[*].image", ("spec", "containers", "*", "image"), id="any position"),
        pytest.param("*", ("*",), id="everything"),
    ],
)
def test_a_path_is_read_step_by_step(text: str, steps: paths.Path) -> None:
    assert paths.parse(text) == steps


def test_a_text_that_is_no_path_is_refused() -> None:
    with pytest.raises(ValueError, match="not a property path"):
        paths.parse("spec[")


OLD = {"spec": {"replicas": 5, "old": 1, "list": [{"a": 1, "b": 1}]}}
NEW = {"spec": {"replicas": 2, "new": 1, "list": [{"a": 2, "b": 2}, {"a": 3}]}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("spec.replicas", {**NEW["spec"], "replicas": 5}, id="a value stays as it was"),
        pytest.param("spec.old", {**NEW["spec"], "old": 1}, id="what was dropped comes back"),
        pytest.param("spec.new", {key: NEW["spec"][key] for key in ("replicas", "list")}, id="what is new stays out"),
        pytest.param("spec.list[0].a", {**NEW["spec"], "list": [{"a": 1, "b": 2}, {"a": 3}]}, id="inside a list"),
        pytest.param("spec.list[*].b", {**NEW["spec"], "list": [{"a": 2, "b": 1}, {"a": 3}]}, id="in all of a list"),
        pytest.param("spec.absent.deep", NEW["spec"], id="what is nowhere changes nothing"),
    ],
)
def test_ignored_fields_stay_as_they_were(path: str, expected: dict[str, Any]) -> None:
    assert paths.keep_old(NEW, OLD, [paths.parse(path)]) == {"spec": expected}


def test_everything_can_be_ignored() -> None:
    assert paths.keep_old(NEW, OLD, [paths.parse("*")]) == OLD


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("spec", "spec.replicas", True),
        ("spec.replicas", "spec", True),
        ("spec.containers[*].image", "spec.containers[1].image", True),
        ("spec.replicas", "spec.template", False),
    ],
)
def test_a_pattern_covers_what_is_inside_and_around(pattern: str, path: str, expected: bool) -> None:
    assert paths.covers(paths.parse(pattern), paths.parse(path)) is expected


@given(st.dictionaries(KEYS, st.integers()), st.lists(KEYS, min_size=1, max_size=3), st.integers())
def test_what_is_put_is_found_and_what_is_removed_is_not(value: dict[str, int], steps: list[str], entry: int) -> None:
    path = tuple(steps)
    put = paths.put(value, path, entry)
    assert paths.find(put, path) == (True, entry)
    assert paths.find(paths.remove(put, path), path) == (False, None)


@given(st.dictionaries(KEYS, st.integers(), min_size=1))
def test_putting_back_what_was_removed_gives_the_same(value: dict[str, int]) -> None:
    path = (next(iter(value)),)
    _, entry = paths.find(value, path)
    assert paths.put(paths.remove(value, path), path, entry) == value
