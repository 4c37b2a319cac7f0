"""What may mean the same to an API server, and what cannot."""

from typing import Any

import pytest

from fleet.engine import spelling
from fleet.engine.events import FieldChange
from fleet.engine.state import Secret


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, {}, True, id="an empty map"),
        pytest.param(None, [], True, id="an empty list"),
        pytest.param(None, {"creationTimestamp": None, "labels": {}}, True, id="nothing but what is empty"),
        pytest.param(None, False, True, id="no"),
        pytest.param(0, None, True, id="zero"),
        pytest.param("", None, True, id="no text"),
        pytest.param("0.5", "500m", True, id="decimals and thousandths"),
        pytest.param("1024Mi", "1Gi", True, id="powers of two"),
        pytest.param("1e3", "1k", True, id="an exponent"),
        pytest.param(1, "1", True, id="a number and its text"),
        pytest.param("1000Mi", "1Gi", False, id="another quantity"),
        pytest.param("1", "2", False, id="another number"),
        pytest.param("a", "b", False, id="another text"),
        pytest.param(None, "a", False, id="a new text"),
        pytest.param(True, 1, False, id="yes is no number"),
        pytest.param(["a"], ["b"], False, id="another list"),
        pytest.param(Secret("a"), Secret("b"), False, id="secrets"),
        pytest.param(None, Secret("b"), False, id="a new secret"),
        pytest.param("1e999999999999999999999", "1", False, id="more than there is"),
    ],
)
def test_what_may_be_the_same(before: Any, after: Any, expected: bool) -> None:
    for change in (FieldChange("a", before, after), FieldChange("a", after, before)):
        assert spelling.may_be_the_same([change]) is expected


def test_one_difference_is_enough() -> None:
    assert not spelling.may_be_the_same([FieldChange("a", None, {}), FieldChange("b", "1", "2")])
