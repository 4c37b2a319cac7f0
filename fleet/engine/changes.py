"""What differs between two sets of inputs, or between inputs and their object. What is secret in it stays a `Secret`:
whether people see it is decided where events leave the engine (`fleet.engine.hiding`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fleet.engine import paths, values
from fleet.engine.events import FieldChange
from fleet.engine.kubernetes.diff import Difference, differences, written
from fleet.engine.state import Secret


def between(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Return what differs from old to new; a value that is secret on either side is so on both."""
    if old is new or old == new:
        return ()
    found = differences(values.reveal(old), values.reveal(new))
    return tuple(_shown(each, old, new) for each in found)


def in_new(inputs: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Return what is in an object that was not there before, but for what it is called by."""
    metadata = values.reveal(inputs["metadata"])
    named = {"metadata": {key: metadata[key] for key in ("name", "namespace") if key in metadata}}
    return between({**{key: inputs[key] for key in ("apiVersion", "kind")}, **named}, inputs)


def _shown(change: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> FieldChange:
    path = written(change.path)
    if _is_secret(old, change.path) or _is_secret(new, change.path):
        return _sealed(FieldChange(path, change.before, change.after))
    return FieldChange(path, values.mask(change.before), values.mask(change.after))


def _sealed(change: FieldChange) -> FieldChange:
    return FieldChange(change.path, *(None if side is None else Secret(side) for side in (change.before, change.after)))


def hidden(found: Iterable[FieldChange], inputs: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Return changes of an object, those as secret that are about something secret in its inputs."""
    if not values.holds(inputs, Secret):
        return tuple(found)
    return tuple(_sealed(each) if _is_secret(inputs, paths.parse(each.path)) else each for each in found)


def heeded(found: Iterable[FieldChange], ignored: Sequence[str]) -> tuple[FieldChange, ...]:
    """Return the changes without what is at the ignored paths, as `ignore_changes` has them."""
    patterns = [paths.parse(text) for text in ignored]
    kept = (_heeded(each, patterns) for each in found) if patterns else found
    return tuple(each for each in kept if each is not None)


def _heeded(change: FieldChange, patterns: Sequence[paths.Path]) -> FieldChange | None:
    path = paths.parse(change.path)
    before, after = change.before, change.after
    for pattern in patterns:
        if not paths.covers(pattern, path):
            continue
        inside = pattern[len(path) :]
        before, after = (paths.without(side, inside) if inside else None for side in (before, after))
    # What only held ignored fields is as good as absent.
    return None if (before or None) == (after or None) else FieldChange(change.path, before, after)


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
