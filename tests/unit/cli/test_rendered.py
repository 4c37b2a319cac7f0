"""Rendered objects, as commands without a cluster get them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fleet.cli.rendered import objects, with_yaml
from fleet.cli.tree import write_tree

BODIES = [{"kind": "ConfigMap", "data": {"a": "1"}}, {"kind": "ConfigMap", "data": {"a": "2"}}]


def entry(cluster: str, name: str, body: int) -> dict[str, Any]:
    key = {"group": "", "kind": "ConfigMap", "namespace": "shop", "name": name}
    return {"cluster": cluster, "application": "shop", "key": key, "turn": "", "retain": False, "body": body}


ANSWER = {
    "bodies": [json.dumps(each) for each in BODIES],
    "objects": [entry("dev", "one", 0), entry("dev", "two", 1), entry("prod", "one", 0)],
}


def test_objects_that_are_the_same_share_their_body() -> None:
    one, two, again = objects(ANSWER)
    assert [each.body for each in (one, two, again)] == [BODIES[0], BODIES[1], BODIES[0]]
    assert one.body is again.body


def test_each_object_comes_with_its_own_text() -> None:
    texts = [(each.cluster, each.name, text) for each, text in with_yaml(objects(ANSWER))]
    assert texts == [
        ("dev", "one", "kind: ConfigMap\ndata:\n  a: '1'\n"),
        ("dev", "two", "kind: ConfigMap\ndata:\n  a: '2'\n"),
        ("prod", "one", "kind: ConfigMap\ndata:\n  a: '1'\n"),
    ]


def test_a_tree_has_a_file_for_each(tmp_path: Path) -> None:
    assert write_tree(tmp_path / "rendered", objects(ANSWER)) == 3
    files = {str(each.relative_to(tmp_path / "rendered")) for each in (tmp_path / "rendered").rglob("*.yaml")}
    assert files == {
        "dev/shop/shop/configmap-one.yaml",
        "dev/shop/shop/configmap-two.yaml",
        "prod/shop/shop/configmap-one.yaml",
    }
