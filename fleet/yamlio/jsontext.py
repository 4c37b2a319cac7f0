"""JSON, read as the same plain data as YAML.

Kubernetes reads a file as JSON when it starts with `{`. YAML's parser would take most JSON too, but not all: it knows
neither the pairs of `\\u` escapes that JSON writes emoji with, nor what a line of tabs is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from fleet.errors import Problem, Where
from fleet.yamlio import path, scalars
from fleet.yamlio.reader import MAX_DEPTH


def looks_like_json(text: str) -> bool:
    """Return whether Kubernetes would try JSON first."""
    return text.lstrip().startswith("{")


class _Repeating(dict[str, Any]):
    """A mapping that was written with some of its keys twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.repeated = [key for key in self if keys.count(key) > 1]


def load(text: str) -> tuple[Any, tuple[Problem, ...]]:
    """Return the one value of a JSON text and its problems; the value is of no use if there are any.

    Raises:
        json.JSONDecodeError: the text is not JSON.
    """
    try:
        data = json.loads(text, object_pairs_hook=_mapping, parse_int=_number, parse_float=_number)
    except RecursionError:
        return None, (_too_deep(),)
    return data, tuple(_check(data, ""))


def explain(error: json.JSONDecodeError) -> Problem:
    """Return what is wrong with a text that is not JSON."""
    detail = f"The parser says: {error.msg}, at column {error.colno}."
    hint = "A JSON file holds one value." if error.msg == "Extra data" else ""
    return Problem("not valid JSON", Where(line=error.lineno), detail, hint)


def _number(text: str) -> int | float:
    # Python converts no more than 4,300 digits to an integer; from 20 on Kubernetes has a float anyway.
    value = int(text) if len(text) <= 20 and text.lstrip("-").isdecimal() else float(text)
    return scalars.number(value) if math.isfinite(value) else value


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Repeating(pairs)


def _too_deep() -> Problem:
    return Problem("nested too deeply", detail=f"More than {MAX_DEPTH} levels are refused.")


def _half_a_character(place: str) -> Problem:
    return Problem("half a character: a \\u escape without the one that belongs to it", Where(key=place))


def _check(data: Any, place: str, depth: int = 0) -> Iterator[Problem]:
    if isinstance(data, (dict, list)):
        if depth == MAX_DEPTH:
            yield _too_deep()
            return
        if isinstance(data, _Repeating):
            for key in data.repeated:
                where = Where(key=path.entry(place, key))
                yield Problem("the mapping has this key twice", where, hint="Keep one of them.")
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            if isinstance(step, str) and not _is_text(step):
                yield _half_a_character(place)
            else:
                yield from _check(value, path.entry(place, step), depth + 1)
    elif isinstance(data, float) and not math.isfinite(data):
        yield Problem("a number that JSON cannot hold", Where(key=place), hint="Put it in quotes if it is a text.")
    elif isinstance(data, str) and not _is_text(data):
        yield _half_a_character(place)


def _is_text(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
