"""Property paths as programs write them in `ignoreChanges` and `replaceOnChanges`.

`spec.replicas`, `spec.containers[0].image`, `metadata.annotations["example.com/key"]`, `*` for any one key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

Path = tuple[str | int, ...]

_MISSING: Final = object()
_STEP = re.compile(r'\.?(?P<key>[^.\["\]]+)|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d+|\*)\]')


def parse(text: str) -> Path:
    """Return the steps of a path. Raises ValueError where the text is not one."""
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise ValueError(f"not a property path: {text!r}")
        steps.append(_step(match))
        position = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> str | int:
    index = match["index"]
    if index is not None:
        return int(index) if index.isdigit() else "*"
    quoted = match["quoted"]
    return match["key"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def covers(pattern: Path, path: Path) -> bool:
    """Return whether the path is what the pattern names, or something inside it, or something around it."""
    return all(step in ("*", at) for step, at in zip(pattern, path, strict=False))


def keep_old(inputs: Any, old: Any, ignored: Sequence[Path]) -> Any:
    """Return the inputs with everything at the ignored paths as it was: that is what `ignoreChanges` asks for."""
    for path in ignored:
        inputs = _keep(inputs, old, path)
    return inputs


def _keep(new: Any, old: Any, path: Path) -> Any:
    if not path:
        return old
    step, rest = path[0], path[1:]
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        keys = sorted({*new, *old}) if step == "*" else [str(step)]
        merged = dict(new)
        for key in keys:
            _put(merged, key, _keep_at(new.get(key, _MISSING), old.get(key, _MISSING), rest))
        return merged
    if isinstance(new, list) and isinstance(old, list):
        return [
            _keep(entry, old[at], rest) if step in ("*", at) and at < len(old) else entry
            for at, entry in enumerate(new)
        ]
    return new


def _keep_at(new: Any, old: Any, rest: Path) -> Any:
    """A path that ends here takes the old value, absence included; one that goes on needs both sides."""
    if not rest:
        return old
    return new if new is _MISSING or old is _MISSING else _keep(new, old, rest)


def _put(mapping: dict[str, Any], key: str, value: Any) -> None:
    if value is _MISSING:
        mapping.pop(key, None)
    else:
        mapping[key] = value


def without(value: Any, pattern: Path) -> Any:
    """Return a copy of the value without anything that the pattern names."""
    step, rest = pattern[0], pattern[1:]
    if isinstance(value, Mapping):
        entries = {key: without(entry, rest) if rest and step in ("*", key) else entry for key, entry in value.items()}
        return entries if rest else {key: entry for key, entry in entries.items() if step not in ("*", key)}
    if isinstance(value, list):
        items = [without(entry, rest) if rest and step in ("*", at) else entry for at, entry in enumerate(value)]
        return items if rest else [entry for at, entry in enumerate(items) if step not in ("*", at)]
    return value


def find(value: Any, path: Path) -> tuple[bool, Any]:
    """Return whether there is something at the path, and what."""
    for step in path:
        if isinstance(value, Mapping) and step in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return False, None
    return True, value


def put(value: Any, path: Path, entry: Any) -> Any:
    """Return a copy of the value with the entry at the path; what is missing on the way is made."""
    if not path:
        return entry
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        entries = list(value) if isinstance(value, list) else []
        if step < len(entries):
            entries[step] = put(entries[step], rest, entry)
        else:
            entries.append(put(None, rest, entry))
        return entries
    mapping = dict(value) if isinstance(value, Mapping) else {}
    mapping[step] = put(mapping.get(step), rest, entry)
    return mapping


def remove(value: Any, path: Path) -> Any:
    """Return a copy of the value without what is at the path; the value itself where nothing is."""
    there, _ = find(value, path)
    if not there or not path:
        return value
    *way, last = path
    _, around = find(value, tuple(way))
    if isinstance(around, list):
        rest: Any = [entry for at, entry in enumerate(around) if at != last]
    else:
        rest = {key: entry for key, entry in around.items() if key != last}
    return put(value, tuple(way), rest)
