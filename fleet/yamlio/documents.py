"""Documents: what one file holds.

In: the file's text and name. Out: its documents, in order. Kubernetes splits a file at its `---` lines before it
looks at anything else, and so does this: a document that is not YAML hides none of the others.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

import yaml

from fleet.errors import Problem
from fleet.frozen import dataclass
from fleet.yamlio import jsontext, words
from fleet.yamlio.reader import Reader, TooMuchError

_MARKER = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^%", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One document that is not empty.

    data: JSON-like: dicts with string keys, lists, strings, booleans, integers, finite floats, None. A tree: no dict or
        list appears in it twice.
    file: as it was given.
    number: 1-based among the file's documents that are not empty; 0 if it is the only one.
    line: the first of its content, 1-based.
    """

    data: Any
    file: str
    number: int
    line: int


class YamlProblem(Exception):  # noqa: N818 - it carries problems; what error they are is for the caller to say
    """A text holds something that is not YAML, not JSON, or cannot be said in JSON.

    problems: at least one, with file and line. problem: the first. documents: those that are whole.
    """

    def __init__(self, problems: Sequence[Problem], documents: Sequence[Document] = ()) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        self.documents = tuple(documents)

    @property
    def problem(self) -> Problem:
        """The first problem."""
        return self.problems[0]


@dataclass(frozen=True, slots=True)
class _Found:
    """A document as it was met: with problems, its data is of no use. `lines`: as in Reader."""

    data: Any
    line: int
    problems: tuple[Problem, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)


def load_documents(text: str, *, file: str) -> tuple[Document, ...]:
    """Return the documents of a file, empty ones (comments only, `null`) left out.

    file: its name, for messages; a name ending in `.json` makes it JSON and nothing else.

    Raises:
        YamlProblem: for all problems of all documents together.
    """
    text = text.removeprefix("\ufeff")
    found = list(_json(text, file) or _yaml(text))
    documents: list[Document] = []
    problems: list[Problem] = []
    for position, each in enumerate(found, start=1):
        number = position if len(found) > 1 else 0
        if each.problems:
            problems += (problem.at(file=file, document=number) for problem in each.problems)
        else:
            documents.append(Document(each.data, file, number, each.line))
    if problems:
        raise YamlProblem(problems, documents)
    return tuple(documents)


class Lines:
    """Where the keys of a text are. For messages only: it reads the text anew, once for any number of questions."""

    def __init__(self, text: str) -> None:
        self._documents = tuple(_yaml(text, with_lines=True))

    def locate(self, document: int, key: str) -> int:
        """Return the 1-based line of a key or list entry; where it does not exist, of the nearest thing around it.

        document: as in Document.number. key: a path as in Where.key, empty for the document itself. 0 is unknown: there
        is no such document, or it cannot be read that far.
        """
        position = max(document, 1) - 1
        if position >= len(self._documents):
            return 0
        found = self._documents[position]
        around = [path for path in found.lines if f"{key}.".startswith((f"{path}.", f"{path}["))]
        return found.lines[max(around, key=len)] if around else found.line


def locate(text: str, document: int, key: str) -> int:
    """Return what `Lines` says of one key."""
    return Lines(text).locate(document, key)


def _json(text: str, file: str) -> list[_Found]:
    """Return nothing where the text is to be read as YAML."""
    only = file.endswith(".json")
    if not only and not jsontext.looks_like_json(text):
        return []
    try:
        data, problems = jsontext.load(text)
    except json.JSONDecodeError as error:
        return [_Found(None, 0, (jsontext.explain(error),))] if only else []
    if data is None and not problems:
        return []
    located = tuple(problem.at(line=locate(text, 0, problem.where.key)) for problem in problems)
    before = text[: len(text) - len(text.lstrip())]
    return [_Found(data, before.count("\n") + 1, located)]


def _yaml(text: str, *, with_lines: bool = False) -> Iterator[_Found]:
    for lines_before, part in _split(text):
        yield from _read(part, lines_before, with_lines=with_lines)


def _read(part: str, lines_before: int, *, with_lines: bool) -> Iterator[_Found]:
    try:
        reader = Reader(part, lines_before=lines_before, with_lines=with_lines)
        for data, line in reader.documents():
            if data is not None or reader.problems:
                yield _Found(data, line, tuple(reader.problems), reader.lines)
    except TooMuchError as error:
        yield _Found(None, 0, (error.problem,))
    except yaml.YAMLError as error:
        problem = words.explain(error, part)
        moved = replace(problem.where, line=problem.where.line + lines_before)
        yield _Found(None, 0, (replace(problem, where=moved),))
    except UnicodeEncodeError:
        yield _Found(None, 0, (Problem("not valid YAML: the file's text is not Unicode", hint="Save it as UTF-8."),))


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Yield the parts of a text that its `---` lines start, each with the number of lines before it.

    With directives (`%TAG`), which come before their document's `---`, the text is one part.
    """
    marks = [] if _DIRECTIVE.search(text) else [found.start() for found in _MARKER.finditer(text)]
    line = 0
    for start, end in itertools.pairwise((0, *marks, len(text))):
        part = text[start:end]
        yield line, part
        line += part.count("\n")
