"""Export: parts of a commit as files in a directory, for tools that read nothing else.

In: a Snapshot, and directories and files of it. Out: a Selection, which knows what is in it before anything is read,
and writes it. A symlink that stays in the repository is kept, with what it leads to; any other is left out.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fleet.errors import Problem, RenderError, Where
from fleet.render.detection import KUSTOMIZATIONS
from fleet.render.manifests import LFS, pointer
from fleet.render.objects import Kind, TooLargeError
from fleet.render.snapshot import LinkError, Node, Snapshot

# No file that a tool makes manifests of is anywhere near it.
MOST_BYTES = 50_000_000
# What a tool would take for something else, if it were a pointer.
_READ = (".yaml", ".yml", ".json", ".tpl", ".tgz")


@dataclass(slots=True)
class Selection:
    """Files and symlinks by their paths in the repository.

    links: path → the path that it leads to in the end. named: files that were asked for by themselves.
    """

    snapshot: Snapshot
    files: dict[str, Node] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def digest(self) -> str:
        """Return what changes with every change of a name or a byte."""
        found = hashlib.sha256()
        for path, node in sorted(self.files.items()):
            found.update(f"{path}\0{node.entry.sha}\0".encode())
        for path, target in sorted(self.links.items()):
            found.update(f"{path}\0->{target}\0".encode())
        return found.hexdigest()

    def read(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield files with their bytes. Raises RenderError for one that is far too large."""
        wanted = list(paths)
        self.snapshot.need(self.files.values())
        try:
            yield from zip(wanted, self.snapshot.read([self.files[path] for path in wanted], MOST_BYTES), strict=True)
        except TooLargeError:
            summary = f"a file here is larger than {MOST_BYTES // 1_000_000} MB"
            place = Where(file=posixpath.commonpath(wanted))
            raise RenderError(Problem(summary, place, hint="Keep what no tool reads out of this directory.")) from None

    def write(self, directory: Path) -> None:
        """Write everything below a new directory; symlinks last, so that nothing is ever written through one.

        Raises RenderError for pointers of Git LFS where a tool expects something to read.
        """
        pointers: list[str] = []
        for path, data in self.read(self.files):
            if data.startswith(LFS):
                pointers.append(path)
            file = directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        for path, target in self.links.items():
            link = directory / path
            link.parent.mkdir(parents=True, exist_ok=True)
            (directory / target).parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(target, posixpath.dirname(path) or "."))
        wrong = [pointer(path) for path in pointers if self._is_read(path, directory)]
        if wrong:
            raise RenderError(*wrong)

    def _is_read(self, path: str, directory: Path) -> bool:
        """Return whether a tool reads a file: one of many in a chart may only be there for people."""
        if path.endswith(_READ) or path in self.named:
            return True
        for place in (directory / path).parents:
            if not place.is_relative_to(directory):
                return False
            name = (directory / path).relative_to(place).as_posix()
            files = (place / each for each in KUSTOMIZATIONS)
            if any(name in file.read_text(errors="replace") for file in files if file.is_file()):
                return True
        return False


def select(snapshot: Snapshot, nodes: Iterable[Node]) -> Selection:
    """Return the nodes, whole directories, and what the symlinks in them lead to."""
    selection = Selection(snapshot)
    pending, seen = list(nodes), set[str]()
    selection.named |= {node.path for node in pending if node.entry.kind is Kind.FILE}
    while pending:
        node = pending.pop()
        if node.path in seen:
            continue
        seen.add(node.path)
        inside = snapshot.walk(node, recurse=True) if node.entry.kind is Kind.DIRECTORY else (node,)
        for each in inside:
            _check_name(each.path)
            if each.entry.kind is Kind.SYMLINK:
                target = _followed(snapshot, each)
                if target:
                    selection.links[each.path] = target.path
                    pending.append(target)
            else:
                selection.files[each.path] = each
    return selection


def _followed(snapshot: Snapshot, link: Node) -> Node | None:
    try:
        found = snapshot.find(link.path)
    except LinkError:
        return None
    return found if found and found.path else None


def _check_name(path: str) -> None:
    """Git's own checks keep such names out of a checkout; a mirror may have them."""
    if any(part.lower() in {"", ".", "..", ".git"} for part in path.split("/")):
        raise RenderError(Problem("this is no file name that a checkout could have", Where(file=path)))
