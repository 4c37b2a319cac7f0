"""What differs between two sets of inputs, as people may see it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.engine import values
from fleet.engine.events import FieldChange
from fleet.engine.kubernetes.diff import Difference, differences, written
from fleet.engine.state import Secret


def between(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Return what differs from old to new; a value that is secret on either side is masked on both."""
    if old is new or old == new:
        return ()
    found = differences(values.reveal(old), values.reveal(new))
    return tuple(_shown(each, old, new) for each in found)


def _shown(change: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> FieldChange:
    path = written(change.path)
    if _is_secret(old, change.path) or _is_secret(new, change.path):
        hidden = (None if side is None else "[secret]" for side in (change.before, change.after))
        return FieldChange(path, *hidden)
    return FieldChange(path, values.mask(change.before), values.mask(change.after))


def _is_secret(value: Any, path: tuple[str | int, ...]) -> bool:
    """Return whether anything on the way to the path, or below it, is secret."""
    for step in path:
        if isinstance(value, Secret):
            return True
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return False
    return values.holds(value, Secret)
