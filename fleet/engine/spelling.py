"""Spelling: whether what differs between two sets of inputs may well mean the same to an API server. Pure.

Pulumi's provider records inputs as Go's types write them: without fields that are empty, and quantities in their
shortest form (pulumi-kubernetes, provider/pkg/provider/provider.go: normalizeInputs). Whether such a difference is one,
as it is for `emptyDir: {}`, only the API server knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from fleet.engine.events import FieldChange

_QUANTITY: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)")
_DECIMAL: Final[Mapping[str, int]] = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final[Mapping[str, int]] = {f"{letter}i": 2 ** (10 * power) for power, letter in enumerate("KMGTPE", 1)}


def may_be_the_same(found: Iterable[FieldChange]) -> bool:
    """Return whether all of the changes may be none: both sides empty, or one and the same quantity."""
    return all(_may_be_the_same(each.before, each.after) for each in found)


def _may_be_the_same(before: Any, after: Any) -> bool:
    if _is_empty(before) and _is_empty(after):
        return True
    quantity = _quantity(before)
    return quantity is not None and quantity == _quantity(after)


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    return all(map(_is_empty, value)) if isinstance(value, list) else value in (None, "", 0, False)


def _quantity(value: Any) -> Decimal | None:
    """Return the number that a quantity stands for; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = _QUANTITY.fullmatch(str(value))
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    if suffix in _BINARY:
        return Decimal(number) * _BINARY[suffix]
    return Decimal(number).scaleb(int(exponent or _DECIMAL.get(suffix, 0)))
