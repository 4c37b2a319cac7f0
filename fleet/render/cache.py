"""Cache: what was rendered or read, kept by everything that it depends on.

In: a key, the digest of what was read, the parameters and the tool's version. Out: Manifests, or None. A file appears
whole or not at all, so runs share the cache without locks; what cannot be read counts as not there.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import orjson

from fleet.errors import Where
from fleet.frozen import dataclass
from fleet.model.manifest import Manifest

# Changes with everything in fleet.render and fleet.yamlio that makes other manifests of the same files or output, or
# would not keep them.
_FORMAT = 3
MOST_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Cache:
    """The files of a directory, readable by their owner only: manifests may hold secrets. most_bytes: for all."""

    directory: Path
    most_bytes: int = MOST_BYTES

    def load(self, key: str) -> tuple[Manifest, ...] | None:
        """Return the manifests that were kept; None if there are none."""
        path = self._path(key)
        try:
            stored = orjson.loads(path.read_bytes())
            found = tuple(Manifest(body, Where(*where)) for where, body in stored)
            os.utime(path)
        except (OSError, ValueError, TypeError):
            return None
        return found

    def save(self, key: str, manifests: Iterable[Manifest]) -> None:
        """Keep manifests. A cache that cannot be written is none.

        What is too large a number or no text to orjson is not kept: it would have to come back as it was.
        """
        path = self._path(key)
        with suppress(OSError, orjson.JSONEncodeError):
            data = orjson.dumps([[_place(each.where), each.body] for each in manifests])
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)

    def trim(self) -> None:
        """Remove what was not used for longest, until the rest fits."""
        found: list[tuple[float, int, Path]] = []
        for path in self.directory.glob("*/*"):
            with suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        size = sum(each for _, each, _ in found)
        for _, each, path in sorted(found):
            if size <= self.most_bytes:
                return
            with suppress(OSError):
                path.unlink()
                size -= each

    def _path(self, key: str) -> Path:
        digest = hashlib.sha256(f"{_FORMAT}\0{key}".encode()).hexdigest()
        return self.directory / digest[:2] / digest


def _place(where: Where) -> tuple[str, int, int, str]:
    return where.file, where.line, where.document, where.key
