"""Snapshot: the files of a repository at one commit, as a checkout with its submodules would have them.

In: paths. Out: files, and their bytes. Symlinks are followed inside the repository and refused where they lead out of
it; submodules are entered, and fetched, only where something in them is asked for. Nothing is written anywhere.
"""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from fleet.errors import Problem, SourceError, Where
from fleet.frozen import dataclass
from fleet.render.address import Address
from fleet.render.objects import Entry, Kind, Objects
from fleet.render.partial import LackingError

# As many as Linux follows.
_MOST_LINKS = 40


@dataclass(frozen=True, slots=True)
class Root:
    """A repository at a commit: the one asked for, or a submodule in it.

    path: where it is in the outermost repository, empty for that itself.
    """

    address: Address
    commit: str
    objects: Objects
    path: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A file or directory. path: from the outermost repository's root."""

    root: Root
    entry: Entry
    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class LinkError(Exception):
    """A symlink that cannot be followed. why: `out`, `missing` or `loop`; target: what the last link says."""

    def __init__(self, why: str, target: str) -> None:
        super().__init__(f"{why}: {target}")
        self.why = why
        self.target = target


@dataclass(slots=True)
class Snapshot:
    """One commit's files. enter: makes the Root of the submodule at a Node, or raises SourceError."""

    root: Root
    enter: Callable[[Node], Root]
    _submodules: dict[str, Root] = field(default_factory=dict)

    def directory(self, path: str) -> Node:
        """Return the directory at a path below the repository's root; `.` is the root. Raises SourceError."""
        if path.startswith("/") or ".." in path.split("/"):
            raise self._wrong(path, "leads out of the repository", "Give a path below the repository's root.")
        try:
            found = self.find(path)
        except LinkError as error:
            raise self._bad_link(path, error) from None
        if found is None:
            raise self._wrong(path, "does not exist", self._nearest(path))
        if found.entry.kind is not Kind.DIRECTORY:
            hint = "Give the directory; directory.include picks files in it."
            raise self._wrong(path, "is a file, not a directory", hint)
        return found

    def find(self, path: str) -> Node | None:
        """Return what is at a path, every symlink on the way followed; None if nothing is. Raises LinkError."""
        parts = deque(path.split("/"))
        trail = [self._top()]
        links = 0
        target = path
        while parts:
            part = parts.popleft()
            if part == "..":
                if len(trail) == 1:
                    raise LinkError("out", target)
                trail.pop()
            elif part not in {"", "."}:
                node = self._child(trail[-1], part)
                if node is None:
                    return None
                if node.entry.kind is Kind.SYMLINK:
                    links += 1
                    target = self._target(node, links)
                    parts.extendleft(reversed(target.split("/")))
                else:
                    trail.append(node)
        return trail[-1]

    def walk(self, directory: Node, *, recurse: bool) -> Iterator[Node]:
        """Yield everything in a directory that is no directory, in the order of Go's `filepath.Walk`.

        That order goes by names, directory by directory: `a/b.yaml` before `a.yaml`. Symlinks are yielded as such.
        """
        pending = [iter(self._children(directory))]
        while pending:
            node = next(pending[-1], None)
            if node is None:
                pending.pop()
            elif node.entry.kind in {Kind.DIRECTORY, Kind.SUBMODULE}:
                if recurse:
                    pending.append(iter(self._children(self._entered(node))))
            else:
                yield node

    def read(self, nodes: Sequence[Node], limit: int | None) -> Iterator[bytes]:
        """Yield the bytes of files, in the order given. limit: see Objects.read. Raises LackingError first of all."""
        self.need(nodes)
        start = 0
        while start < len(nodes):
            objects = nodes[start].root.objects
            end = start
            while end < len(nodes) and nodes[end].root.objects is objects:
                end += 1
            yield from objects.read([node.entry.sha for node in nodes[start:end]], limit)
            start = end

    def need(self, nodes: Iterable[Node]) -> None:
        """See to it that files can be read. Raises LackingError for those of one mirror that it does not have yet.

        Files beside them with the same ending are asked for at the same time: who reads one often reads the next.
        """
        of_one: dict[Path, list[Node]] = {}
        for node in nodes:
            of_one.setdefault(node.root.objects.directory, []).append(node)
        for directory, several in of_one.items():
            objects = several[0].root.objects
            lacking = set(objects.lacking([node.entry.sha for node in several]))
            if lacking:
                beside = {sha for node in several if node.entry.sha in lacking for sha in self._beside(node)}
                raise LackingError(directory, [*lacking, *objects.lacking(sorted(beside - lacking))])

    def _beside(self, file: Node) -> Iterator[str]:
        ending = posixpath.splitext(file.name)[1]
        directory = self.find(posixpath.dirname(file.path)) if ending else None
        if directory:
            entries = directory.root.objects.tree(directory.entry.sha).items()
            yield from (each.sha for name, each in entries if each.kind is Kind.FILE and name.endswith(ending))

    def _top(self) -> Node:
        return Node(self.root, Entry(Kind.DIRECTORY, self.root.commit), "")

    def _children(self, directory: Node) -> list[Node]:
        entries = directory.root.objects.tree(directory.entry.sha)
        return [_below(directory, name, entry) for name, entry in sorted(entries.items())]

    def _child(self, directory: Node, name: str) -> Node | None:
        if directory.entry.kind is not Kind.DIRECTORY:
            return None
        entry = directory.root.objects.tree(directory.entry.sha).get(name)
        return None if entry is None else self._entered(_below(directory, name, entry))

    def _entered(self, node: Node) -> Node:
        if node.entry.kind is not Kind.SUBMODULE:
            return node
        if node.path not in self._submodules:
            self._submodules[node.path] = self.enter(node)
        root = self._submodules[node.path]
        return Node(root, Entry(Kind.DIRECTORY, root.commit), node.path)

    def _target(self, link: Node, links: int) -> str:
        (data,) = self.read([link], None)
        target = data.decode(errors="replace")
        if links > _MOST_LINKS:
            raise LinkError("loop", target)
        if target.startswith("/"):
            raise LinkError("out", target)
        return target

    def _wrong(self, path: str, what: str, hint: str) -> SourceError:
        summary = f"path {path} {what}"
        place = f"In repository {self.root.address.shown} at commit {self.root.commit}."
        return SourceError(Problem(summary, Where(), detail=place, hint=hint))

    def _bad_link(self, path: str, error: LinkError) -> SourceError:
        if error.why == "loop":
            return self._wrong(path, "is a symlink that leads back to itself", "")
        return self._wrong(path, f"leads out of the repository by a symlink to {error.target}", _KEEP_INSIDE)

    def _nearest(self, path: str) -> str:
        """Name what there is in the deepest directory of the path that exists."""
        parts = [part for part in path.split("/") if part not in {"", "."}]
        for end in range(len(parts) - 1, -1, -1):
            found = self.find("/".join(parts[:end]))
            if found and found.entry.kind is Kind.DIRECTORY:
                return _listing("/".join(parts[:end]), found.root.objects.tree(found.entry.sha))
        return ""


_KEEP_INSIDE = "A symlink must stay in its repository: replace it by a copy, or use a submodule."


def _below(directory: Node, name: str, entry: Entry) -> Node:
    return Node(directory.root, entry, f"{directory.path}/{name}" if directory.path else name)


def _listing(path: str, entries: Mapping[str, Entry]) -> str:
    names = sorted(name for name, entry in entries.items() if entry.kind in {Kind.DIRECTORY, Kind.SUBMODULE})
    place = path or "The repository's root"
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    return f"{place} has the directories {shown}." if names else f"{place} has no directories."
