"""Store: every version of a chart that was fetched, as commits of one bare Git repository in the cache.

In: archives. Out: Kept, the commit that holds a chart's files in a directory of its name, and the archive beside that.
Whatever reads commits reads charts, too. Runs share the store; a record appears after its commit, whole or not at all,
and one without a commit counts as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fleet.errors import SourceError
from fleet.frozen import dataclass
from fleet.model.semver import parse_version
from fleet.render.charts import archive
from fleet.render.charts.archive import NotAChartError
from fleet.render.charts.location import Location, directory_of
from fleet.render.locks import exclusive
from fleet.render.mirror import unusable_cache
from fleet.render.objects import Objects
from fleet.render.progress import Report
from fleet.render.runner import Git, GitFailed

# Changes with everything that makes another commit of the same archive.
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """One version of a chart in the store. digest: of its archive, SHA-256 in hexadecimal."""

    version: str
    digest: str
    commit: str


@dataclass(frozen=True, slots=True)
class Store:
    """The charts in a directory of the cache. timeout_s: for waiting for another run."""

    directory: Path
    timeout_s: float
    report: Report

    @property
    def content(self) -> Path:
        """The bare repository."""
        return self.directory / f"content-{_FORMAT}.git"

    def reader(self) -> Objects:
        """Return a reader of the commits, for one thread at a time."""
        return Objects(Git(self.content))

    def find(self, location: Location, chart: str, name: str) -> Kept | None:
        """Return what is kept of an exact version, whichever way it is written: `1.2.3`, `v1.2.3`.

        None if there is none, or if the name leaves the version open.
        """
        kept = self._load(self._records(location, chart) / _file(name), chart)
        version = parse_version(name)
        if kept is None and version is not None and re.match(r"v?\d+\.\d+\.\d+", name):
            same = (each for each in self._all(location, chart) if parse_version(each.version) == version)
            kept = next(same, None)
        if kept is not None:
            with suppress(OSError):
                os.utime(self._records(location, chart) / _file(kept.version))
        return kept

    def add(self, location: Location, chart: str, version: str, data: bytes) -> Kept:
        """Keep the archive of a version, in place of another one. Raises NotAChartError and SourceError."""
        files = archive.unpacked(data)
        digest = hashlib.sha256(data).hexdigest()
        stream = archive.fast_import(_ref(digest, chart), directory_of(chart), files, data)
        try:
            with exclusive(self.directory / "content.lock", self.timeout_s, self._waiting):
                commit = self._import(stream)
            kept = Kept(version, digest, commit)
            record = {"repository": location.shown, "chart": chart, "bytes": len(data), **asdict(kept)}
            _write(self._records(location, chart) / _file(version), json.dumps(record))
        except (OSError, TimeoutError) as error:
            raise SourceError(unusable_cache(self.directory, OSError(str(error)))) from None
        except GitFailed as failed:
            raise NotAChartError(f"Its files cannot be kept: {failed.words}") from None
        return kept

    def clear(self) -> None:
        """Throw away all commits, because one of them cannot be read. Raises SourceError."""
        try:
            with exclusive(self.directory / "content.lock", self.timeout_s, self._waiting):
                if self.content.exists():
                    old = self.content.with_name(f"{self.content.name}.old-{os.getpid()}")
                    self.content.rename(old)
                    shutil.rmtree(old)
        except (OSError, TimeoutError) as error:
            raise SourceError(unusable_cache(self.directory, OSError(str(error)))) from None

    def sweep(self) -> None:
        """Remove the commits that no record is of. Nobody may read or add anything meanwhile. Raises SourceError."""
        used = {str(_record(file).get("commit")) for file in self.directory.glob("versions/*/*.json")}
        refs = list(self.content.glob("refs/charts/*"))
        try:
            unused = [each for each in refs if each.read_text(encoding="utf-8").strip() not in used]
            for each in unused:
                each.unlink()
            if len(unused) == len(refs):
                shutil.rmtree(self.content, ignore_errors=True)
            elif unused:
                Git(self.content).output("repack", "-a", "-d", "-q")
                Git(self.content).output("prune", "--expire=now")
        except (OSError, GitFailed) as error:
            raise SourceError(unusable_cache(self.directory, OSError(str(error)))) from None

    def _import(self, stream: bytes) -> str:
        if not self.content.exists():
            _lay_out(self.content)
        written = Git(self.content).output("fast-import", "--quiet", "--force", "--done", given=stream)
        return written.decode().strip()

    def _all(self, location: Location, chart: str) -> Iterator[Kept]:
        for file in sorted(self._records(location, chart).glob("*.json")):
            kept = self._load(file, chart)
            if kept is not None:
                yield kept

    def _load(self, file: Path, chart: str) -> Kept | None:
        stored = _record(file)
        try:
            kept = Kept(str(stored["version"]), str(stored["digest"]), str(stored["commit"]))
        except KeyError:
            return None
        return kept if (self.content / _ref(kept.digest, chart)).is_file() else None

    def _records(self, location: Location, chart: str) -> Path:
        key = f"{location.url}/{chart}" if location.is_oci else f"{location.url}\0{chart}"
        words = re.sub(r"[^A-Za-z0-9]+", "-", f"{location.host}-{chart}").strip("-")[-60:].lstrip("-")
        return self.directory / "versions" / f"{words}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"

    def _waiting(self) -> None:
        self.report("waiting for another run that unpacks charts …")


def _record(file: Path) -> dict[str, Any]:
    """Return what is noted of a version; empty for what cannot be read."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


def _ref(digest: str, chart: str) -> str:
    """The commit depends on the archive and on the chart's directory."""
    return f"refs/charts/{hashlib.sha256(f'{digest} {directory_of(chart)}'.encode()).hexdigest()}"


def _file(version: str) -> str:
    return f"{quote(version, safe='+')}.json"


def _lay_out(directory: Path) -> None:
    """Make an empty bare repository, whole or not at all."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=directory.parent, prefix=".new-"))
    for name in ("objects", "refs"):
        (new / name).mkdir()
    (new / "HEAD").write_text("ref: refs/fleet/none\n", encoding="utf-8")
    (new / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n", encoding="utf-8")
    new.rename(directory)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(temporary).replace(file)
