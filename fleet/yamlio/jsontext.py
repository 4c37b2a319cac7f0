"""JSON, read as the same plain data as YAML.

Kubernetes reads a file as JSON when it starts with `{`. YAML's parser would take most JSON too, but not all: it knows
neither the pairs of `\\u` escapes that JSON writes emoji with, nor what a line of tabs is.
"""

from __future__ import annotations

import json
import math
from typing import Any

from fleet.errors import Problem, Where
from fleet.yamlio import path, scalars
from fleet.yamlio.reader import MAX_DEPTH


def looks_like_json(text: str) -> bool:
    """Return whether Kubernetes would try JSON first."""
    return text.lstrip().startswith("{")


def load(text: str) -> tuple[Any, tuple[Problem, ...]]:
    """Return the one value of a JSON text and its problems; the value is of no use if there are any.

    Raises:
        json.JSONDecodeError: the text is not JSON.
    """
    problems: list[Problem] = []

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            problems.extend(_twice(key) for key in found if keys.count(key) > 1)
        return found

    try:
        data = json.loads(text, object_pairs_hook=mapping, parse_int=_number, parse_float=_number)
    except RecursionError:
        return None, (_too_deep(),)
    problems.extend(_check(data, ""))
    return data, tuple(problems)


def explain(error: json.JSONDecodeError) -> Problem:
    """Return what is wrong with a text that is not JSON."""
    detail = f"The parser says: {error.msg}, at column {error.colno}."
    hint = "A JSON file holds one value." if error.msg == "Extra data" else ""
    return Problem("not valid JSON", Where(line=error.lineno), detail, hint)


def _number(text: str) -> int | float:
    # Python converts no more than 4,300 digits to an integer; from 20 on Kubernetes has a float anyway.
    value = int(text) if len(text) <= 20 and text.lstrip("-").isdecimal() else float(text)
    return scalars.number(value) if math.isfinite(value) else value


def _twice(key: str) -> Problem:
    return Problem("the mapping has this key twice", Where(key=key), hint="Keep one of them.")


def _too_deep() -> Problem:
    return Problem("nested too deeply", detail=f"More than {MAX_DEPTH} levels are refused.")


def _check(data: Any, place: str, depth: int = 0) -> list[Problem]:
    if isinstance(data, (dict, list)):
        if depth == MAX_DEPTH:
            return [_too_deep()]
        entries = data.items() if isinstance(data, dict) else enumerate(data)
        return [problem for key, value in entries for problem in _check(value, path.entry(place, key), depth + 1)]
    if isinstance(data, float) and not math.isfinite(data):
        return [Problem("a number that JSON cannot hold", Where(key=place), hint="Put it in quotes if it is a text.")]
    if isinstance(data, str) and not _is_text(data):
        return [Problem("half a character: a \\u escape without the one that belongs to it", Where(key=place))]
    return []


def _is_text(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
