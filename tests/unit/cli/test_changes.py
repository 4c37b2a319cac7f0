from __future__ import annotations

from typing import Any

import pytest

from fleet.cli.views import changes
from fleet.engine.events import DriftKind, FieldChange, Operation
from tests.unit.cli.scripted import REPLICAS, drift, subject


def of(operation: Operation, *fields: FieldChange, cluster: str = "hub") -> changes.Difference:
    return changes.of_step(subject(cluster), operation, fields, dry_run=True)


def rendered(*differences: changes.Difference) -> list[str]:
    return [text.plain for text in changes.render(differences)]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param(2, 3, ["  - f: 2", "  + f: 3"], id="number"),
        pytest.param("2", 2, ['  - f: "2"', "  + f: 2"], id="text and number differ visibly"),
        pytest.param(None, "x", ['  + f: "x"'], id="added"),
        pytest.param(False, None, ["  - f: false"], id="removed"),
        pytest.param({}, [], ["  - f: {}", "  + f: []"], id="empty structures"),
        pytest.param(
            {"a": 1, "b": 2}, {"a": 1, "b": 3}, ["    f:", "      a: 1", "  -   b: 2", "  +   b: 3"], id="mapping"
        ),
        pytest.param(["a", "b"], None, ["    f:", "  -   - a", "  -   - b"], id="list"),
        pytest.param("one\ntwo\n", "one\n2\n", ["    f:", "      one", "  -   two", "  +   2"], id="text of lines"),
    ],
)
def test_field(before: Any, after: Any, lines: list[str]) -> None:
    assert rendered(of(Operation.UPDATE, FieldChange("f", before, after)))[1:] == lines


def test_distant_changes_of_a_text_are_cut_out() -> None:
    numbers = [str(number) for number in range(20)]
    change = FieldChange("data.file", "\n".join(numbers), "\n".join(["x", *numbers[1:19], "y"]))
    assert rendered(of(Operation.UPDATE, change)) == [
        "~ update Deployment.apps default/web  (hub · my-app)",
        "    data.file:",
        "  -   0",
        "  +   x",
        "      1",
        "      2",
        "      …",
        "      17",
        "      18",
        "  -   19",
        "  +   y",
    ]


def test_equal_changes_in_many_clusters_are_shown_once() -> None:
    same = [of(Operation.UPDATE, REPLICAS, cluster=f"c{number}") for number in range(12)]
    other = of(Operation.UPDATE, FieldChange("spec.replicas", 1, 3), cluster="dev")
    assert rendered(*same, other) == [
        "~ update Deployment.apps default/web  (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 · my-app)",
        "  - spec.replicas: 2",
        "  + spec.replicas: 3",
        "~ update Deployment.apps default/web  (dev · my-app)",
        "  - spec.replicas: 1",
        "  + spec.replicas: 3",
    ]


def test_equal_changes_of_many_objects_are_shown_once() -> None:
    """A thousand equal changes: 250 objects in four clusters, beside one that differs and three that are few."""
    many = [
        changes.of_step(subject(cluster, name=f"web-{number:03}"), Operation.UPDATE, (REPLICAS,), dry_run=True)
        for cluster in ("eu", "us", "asia", "test")
        for number in range(250)
    ]
    few = [
        changes.of_step(subject("hub", name=name), Operation.UPDATE, (FieldChange("a", 1, 2),), dry_run=True)
        for name in ("x", "y", "z")
    ]
    other = changes.of_step(subject("eu", name="web-100b"), Operation.UPDATE, (FieldChange("b", 1, 2),), dry_run=True)
    found = rendered(*many, *few, other)
    named = "default/web-000, default/web-001, default/web-002 and 247 more"
    assert found[:3] == [
        f"~ update Deployment.apps {named}  (asia, eu, test, us · my-app)",
        "  - spec.replicas: 2",
        "  + spec.replicas: 3",
    ]
    assert [line for line in found[3:] if line.startswith("~")] == [
        "~ update Deployment.apps default/web-100b  (eu · my-app)",
        *(f"~ update Deployment.apps default/{name}  (hub · my-app)" for name in ("x", "y", "z")),
    ]


def test_what_has_no_fields_to_show_is_named_one_by_one() -> None:
    gone = [
        changes.of_step(subject("hub", name=f"web-{number}"), Operation.DELETE, (), dry_run=True) for number in range(9)
    ]
    assert len(rendered(*gone)) == 9


def test_drift_says_what_becomes_of_it() -> None:
    gone = changes.of_drift(drift("dev", kind=DriftKind.DELETED))
    left = changes.of_drift(drift("hub", heals=False))
    assert rendered(gone, left) == [
        "! drift in Deployment.apps default/web  (dev · my-app · gone from the cluster)",
        "! drift in Deployment.apps default/web  (hub · my-app · left alone: self_heal is off)",
        "  - spec.replicas: 2",
        "  + spec.replicas: 5",
    ]


def test_colours_say_which_side_a_line_is_on() -> None:
    texts = list(changes.render([of(Operation.UPDATE, REPLICAS)]))
    assert [text.style for text in texts] == ["bold yellow", "red", "green"]
