"""The parser's complaints in plain words.

In: an error of PyYAML and the text it is about. Out: a Problem with the line where the mistake is, which is not always
the line where the parser gave up: a quote that is never closed is noticed at the end of the file.
"""

from __future__ import annotations

import re

import yaml
from yaml.reader import ReaderError

from fleet.errors import Problem, Where
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class _Mistake:
    """`sign`: part of the parser's message. `at_start`: the mistake is where the parser began, not where it stopped."""

    sign: str
    summary: str
    hint: str
    at_start: bool = False


_MISTAKES = (
    _Mistake("tab character", "a tab where there must be spaces", "Indent with spaces, never with tabs."),
    _Mistake(
        "cannot start any token",
        "a value cannot start with this character",
        'Put the value in quotes: @, ` and % are reserved, and so is ":" or "," in some places.',
    ),
    _Mistake(
        "mapping values are not allowed",
        'a ":" where there can be no key',
        'Put a value that holds ": " in quotes, or correct the indentation.',
    ),
    _Mistake(
        "did not find expected key",
        "bad indentation, or more text after a complete value",
        "Align the line with the keys that it belongs to; put the whole value in quotes, not a part of it.",
    ),
    _Mistake(
        "did not find expected '-' indicator",
        "bad indentation: this is no entry of the list above it",
        'Start an entry with "- ", or align the line with the keys that it belongs to.',
    ),
    _Mistake(
        "could not find expected ':'",
        'a line that is neither "key: value" nor an entry of a list',
        'Write ": " after the key, or correct the indentation.',
        at_start=True,
    ),
    _Mistake("unexpected end of stream", "a quote is opened and never closed", "Close it.", at_start=True),
    _Mistake("unexpected document", "a quote is opened and not closed before ---", "Close it.", at_start=True),
    _Mistake("',' or", 'a "[" or "{" is not closed, or a "," is missing', "Close it on the right line.", at_start=True),
    _Mistake(
        "expected node content",
        "a value is missing, or starts with a character that it cannot start with",
        "Put the value in quotes, or close every bracket.",
    ),
    _Mistake(
        "alphabetic or numeric character",
        'a "*" or "&" without a name',
        'Put a value that starts with "*" or "&" in quotes.',
    ),
    _Mistake(
        "unknown escape character",
        "a backslash in double quotes that starts no known escape",
        "Use single quotes, or write two backslashes.",
    ),
    _Mistake("<document start>", "more text after the end of the document", "Start a new document with a line of ---."),
    _Mistake("sequence entries are not allowed", "a list on the line of its key", "Start the list on the next line."),
)

_CONFLICT = re.compile(r"^(?:<{7}|>{7})\s", re.MULTILINE)
_TAB_INDENT = re.compile(r" *\t")
# Newer libyamls have a limit of their own, larger than ours, and reach it before we see anything.
_TOO_DEEP = "nesting depth"
_TEMPLATE = re.compile(r"\{\{|\{%")


def explain(error: yaml.YAMLError, text: str) -> Problem:
    """Return what is wrong with a text that is not YAML; the line is a line of the text."""
    if isinstance(error, ReaderError):
        return _unreadable(error, text)
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        return _problem("the marks of a merge conflict", line, hint="Resolve the conflict.")
    if not isinstance(error, yaml.MarkedYAMLError):
        return _problem(str(error), 0)
    return _marked(error, text.splitlines())


def _marked(error: yaml.MarkedYAMLError, lines: list[str]) -> Problem:
    stop = error.problem_mark.line if error.problem_mark else 0
    start = error.context_mark.line if error.context_mark else stop
    source = lines[stop] if stop < len(lines) else ""
    detail = f"The parser says: {', '.join(part for part in (error.context, error.problem) if part)}."
    if _TOO_DEEP in (error.problem or ""):
        return Problem("nested too deeply", Where(line=stop + 1), detail)
    mistake = _mistake(error.problem or "", source)
    if mistake is None:
        return _problem(error.problem or "", stop + 1, detail)
    line = min((start if mistake.at_start else stop) + 1, max(len(lines), 1))
    hint = mistake.hint
    if lines and _TEMPLATE.search(lines[line - 1]):
        hint += "\nIf this file is a template, render it first."
    return _problem(mistake.summary, line, detail, hint)


def _mistake(complaint: str, source: str) -> _Mistake | None:
    if _TAB_INDENT.match(source):
        return _MISTAKES[0]
    return next((mistake for mistake in _MISTAKES if mistake.sign in complaint), None)


def _unreadable(error: ReaderError, text: str) -> Problem:
    # libyaml counts bytes, Python's own reader characters.
    before = text[: error.position] if error.encoding == "unicode" else text.encode()[: error.position].decode()
    summary = f"a character that YAML does not allow, U+{error.character:04X}"
    hint = 'Remove it, or write it as an escape in double quotes, such as "\\t".'
    return _problem(summary, before.count("\n") + 1, hint=hint)


def _problem(summary: str, line: int, detail: str = "", hint: str = "") -> Problem:
    return Problem(f"not valid YAML: {summary}", Where(line=line), detail, hint)
