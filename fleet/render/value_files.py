"""Value files: the files that a Helm's `value_files` and `file_parameters` mean, in the order that they count in.

In: texts as the user wrote them. Out: files of the commit. The rules are Argo CD's (`getResolvedValueFiles` in
reposerver/repository/repository.go): relative to the chart, or to the repository's root with a leading slash; a glob
stands for its matches in lexical order, without those that are named by themselves; a file counts once.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from fleet.errors import Problem, RenderError
from fleet.render.objects import Kind
from fleet.render.snapshot import LinkError, Node, Snapshot

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def resolve(texts: Iterable[str], chart: str, snapshot: Snapshot, *, ignore_missing: bool) -> tuple[Node, ...]:
    """Return the value files. Raises RenderError with a Problem for each that is missing or somewhere else."""
    problems: list[Problem] = []
    found: dict[str, list[Node]] = {}
    for text in texts:
        try:
            found[text] = _matches(text, chart, snapshot) if _is_glob(text) else _one(text, chart, snapshot)
            if not found[text] and not ignore_missing:
                problems.append(_missing(text, chart))
        except _Outside as outside:
            problems.append(outside.problem)
    if problems:
        raise RenderError(*problems)
    named = {node.path for text, nodes in found.items() if not _is_glob(text) for node in nodes}
    unique: dict[str, Node] = {}
    for text, nodes in found.items():
        for node in nodes:
            if not _is_glob(text) or node.path not in named:
                unique.setdefault(node.path, node)
    return tuple(unique.values())


class _Outside(Exception):  # noqa: N818 - as what happened; it never leaves this file
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _is_glob(text: str) -> bool:
    return any(character in text for character in "*?[")


def _place(text: str, chart: str) -> str:
    if _URL.match(text):
        hint = "Commit the file to the repository and name it there."
        raise _Outside(Problem(f"value file {text} is not in the repository", hint=hint))
    path = posixpath.normpath(text.lstrip("/") if text.startswith("/") else posixpath.join(chart, text))
    if path.startswith("../") or path == "..":
        raise _Outside(Problem(f"value file {text} leads out of the repository"))
    return path


def _one(text: str, chart: str, snapshot: Snapshot) -> list[Node]:
    try:
        found = snapshot.find(_place(text, chart))
    except LinkError as error:
        summary = f"value file {text} leads out of the repository by a symlink to {error.target}"
        raise _Outside(Problem(summary)) from None
    return [found] if found and found.entry.kind is Kind.FILE else []


def _matches(text: str, chart: str, snapshot: Snapshot) -> list[Node]:
    pattern = _place(text, chart)
    before = re.split(r"[*?\[{]", pattern)[0].rpartition("/")[0]
    try:
        start = snapshot.find(before)
    except LinkError:
        return []
    if start is None or start.entry.kind is not Kind.DIRECTORY:
        return []
    fitting = re.compile(_expression(pattern))
    inside = snapshot.walk(start, recurse="/" in pattern[len(before) + 1 :] or "**" in pattern)
    names = sorted(node.path for node in inside if fitting.fullmatch(node.path))
    return [node for name in names for node in _one(f"/{name}", chart, snapshot)]


def _expression(pattern: str) -> str:
    """Translate as doublestar does: `*` and `?` stay in a directory, `**` as a whole part crosses them."""
    parts = pattern.split("/")
    translated = [r"(?:[^/]+/)*" if part == "**" else _part(part) + "/" for part in parts[:-1]]
    return "".join(translated) + (".*" if parts[-1] == "**" else _part(parts[-1]))


def _part(part: str) -> str:
    words = re.findall(r"\*+|\?|\[[!^]?[^\]]+\]|\{[^}]*\}|\\.|.", part)
    return "".join(map(_word, words))


def _word(word: str) -> str:
    if word.startswith("*"):
        return "[^/]*"
    if word == "?":
        return "[^/]"
    if word.startswith("[") and len(word) > 1:
        negated, content = word[1] in "!^", word[1:-1].lstrip("!^")
        return f"[{'^' if negated else ''}{content.replace('[', chr(92) + '[')}]"
    if word.startswith("{") and len(word) > 1:
        return f"(?:{'|'.join(map(_part, word[1:-1].split(',')))})"
    return re.escape(word[-1])


def _missing(text: str, chart: str) -> Problem:
    what = "no file fits" if _is_glob(text) else "there is no value file"
    hint = (
        "Paths are relative to the chart, or to the repository's root with a leading slash.\n"
        "If it may be missing: ignore_missing_value_files=True, in YAML ignoreMissingValueFiles: true."
    )
    return Problem(f"{what} {text}", detail=f"The chart is {chart or 'the root of the repository'}.", hint=hint)
