"""Value files: the files that a Helm's `value_files` and `file_parameters` mean, in the order that they count in.

In: texts as the user wrote them, and the commits that they may be of. Out: files of these commits. The rules are Argo
CD's (`getResolvedValueFiles` in reposerver/repository/repository.go): relative to the chart; with a leading slash to
the repository's root; with a leading `$ref/` to the root of the source that has that ref. A glob stands for its matches
in lexical order, without those that are named by themselves; a file counts once.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from fleet.errors import Problem, RenderError
from fleet.frozen import dataclass
from fleet.model.masking import mask
from fleet.render.objects import Kind
from fleet.render.snapshot import LinkError, Node, Snapshot

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_REF = re.compile(r"\$([A-Za-z0-9_-]+)(?:/(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Base:
    """A commit that value files may be of. start: where relative paths start. root: where a leading slash leads.

    ref: the source's, empty for the chart's own. packed: True for a chart of a chart repository.
    """

    snapshot: Snapshot
    start: str = ""
    root: str = ""
    ref: str = ""
    packed: bool = False

    @property
    def shown(self) -> str:
        """What people are told that it is."""
        return "the chart" if self.packed else "the repository"


@dataclass(frozen=True, slots=True)
class ValueFile:
    """A file, and the ref of the source that it is of; empty for the chart's own."""

    ref: str
    node: Node


def resolve(
    texts: Iterable[str], own: Base, references: Mapping[str, Base], *, ignore_missing: bool
) -> tuple[ValueFile, ...]:
    """Return the value files. Raises RenderError with a Problem for each that is missing or somewhere else."""
    problems: list[Problem] = []
    found: dict[str, list[ValueFile]] = {}
    for text in texts:
        try:
            base, path = _base(text, own, references)
            nodes = _matches(text, path, base) if _is_glob(path) else _one(text, path, base)
            found[text] = [ValueFile(base.ref, node) for node in nodes]
            if not nodes and not ignore_missing:
                problems.append(_missing(text, base))
        except _Outside as outside:
            problems.append(outside.problem)
    if problems:
        raise RenderError(*problems)
    named = {_key(file) for text, files in found.items() if not _is_glob(text) for file in files}
    unique: dict[tuple[str, str], ValueFile] = {}
    for text, files in found.items():
        for file in files:
            if not _is_glob(text) or _key(file) not in named:
                unique.setdefault(_key(file), file)
    return tuple(unique.values())


class _Outside(Exception):  # noqa: N818 - as what happened; it never leaves this file
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _key(file: ValueFile) -> tuple[str, str]:
    return file.ref, file.node.path


def _is_glob(text: str) -> bool:
    return any(character in text for character in "*?[")


def _base(text: str, own: Base, references: Mapping[str, Base]) -> tuple[Base, str]:
    """Return what a text is about, and the path there, which starts at the base's root if it starts with a slash."""
    found = _REF.fullmatch(text)
    if found is None:
        return own, text
    if found[1] not in references:
        known = f"There are {', '.join(f'${ref}' for ref in references)}." if references else "No source has a ref."
        hint = "Give the source that has the file this ref: GitSource(…, ref=…), in YAML ref: …."
        raise _Outside(
            Problem(f"value file {text} is of no source: none has the ref {found[1]}", detail=known, hint=hint)
        )
    return references[found[1]], f"/{found[2] or ''}"


def _place(text: str, path: str, base: Base) -> str:
    if _URL.match(path):
        hint = "Commit the file to a repository: what an address gives may change at any time, unseen."
        raise _Outside(Problem(f"value file {mask(text)} is not in {base.shown}", hint=hint))
    start = base.root if path.startswith("/") else base.start
    place = posixpath.normpath(posixpath.join(start, path.lstrip("/")))
    if place == ".." or not f"{place}/".startswith(f"{base.root}/" if base.root else "") or place.startswith("../"):
        raise _Outside(Problem(f"value file {text} leads out of {base.shown}"))
    return place


def _one(text: str, path: str, base: Base) -> list[Node]:
    try:
        found = base.snapshot.find(_place(text, path, base))
    except LinkError as error:
        summary = f"value file {text} leads out of {base.shown} by a symlink to {error.target}"
        raise _Outside(Problem(summary)) from None
    return [found] if found and found.entry.kind is Kind.FILE else []


def _matches(text: str, path: str, base: Base) -> list[Node]:
    pattern = _place(text, path, base)
    before = re.split(r"[*?\[{]", pattern)[0].rpartition("/")[0]
    try:
        start = base.snapshot.find(before)
    except LinkError:
        return []
    if start is None or start.entry.kind is not Kind.DIRECTORY:
        return []
    fitting = re.compile(_expression(pattern))
    inside = base.snapshot.walk(start, recurse="/" in pattern[len(before) + 1 :] or "**" in pattern)
    names = sorted(node.path for node in inside if fitting.fullmatch(node.path))
    return [node for name in names for node in _one(text, f"/{name.removeprefix(f'{base.root}/')}", base)]


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


def _missing(text: str, base: Base) -> Problem:
    what = "no file fits" if _is_glob(text) else "there is no value file"
    hint = "If it may be missing: ignore_missing_value_files=True, in YAML ignoreMissingValueFiles: true."
    if base.ref:
        detail = f"${base.ref} is repository {base.snapshot.root.address.shown}, at commit {base.snapshot.root.commit}."
        return Problem(f"{what} {text}", detail=detail, hint=f"Paths start at its root.\n{hint}")
    if base.packed:
        detail = f"The chart is {base.start}, of chart repository {base.snapshot.root.address.shown}."
        return Problem(f"{what} {text}", detail=detail, hint=f"Paths are relative to the chart.\n{hint}")
    paths = "Paths are relative to the chart, or to the repository's root with a leading slash."
    detail = f"The chart is {base.start or 'the root of the repository'}."
    return Problem(f"{what} {text}", detail=detail, hint=f"{paths}\n{hint}")
