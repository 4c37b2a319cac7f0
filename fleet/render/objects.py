"""Objects: reads what a commit holds straight from a bare mirror, without a work tree.

In: SHAs. Out: trees and the bytes of files. One `git cat-file --batch` answers for as long as it is needed, which is as
fast as one `git archive` for a whole directory and asks for nothing that is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING

from fleet.frozen import dataclass
from fleet.render.partial import is_partial
from fleet.render.runner import Git

if TYPE_CHECKING:
    from collections.abc import Mapping

    from git.cmd import Git as GitPython

# What is asked before an answer is read has to fit into a pipe's buffer.
_AT_ONCE = 64


class Kind(Enum):
    """What an entry of a tree is, by its mode."""

    DIRECTORY = "directory"
    FILE = "file"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


_KINDS = MappingProxyType({b"40000": Kind.DIRECTORY, b"120000": Kind.SYMLINK, b"160000": Kind.SUBMODULE})


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a directory of a commit. sha: of a tree, of a file's bytes, or of a submodule's commit."""

    kind: Kind
    sha: str


class DamagedError(Exception):
    """An object cannot be read that must be there: the mirror in `directory` is damaged."""

    def __init__(self, what: str, directory: Path) -> None:
        super().__init__(what)
        self.directory = directory


class TooLargeError(Exception):
    """A single file is larger than what is read at all."""


class Objects:
    """A reader of one mirror, for one thread at a time; directories once read are remembered."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: GitPython.AutoInterrupt | None = None
        self._checking: GitPython.AutoInterrupt | None = None
        self._trees: dict[str, Mapping[str, Entry]] = {}
        self._partial: bool | None = None

    @property
    def directory(self) -> Path:
        """The mirror that is read."""
        return self._git.directory

    def tree(self, sha: str) -> Mapping[str, Entry]:
        """Return the entries of a directory, by the SHA of a tree or of a commit."""
        known = self._trees.get(sha)
        if known is None:
            (data,) = self.read([f"{sha}^{{tree}}"])
            known = self._trees[sha] = MappingProxyType(dict(_entries(data)))
        return known

    def lacking(self, shas: Sequence[str]) -> list[str]:
        """Return those of the files that are not here, because nobody has read them yet. Raises DamagedError."""
        if self._partial is None:
            self._partial = is_partial(self._git.directory)
        if not self._partial:
            return []
        if self._checking is None:
            self._checking = self._git.start("cat-file", "--batch-check")
        lacking: list[str] = []
        for start in range(0, len(shas), _AT_ONCE):
            asked = shas[start : start + _AT_ONCE]
            self._ask(self._checking.stdin, asked)
            words = [self._checking.stdout.readline().split() for _ in asked]
            lacking += [sha for sha, answer in zip(asked, words, strict=True) if answer[1:] == [b"missing"]]
        return lacking

    def read(self, names: Sequence[str], limit: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of objects in the order given. limit: what is larger raises TooLargeError before it is read.

        Raises DamagedError if one is not there. An iterator that is not read to its end closes the reader.
        """
        finished = False
        try:
            for start in range(0, len(names), _AT_ONCE):
                yield from self._batch(names[start : start + _AT_ONCE], limit)
            finished = True
        finally:
            if not finished:
                self.close()

    def close(self) -> None:
        """End git; the reader starts another when it is asked again."""
        self._process = self._checking = self._partial = None

    def _batch(self, names: Sequence[str], limit: int | None) -> Iterator[bytes]:
        questions, answers = self._streams()
        self._ask(questions, names)
        for name in names:
            yield self._answer(name, answers, limit)

    def _ask(self, questions: IO[bytes], names: Sequence[str]) -> None:
        try:
            questions.write("".join(f"{name}\n" for name in names).encode())
            questions.flush()
        except OSError as error:
            raise DamagedError(str(error), self._git.directory) from None

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None:
            self._process = self._git.start("cat-file", "--batch")
        return self._process.stdin, self._process.stdout

    def _answer(self, name: str, answers: IO[bytes], limit: int | None) -> bytes:
        words = answers.readline().split()
        if len(words) != 3:
            raise DamagedError(f"object {name.partition('^')[0]} is missing", self._git.directory)
        size = int(words[2])
        if limit is not None and size > limit:
            raise TooLargeError(name)
        data = answers.read(size + 1)
        if len(data) != size + 1:
            raise DamagedError(f"object {name} is cut off", self._git.directory)
        return data[:-1]


def _entries(data: bytes) -> Iterator[tuple[str, Entry]]:
    """Yield what a tree object holds: mode, space, name, NUL and twenty bytes of SHA for each entry."""
    position = 0
    while position < len(data):
        space = data.index(b" ", position)
        end = data.index(b"\0", space)
        name = data[space + 1 : end].decode(errors="replace")
        sha = data[end + 1 : end + 21].hex()
        yield name, Entry(_KINDS.get(data[position:space], Kind.FILE), sha)
        position = end + 21
