"""The difference between two objects, field by field. Pure.

null and an absent field are the same, as they are to the API server. Lists of maps are compared by position, other
lists as one value: a list of arguments changes as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from fleet.engine.events import FieldChange
from fleet.engine.kubernetes.secrets import is_secret, masked
from fleet.frozen import dataclass

Path = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BOOKKEEPING = frozenset({"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; None where it is not there."""

    path: Path
    before: Any
    after: Any


def comparable(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object without its status and without what the API server keeps about every object."""
    kept = {key: value for key, value in manifest.items() if key != "status"}
    metadata = manifest.get("metadata") or {}
    kept["metadata"] = {key: value for key, value in metadata.items() if key not in _BOOKKEEPING}
    return kept


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Difference]:
    """Yield what differs, as deep down as it can be named; nothing exactly when the two are the same."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from differences(before.get(key), after.get(key), (*path, key))
    elif _are_lists_of_maps(before, after):
        for index, (left, right) in enumerate(zip_longest(before, after)):
            yield from differences(left, right, (*path, index))
    elif not _same(before, after):
        yield Difference(path, before, after)


def field_changes(manifest: Mapping[str, Any], found: Iterable[Difference]) -> tuple[FieldChange, ...]:
    """Return differences of an object as people may see them: paths written out, secret values masked."""
    if is_secret(manifest):
        found = [Difference(each.path, *_masked(each)) for each in found]
    return tuple(FieldChange(written(each.path), each.before, each.after) for each in found)


def written(path: Path) -> str:
    """Return `spec.containers[0].args`; keys that are no plain words in quotes: `labels["example.com/a"]`."""
    return "".join(_written(step) for step in path).removeprefix(".")


def _masked(difference: Difference) -> tuple[Any, Any]:
    return masked(difference.path, difference.before), masked(difference.path, difference.after)


def _written(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def _are_lists_of_maps(before: Any, after: Any) -> bool:
    lists = isinstance(before, list | tuple) and isinstance(after, list | tuple)
    return lists and all(isinstance(each, Mapping) for each in (*before, *after))


def _same(before: Any, after: Any) -> bool:
    """Like ==, but true is not 1, and null in a map is as if it were not there."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(_same(before.get(key), after.get(key)) for key in {*before, *after})
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return len(before) == len(after) and all(_same(*pair) for pair in zip(before, after, strict=True))
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    return bool(before == after)
