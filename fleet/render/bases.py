"""Bases: everything that a kustomization leads to, in its own repository and in others, and charts.

In: a kustomization's directory at a commit, and what opens other repositories. Out: Bases: whole directories of several
commits, and what each kustomization's references are in the copy. Remote bases come from the mirrors that every
repository comes from, each at one commit per run, so that kustomize itself never asks the network.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Protocol

from fleet.errors import Problem, RenderError, SourceError, Where
from fleet.frozen import dataclass
from fleet.model.kustomize import Kustomize
from fleet.model.masking import mask
from fleet.render import base_urls
from fleet.render.base_urls import BaseUrl
from fleet.render.detection import KUSTOMIZATIONS
from fleet.render.export import Selection, select
from fleet.render.kustomization import NamedChart, charts, is_remote, references
from fleet.render.objects import Kind
from fleet.render.snapshot import LinkError, Node, Root, Snapshot
from fleet.yamlio import YamlProblem, load_documents, locate

OWN = "tree"
_MOST_BYTES = 10_000_000
_VENDOR = "Copy what is needed of it into the repository, or add it as a Git submodule, and name that directory."


class Outside(Protocol):
    """Opens what is not in the kustomization's repository; all of it stays open until the kustomization is built."""

    def repository(self, parent: Root, url: BaseUrl) -> Snapshot:
        """Return the commit that a URL means. parent: the repository that names it. Raises SourceError."""

    def chart(self, chart: NamedChart) -> tuple[Snapshot, str]:
        """Return a chart's files, and the directory that they are in. Raises SourceError."""


@dataclass(slots=True)
class Tree:
    """What is needed of one commit. name: the directory that it is written to; shown: before its paths in messages."""

    name: str
    snapshot: Snapshot
    shown: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    # Directory of a kustomization → reference → what it is in the copy.
    local: dict[str, dict[str, str]] = field(default_factory=dict)

    def place(self, path: str) -> str:
        """Return a path in it as people know it."""
        return f"{self.shown}//{path}" if self.shown else path


@dataclass(frozen=True, slots=True)
class Bases:
    """Directories of several commits. selections: by where they are written. local: place → reference → what it is."""

    selections: Mapping[str, Selection]
    local: Mapping[str, Mapping[str, str]]
    names: Mapping[str, str]

    def digest(self) -> str:
        """Return what changes with every byte and every place."""
        written = sorted((place, selection.digest()) for place, selection in self.selections.items())
        return f"{written} {sorted((place, sorted(known.items())) for place, known in self.local.items())}"


def collect(directory: Node, wanted: Kustomize, snapshot: Snapshot, outside: Outside) -> Bases:
    """Return what the kustomization in a directory leads to.

    Raises SourceError or RenderError with everything that cannot be had.
    """
    walk = _Walk(wanted, outside, Tree(OWN, snapshot))
    walk.enter(walk.own, directory)
    extra = [(f"components[{position}]", text) for position, text in enumerate(wanted.components)]
    while walk.pending:
        tree, node = walk.pending.pop()
        walk.follow(tree, node, extra if (tree, node) == (walk.own, directory) else ())
    if walk.problems:
        raise (SourceError if walk.unreachable else RenderError)(*walk.problems)
    return walk.bases()


@dataclass(slots=True)
class _Walk:
    wanted: Kustomize
    outside: Outside
    own: Tree
    trees: dict[tuple[str, str], Tree] = field(default_factory=dict)
    pending: list[tuple[Tree, Node]] = field(default_factory=list)
    selections: dict[str, Selection] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unreachable: bool = False

    def __post_init__(self) -> None:
        self.trees[_identity(self.own.snapshot)] = self.own

    def enter(self, tree: Tree, node: Node) -> None:
        """Have a directory exported, and its kustomization read."""
        if node.path not in tree.nodes:
            tree.nodes[node.path] = node
            self.pending.append((tree, node))

    def follow(self, tree: Tree, node: Node, extra: Iterable[tuple[str, str]]) -> None:
        """Enter what the kustomization in a directory names. extra: key path and text of what is put into it."""
        file, data, text = read(node, tree.snapshot)

        def where(key: str) -> Where:
            return Where(file=tree.place(file), line=locate(text, 0, key), key=key)

        for key, reference in (*references(data), *extra):
            found = find(tree.snapshot, posixpath.join(node.path, reference))
            if found and found.entry.kind is Kind.DIRECTORY:
                self.enter(tree, found)
            elif found is None and (url := base_urls.parse(reference)) and not base_urls.is_single_file(reference):
                self._remote(tree, node, reference, url, where(key))
            elif found is None and is_remote(reference):
                self.problems.append(_refused(reference, where(key)))
        for key, chart in charts(data) if self.wanted.enable_helm else ():
            there = find(tree.snapshot, posixpath.join(node.path, chart.directory, chart.name))
            if there:
                tree.nodes.setdefault(there.path, there)
            elif chart.repo:
                self._chart(posixpath.join(tree.name, node.path, chart.directory), chart, where(key))
            else:
                self.problems.append(_absent(chart, where(key)))

    def bases(self) -> Bases:
        trees = tuple(self.trees.values())
        own = {tree.name: select(tree.snapshot, tree.nodes.values()) for tree in trees}
        local = {posixpath.join(tree.name, path): known for tree in trees for path, known in tree.local.items()}
        return Bases(own | self.selections, local, {tree.name: tree.shown for tree in trees})

    def _remote(self, tree: Tree, node: Node, reference: str, url: BaseUrl, where: Where) -> None:
        try:
            there = self._tree(self.outside.repository(tree.snapshot.root, url), url)
            found = there.snapshot.directory(url.path)
        except SourceError as error:
            self.unreachable = True
            self.problems += (_placed(each, f"remote base {mask(reference)}", where) for each in error.problems)
            return
        self.enter(there, found)
        start = posixpath.join("/", tree.name, node.path)
        known = tree.local.setdefault(node.path, {})
        known[reference] = posixpath.relpath(posixpath.join("/", there.name, found.path), start)

    def _tree(self, snapshot: Snapshot, url: BaseUrl) -> Tree:
        new = Tree(f"bases/{len(self.trees)}", snapshot, mask(url.repo))
        return self.trees.setdefault(_identity(snapshot), new)

    def _chart(self, place: str, chart: NamedChart, where: Where) -> None:
        try:
            snapshot, directory = self.outside.chart(chart)
            self.selections[place] = select(snapshot, [snapshot.directory(directory)])
        except SourceError as error:
            self.unreachable = True
            self.problems += (_placed(each, f"chart {chart.name}", where) for each in error.problems)


def read(directory: Node, snapshot: Snapshot) -> tuple[str, object, str]:
    """Return a kustomization's file, its data and its text. What cannot be read is for kustomize to tell."""
    for name in KUSTOMIZATIONS:
        path = posixpath.join(directory.path, name)
        node = find(snapshot, path)
        if node and node.entry.kind is Kind.FILE:
            (content,) = snapshot.read([node], _MOST_BYTES)
            text = content.decode(errors="replace")
            try:
                documents = load_documents(text, file=path)
            except YamlProblem as error:
                documents = tuple(error.documents)
            return path, documents[0].data if documents else None, text
    return directory.path, None, ""


def find(snapshot: Snapshot, path: str) -> Node | None:
    """Return what is at a path; None if it is nothing in the repository."""
    try:
        return None if path.startswith("/") else snapshot.find(path)
    except LinkError:
        return None


def _identity(snapshot: Snapshot) -> tuple[str, str]:
    return snapshot.root.address.key, snapshot.root.commit


def _absent(chart: NamedChart, where: Where) -> Problem:
    detail = f"There is no {posixpath.join(chart.directory, chart.name)}, and the kustomization names no repo."
    hint = "Give it a repo, or say by helmGlobals.chartHome where it is in the repository."
    return Problem(f"chart {chart.name} is not in the repository", where, detail, hint)


def _refused(reference: str, where: Where) -> Problem:
    shown = mask(reference)
    if base_urls.is_single_file(reference):
        hint = "What is behind it may change. Download it into the repository, and name that file."
        return Problem(f"{shown} is one file on a server: only repositories are read", where, hint=hint)
    return Problem(f"remote base {shown} is not the URL of a Git repository", where, hint=_VENDOR)


def _placed(problem: Problem, what: str, where: Where) -> Problem:
    return Problem(f"{what}: {problem.summary}", where, detail=problem.detail, hint=problem.hint)


def kustomization_files(path: str) -> Iterator[str]:
    """Yield what the kustomization in a directory may be called."""
    return (posixpath.join(path, name) for name in KUSTOMIZATIONS)
