from typing import Any

import pytest
from hypothesis import given

from fleet.engine.kubernetes.diff import written
from fleet.engine.kubernetes.subset import unmet
from tests.unit.engine_kubernetes.trees import objects

NAMED = [{"name": "a", "image": "1"}]


@pytest.mark.parametrize(
    ("wanted", "live", "paths"),
    [
        pytest.param({"a": 1}, {"a": 1, "default": 2}, [], id="defaults-are-fine"),
        pytest.param({"a": 1}, {"a": 2}, ["a"], id="changed"),
        pytest.param({"labels": {"x": "y"}}, {"labels": {}}, ["labels.x"], id="removed"),
        pytest.param({"args": ["a"]}, {"args": ["a", "b"]}, ["args"], id="argument-appended"),
        pytest.param({"c": NAMED}, {"c": [*NAMED, {"name": "sidecar"}]}, [], id="named-entry-added"),
        pytest.param({"c": NAMED}, {"c": [{"name": "sidecar"}, *NAMED]}, [], id="named-entry-put-first"),
        pytest.param({"c": NAMED}, {"c": [{"name": "a", "image": "2"}]}, ["c[0].image"], id="named-entry-changed"),
        pytest.param({"c": NAMED}, {"c": [{"name": "b"}]}, ["c[0]"], id="named-entry-gone"),
        pytest.param({"r": [{"verbs": ["get"]}]}, {"r": [{"verbs": ["get"]}, {"verbs": ["*"]}]}, ["r[1]"], id="rule"),
        pytest.param({"cpu": "1000m"}, {"cpu": "1"}, [], id="quantity"),
        pytest.param({"memory": "1Gi"}, {"memory": "1073741824"}, [], id="binary-quantity"),
        pytest.param({"cpu": 0.5}, {"cpu": "500m"}, [], id="number-as-quantity"),
        pytest.param({"memory": "1Gi"}, {"memory": "1G"}, ["memory"], id="other-quantity"),
        pytest.param({"a": False, "b": "", "c": [], "d": {}}, {}, [], id="what-the-server-leaves-out"),
        pytest.param({"a": {"b": None}}, {"a": {"b": 1}}, [], id="null-wants-nothing"),
        pytest.param({"a": True}, {}, ["a"], id="missing"),
        pytest.param({"ports": [{"port": 80}, {"port": 81}]}, {"ports": [{"port": 81}]}, ["ports[0]"], id="port-gone"),
    ],
)
def test_what_is_not_as_wanted(wanted: Any, live: Any, paths: list[str]) -> None:
    assert [written(each.path) for each in unmet(wanted, live)] == paths


@given(objects)
def test_an_object_meets_itself(tree: dict[str, Any]) -> None:
    assert not list(unmet(tree, tree))


@given(objects, objects)
def test_more_keys_are_met(tree: dict[str, Any], more: dict[str, Any]) -> None:
    assert not list(unmet(tree, {**more, **tree}))


@given(objects)
def test_nothing_is_wanted_of_anything(tree: dict[str, Any]) -> None:
    assert not list(unmet({}, tree))
