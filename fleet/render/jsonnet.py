"""Jsonnet: what a `*.jsonnet` file of a directory evaluates to, as in Argo CD.

In: a file's path and bytes, a Jsonnet, and the Snapshot that its imports are read from. Out: its objects, and what is
wrong. The same library as in Argo CD evaluates it (go-jsonnet), in a process of its own with limits; imports come from
the commit and from nowhere else. Source: `makeJsonnetVM` in Argo CD's reposerver/repository/repository.go, and
go-jsonnet's FileImporter.
"""

from __future__ import annotations

import base64
import importlib.metadata
import importlib.util
import json
import posixpath
import re
import sys
import tempfile
from dataclasses import field
from pathlib import Path

from fleet.errors import Problem, Where
from fleet.frozen import dataclass
from fleet.model.directory import Jsonnet
from fleet.render.cache import Cache
from fleet.render.conversation import converse
from fleet.render.manifests import LFS, Found, read_evaluated
from fleet.render.objects import Kind, TooLargeError
from fleet.render.runner import ToolFailed
from fleet.render.snapshot import LinkError, Node, Snapshot
from fleet.render.tools import environment

# For one file. go-jsonnet has no limits of its own but the depth of calls, which is 500 in Argo CD too.
TIMEOUT_S = 60.0
MOST_BYTES = 2_000_000_000
_MOST_CALLS = 500
_MOST_IMPORTED = 50_000_000

_CHILD = Path(__file__).with_name("jsonnet_child.py")
_PLACE = re.compile(r"(?P<file>[^\s<>:][^:\n]*):(?:\((?P<first>\d+):\d+\)-\(\d+:\d+\)|(?P<line>\d+):\d+(?:-\d+)?)")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the Jsonnet files of a source have in common. path: of the source's directory, symlinks followed."""

    snapshot: Snapshot
    path: str
    wanted: Jsonnet
    cache: Cache
    timeout_s: float = TIMEOUT_S

    def read(self, file: str, data: bytes) -> Found:
        """Return the objects that a file evaluates to; what a commit evaluated to once is not evaluated again."""
        library = _library()
        if library is None:
            return Found(problems=(_missing(self.path),))
        version = importlib.metadata.version("gojsonnet")
        key = f"gojsonnet {version} {self.snapshot.root.commit} {self.path}\0{file}\0{self.wanted}"
        known = self.cache.load(key)
        if known is not None:
            return Found(known)
        found = _File(self, file).evaluated(data, library)
        if not found.problems:
            self.cache.save(key, found.manifests)
        return found


def _library() -> Path | None:
    """Return the directory that holds the library; None where it is not installed."""
    found = importlib.util.find_spec("_gojsonnet")
    return Path(found.origin).parent if found and found.origin else None


def _missing(path: str) -> Problem:
    hint = 'Install gojsonnet (`pip install gojsonnet`), or leave the files out: directory.exclude: "*.jsonnet".'
    return Problem("Jsonnet needs the package gojsonnet, which is not installed", Where(file=path or "."), hint=hint)


@dataclass(slots=True)
class _File:
    """One file on its way to its objects. read: the files that it was made of."""

    evaluation: Evaluation
    file: str
    read: set[str] = field(default_factory=set)
    result: dict[str, str] = field(default_factory=dict)

    def evaluated(self, data: bytes, library: Path) -> Found:
        self.read.add(self.file)
        with tempfile.TemporaryDirectory(prefix="fleet-") as work:
            try:
                converse(
                    [sys.executable, "-I", _CHILD, library, str(MOST_BYTES)],
                    question=self._job(data),
                    answer=self._answer,
                    environ=environment(Path(work)),
                    timeout_s=self.evaluation.timeout_s,
                )
            except ToolFailed as failed:
                return Found(problems=(self._broken(failed),))
        if "error" in self.result:
            return Found(problems=(self._wrong(self.result["error"]),))
        return read_evaluated(self.file, self.result["json"])

    def _job(self, data: bytes) -> bytes:
        wanted = self.evaluation.wanted
        told = {"ext_vars": wanted.ext_vars, "ext_codes": wanted.ext_code}
        told |= {"tla_vars": wanted.tlas, "tla_codes": wanted.tla_code}
        job = {"file": self.file, "text": data.decode(errors="replace"), "max_stack": _MOST_CALLS}
        return json.dumps(job | {name: dict(values) for name, values in told.items()}).encode()

    def _answer(self, line: bytes) -> bytes | None:
        """Return the answer to an import; None to the result, which is kept."""
        said = json.loads(line)
        if "import" not in said:
            self.result = said
            return None
        return json.dumps(self._imported(*said["import"])).encode()

    def _imported(self, directory: str, name: str) -> dict[str, str]:
        """Look beside the importing file, then in the libraries, last one first, then in the source's path."""
        wanted, snapshot = self.evaluation.wanted, self.evaluation.snapshot
        libraries = (each.removeprefix("/") for each in reversed(wanted.libs))
        places = tuple(dict.fromkeys(map(_plain, (directory, *libraries, self.evaluation.path))))
        for place in places:
            path = posixpath.normpath(posixpath.join(place, name))
            try:
                node = _file(snapshot, path)
                if node:
                    (data,) = snapshot.read([node], _MOST_IMPORTED)
                    return self._content(path, data)
            except LinkError:
                return {"error": f"{name} leads out of the repository"}
            except TooLargeError:
                return {"error": f"{path} is larger than {_MOST_IMPORTED // 1_000_000} MB"}
        return {"error": f"no file {name}; looked in {', '.join(each or '.' for each in places)}"}

    def _content(self, path: str, data: bytes) -> dict[str, str]:
        if data.startswith(LFS):
            return {"error": f"{path} is a pointer of Git LFS, not the file: commit the file itself"}
        self.read.add(path)
        return {"path": path, "data": base64.b64encode(data).decode()}

    def _broken(self, failed: ToolFailed) -> Problem:
        where = Where(file=self.file)
        if failed.timed_out:
            return Problem(f"evaluating this Jsonnet takes longer than {self.evaluation.timeout_s:g} s", where)
        limit = f"It may have {MOST_BYTES // 1_000_000} MB of memory."
        said = failed.words.partition("\n")[0]
        return Problem("evaluating this Jsonnet ended early", where, f"{said}\n{limit}".strip())

    def _wrong(self, words: str) -> Problem:
        """Return the problem with the place that go-jsonnet tells: the first that is in a file of the commit."""
        first, *others = [line.strip() for line in words.splitlines() if line.strip()]
        places = [found for found in _PLACE.finditer(words) if found["file"].strip() in self.read]
        where = Where(file=self.file)
        if places:
            where = Where(file=places[0]["file"].strip(), line=int(places[0]["first"] or places[0]["line"]))
        summary = first.removeprefix("RUNTIME ERROR: ").removeprefix("importer error: ")
        if places and places[0].start() == words.find(first):
            summary = first[len(places[0][0]) :].strip()
        more = [f"… and {len(others) - _SHOWN} lines more"] if len(others) > _SHOWN else []
        return Problem(f"Jsonnet: {summary}", where, "\n".join(others[:_SHOWN] + more))


def _plain(path: str) -> str:
    return "" if path in {"", "."} else path.rstrip("/")


def _file(snapshot: Snapshot, path: str) -> Node | None:
    """Return a file; None if nothing, or a directory, is there. Raises LinkError."""
    if path.startswith(("/", "../")) or path == "..":
        raise LinkError("out", path)
    found = snapshot.find(path)
    return found if found and found.entry.kind is Kind.FILE else None
