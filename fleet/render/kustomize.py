"""Kustomize: the objects of a kustomization in Git, built by the program `kustomize`.

In: a path, a Kustomize and the Snapshot of a commit. Out: Manifests. The kustomization, and the directories that it
leads to, are exported; the fields of the Kustomize are put into the exported copy. Nothing comes from the network.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.errors import Problem, RenderError, Where
from fleet.model.kustomize import Kustomize
from fleet.model.manifest import Manifest
from fleet.render import output
from fleet.render.detection import KUSTOMIZATIONS
from fleet.render.export import Selection, select
from fleet.render.kustomization import CannotEdit, edited, is_remote, references
from fleet.render.objects import Kind
from fleet.render.runner import ToolFailed
from fleet.render.snapshot import LinkError, Node, Snapshot
from fleet.render.tools import Tool
from fleet.yamlio import YamlProblem, load_documents, locate

_FILE_AND_LINE = re.compile(r"(?P<file>[\w./-]+\.(?:ya?ml|json)|Kustomization)\b.*?\bline (?P<line>\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Kustomization:
    """A kustomization with everything that it leads to. path: of its directory, symlinks followed."""

    path: str
    wanted: Kustomize
    selection: Selection

    def digest(self) -> str:
        """Return what changes with anything that the output depends on, kustomize itself aside."""
        return f"{self.selection.digest()} {self.path} {self.wanted}"

    def build(self, tool: Tool, work: Path, timeout_s: float) -> tuple[Manifest, ...]:
        """Return the objects. work: an empty directory for what is needed meanwhile. Raises RenderError."""
        tree, directory = work / "tree", work / "tree" / self.path
        self.selection.write(tree)
        if self.wanted != Kustomize():
            self._edit(directory)
        try:
            written, _ = tool.run("build", str(directory), work=work, directory=tree, timeout_s=timeout_s)
        except ToolFailed as failed:
            raise RenderError(self._failed(failed, tree, timeout_s)) from None
        file = self.file()
        return output.manifests(written.decode(errors="replace"), lambda _: file)

    def file(self) -> str:
        """Return the kustomization's file; the directory where there is none."""
        names = (posixpath.join(self.path, name) for name in KUSTOMIZATIONS)
        there = (name for name in names if name in self.selection.files or name in self.selection.links)
        return next(there, self.path or ".")

    def _edit(self, directory: Path) -> None:
        """Put the fields in, in place of what was exported; a symlink is replaced, and what it leads to stays."""
        file = self.file()
        place = directory / posixpath.basename(file)
        if not place.is_file():
            names = ", ".join(KUSTOMIZATIONS)
            raise RenderError(Problem("there is no kustomization here", Where(file=file), f"None of {names} exists."))
        data = _load(file, place.read_bytes())
        try:
            result = edited(data, self.wanted, self._components())
        except CannotEdit as error:
            raise RenderError(error.problem.at(file=file)) from None
        place.unlink()
        place.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")

    def _components(self) -> list[str]:
        asked = list(self.wanted.components)
        if not self.wanted.ignore_missing_components:
            return asked
        return [each for each in asked if _directory(self.selection.snapshot, self.path, each)]

    def _failed(self, failed: ToolFailed, tree: Path, timeout_s: float) -> Problem:
        if failed.timed_out:
            return Problem(f"kustomize build took longer than {timeout_s:g} s", Where(file=self.file()))
        words = failed.words.replace(f"{tree.resolve()}/", "").replace(f"{tree}/", "")
        words = "\n".join(line for line in words.splitlines() if not line.startswith("# Warning")).removeprefix(
            "Error: "
        )
        hint = ""
        if "--enable-helm" in words:
            hint = "Charts in a kustomization are not supported yet: name the chart as the source of an application."
        found = _FILE_AND_LINE.search(words)
        named = found and found["file"] in self.selection.files
        where = Where(file=found["file"], line=int(found["line"])) if found and named else Where(file=self.file())
        return Problem("kustomize build fails", where, detail=words, hint=hint)


def find(path: str, wanted: Kustomize, snapshot: Snapshot) -> Kustomization:
    """Return the kustomization at a path. Raises SourceError for the path, RenderError for what is on the network."""
    directory = snapshot.directory(path)
    nodes, problems = {directory.path: directory}, list[Problem]()
    pending = [directory]
    extra = [(f"components[{position}]", each) for position, each in enumerate(wanted.components)]
    while pending:
        node = pending.pop()
        file, data, text = _read(node, snapshot)
        for key, reference in (*references(data), *(extra if node is directory else ())):
            found = _directory(snapshot, node.path, reference)
            if found and found.path not in nodes:
                nodes[found.path] = found
                pending.append(found)
            elif not found and is_remote(reference) and not _exists(snapshot, node.path, reference):
                problems.append(_remote(reference, Where(file=file, line=locate(text, 0, key), key=key)))
    if problems:
        raise RenderError(*problems)
    return Kustomization(directory.path, wanted, select(snapshot, nodes.values()))


def _remote(reference: str, where: Where) -> Problem:
    hint = "Copy what is needed of it into the repository, or add it as a Git submodule, and name that directory."
    return Problem(f"remote base {reference}: only what is in the repository is read", where, hint=hint)


def _read(directory: Node, snapshot: Snapshot) -> tuple[str, object, str]:
    """Return a kustomization's file, its data and its text. What cannot be read is for kustomize to tell."""
    for name in KUSTOMIZATIONS:
        path = posixpath.join(directory.path, name)
        node = _find(snapshot, path)
        if node and node.entry.kind is Kind.FILE:
            (content,) = snapshot.read([node], 10_000_000)
            text = content.decode(errors="replace")
            try:
                documents = load_documents(text, file=path)
            except YamlProblem as error:
                documents = tuple(error.documents)
            return path, documents[0].data if documents else None, text
    return directory.path, None, ""


def _load(file: str, content: bytes) -> Mapping[str, Any]:
    try:
        documents = load_documents(content.decode(errors="replace"), file=file)
    except YamlProblem as error:
        raise RenderError(*error.problems) from None
    if len(documents) != 1 or not isinstance(documents[0].data, dict):
        raise RenderError(Problem("this is no kustomization: it is not one mapping", Where(file=file)))
    return documents[0].data


def _directory(snapshot: Snapshot, base: str, reference: str) -> Node | None:
    found = _find(snapshot, posixpath.join(base, reference))
    return found if found and found.entry.kind is Kind.DIRECTORY else None


def _exists(snapshot: Snapshot, base: str, reference: str) -> bool:
    return _find(snapshot, posixpath.join(base, reference)) is not None


def _find(snapshot: Snapshot, path: str) -> Node | None:
    try:
        return None if path.startswith("/") else snapshot.find(path)
    except LinkError:
        return None
