"""Values: a mapping of plain data that can be shared."""

from typing import Any

import pytest

from fleet.model.values import Values

DATA: list[dict[str, Any]] = [{}, {"b": [1, {"c": None}], "a": True}]


@pytest.mark.parametrize("data", DATA, ids=str)
def test_values_of_values_are_the_same(data: dict[str, Any]) -> None:
    values = Values("Helm", "values", data)
    again = Values("Helm", "values", values)
    assert again == values == data
    assert again.text == values.text
    assert hash(again) == hash(values)


@pytest.mark.parametrize("data", DATA, ids=str)
def test_what_is_taken_out_is_a_copy(data: dict[str, Any]) -> None:
    values = Values("Helm", "values", data)
    assert dict(values.items()) == values.plain() == data
    assert len(values) == len(data)
    for entry in dict(values.items()).values():
        if isinstance(entry, list):
            entry.clear()
    values.plain().clear()
    assert values == data
