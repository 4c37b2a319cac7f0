"""Reader: the documents of one text, built straight from the parser's events.

In: text. Out: plain data that is a tree (no object appears in it twice) and can be written as JSON, and the problems of
what is well-formed YAML but not that. PyYAML's constructors are not used: what they build is neither JSON nor what
Kubernetes reads, they let the second of two equal keys win silently, and they take longer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from fleet.errors import Problem, Where
from fleet.yamlio import scalars
from fleet.yamlio.parser import Loader
from fleet.yamlio.path import Path, shown

# The deepest CustomResourceDefinitions have about 40 levels; Python's recursion takes a few hundred.
MAX_DEPTH = 100
# About what go-yaml lets the aliases of a document grow to before it calls them excessive.
MAX_EXPANDED = 400_000

_MERGE = "<<"


class TooMuchError(Exception):
    """Reading on would take more memory or stack than any manifest needs."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.summary)
        self.problem = problem


class Reader:
    """Reads the documents of one text, once.

    lines_before: the number of lines of the file that come before the text.
    problems: what is wrong in the document read last. Its data is of no use then.
    lines: key path → line for the document read last, where `with_lines` asks for it.
    """

    def __init__(self, text: str, *, lines_before: int = 0, with_lines: bool = False) -> None:
        self._next = Loader(text).get_event
        self._path: Path = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._expanded = 0
        self._lines_before = lines_before
        self._with_lines = with_lines
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}

    def documents(self) -> Iterator[tuple[Any, int]]:
        """Yield each document's data and first line; None is an empty document.

        Raises:
            TooMuchError: the document is nested too deeply, or its aliases grow too large.
            yaml.YAMLError: the text is not YAML.
        """
        while type(event := self._next()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent:
                self.problems, self.lines, self._anchors = [], {}, {}
                self._nodes = self._expanded = 0
                root = self._next()
                yield self._node(root, 0), self._line(root)

    def _node(self, event: Any, depth: int) -> Any:
        before = self._nodes
        self._nodes += 1
        kind = type(event)
        value: Any
        if kind is ScalarEvent:
            value = self._scalar(event)
        elif kind is AliasEvent:
            return self._alias(event, depth)
        elif depth == MAX_DEPTH:
            raise self._too_deep(event)
        elif kind is MappingStartEvent:
            value = self._mapping(event, depth + 1)
        else:
            value = self._sequence(event, depth + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _mapping(self, start: Any, depth: int) -> dict[str, Any]:
        self._check_tag(start, "map")
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while type(event := self._next()) is not MappingEndEvent:
            merges = type(event) is ScalarEvent and event.value == _MERGE and event.implicit[0]
            key = _MERGE if merges else self._key(event, depth)
            self._path.append(key)
            self._mark(event)
            value = self._node(self._next(), depth)
            if merges:
                merged |= self._merge(event, value, found)
            elif key in found:
                self._note(event, "the mapping has this key twice", hint="Keep one of them.")
            else:
                found[key] = value
            self._path.pop()
        return merged | found

    def _merge(self, event: Any, value: Any, found: dict[str, Any]) -> dict[str, Any]:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            self._note(event, "`<<` must have a mapping, or a list of mappings")
            return {}
        merged: dict[str, Any] = {}
        for source in reversed(sources):
            merged |= source
        unclear = [key for key, entry in merged.items() if found.get(key, entry) != entry]
        if unclear:
            detail = f"Parsers do not agree on who wins: {', '.join(unclear)} above `<<`, or what it merges."
            self._note(event, "`<<` merges keys that are set above it", detail, "Put `<<` first in its mapping.")
        return merged

    def _sequence(self, start: Any, depth: int) -> list[Any]:
        self._check_tag(start, "seq")
        entries: list[Any] = []
        self._path.append(0)
        while type(event := self._next()) is not SequenceEndEvent:
            self._mark(event)
            entries.append(self._node(event, depth))
            self._path[-1] = len(entries)
        self._path.pop()
        return entries

    def _key(self, event: Any, depth: int) -> str:
        value = self._node(event, depth)
        if type(value) is str:
            return value
        if isinstance(value, (dict, list)):
            hint = "If this is a template's {{ … }}, put it in quotes, or render the template first."
            self._note(event, "a mapping or a list cannot be a key", hint=hint)
        elif value is None:
            self._note(event, "a key is empty", hint='If the key is the word null or "~", put it in quotes.')
        return scalars.key(value)

    def _scalar(self, event: Any) -> scalars.Scalar:
        text: str = event.value
        if event.implicit[0]:
            value = scalars.plain(text)
        elif event.tag is None:
            return text
        else:
            value = self._tagged(event, text)
        if type(value) is float and not math.isfinite(value):
            self._note(event, f"{text} is not a number in JSON", hint="Put it in quotes if it is a text.")
        return value

    def _tagged(self, event: Any, text: str) -> scalars.Scalar:
        try:
            return scalars.tagged(event.tag, text)
        except KeyError:
            self._refuse_tag(event)
        except ValueError:
            self._note(event, f"this is not what its tag {_short(event.tag)} says")
        return None

    def _check_tag(self, event: Any, expected: str) -> None:
        if event.tag not in {None, "!", scalars.TAG + expected}:
            self._refuse_tag(event)

    def _refuse_tag(self, event: Any) -> None:
        detail = "Kubernetes and Argo CD would drop it without a word and take the value as it stands."
        self._note(event, f"the tag {_short(event.tag)} means nothing here", detail, "Remove the tag.")

    def _alias(self, event: Any, depth: int) -> Any:
        if event.anchor not in self._anchors:
            self._note(event, f"*{event.anchor} refers to no complete value before it")
            return None
        value, size = self._anchors[event.anchor]
        self._nodes += size
        self._expanded += size
        if self._expanded > MAX_EXPANDED:
            detail = f"With its aliases written out the document has more than {MAX_EXPANDED:,} values."
            raise TooMuchError(self._problem(event, "too many aliases of aliases", detail))
        return self._copy(event, value, depth)

    def _copy(self, event: Any, value: Any, depth: int) -> Any:
        if not isinstance(value, (dict, list)):
            return value
        if depth == MAX_DEPTH:
            raise self._too_deep(event)
        if isinstance(value, list):
            return [self._copy(event, entry, depth + 1) for entry in value]
        return {key: self._copy(event, entry, depth + 1) for key, entry in value.items()}

    def _mark(self, event: Any) -> None:
        if self._with_lines:
            self.lines[shown(self._path)] = self._line(event)

    def _line(self, event: Any) -> int:
        return int(event.start_mark.line) + 1 + self._lines_before

    def _too_deep(self, event: Any) -> TooMuchError:
        where = Where(line=self._line(event))
        return TooMuchError(Problem("nested too deeply", where, f"More than {MAX_DEPTH} levels are refused."))

    def _problem(self, event: Any, summary: str, detail: str = "", hint: str = "") -> Problem:
        where = Where(line=self._line(event), key=shown(self._path))
        return Problem(summary, where, detail, hint)

    def _note(self, event: Any, summary: str, detail: str = "", hint: str = "") -> None:
        self.problems.append(self._problem(event, summary, detail, hint))


def _short(tag: str) -> str:
    return tag.replace(scalars.TAG, "!!")
