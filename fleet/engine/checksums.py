"""Checksums: telling a file that was damaged, or changed by hand, from what an engine has written.

Beside each file that Pulumi's file backend writes stands `<name>.attrs`, with the MD5 of the file among what else its
library keeps (gocloud.dev, blob/fileblob/attrs.go). Pulumi does not look at it when it reads; this engine does, and
keeps it up for checkpoints. A file without one is taken as it is.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from fleet.engine import files

# Another process may be about to replace the one file after the other.
_TRIES: Final = 3
_PAUSE_S: Final = 0.02


class ChecksumError(Exception):
    """A file is not as it was written."""


def path_of(path: Path) -> Path:
    """Return where the checksum of a file is."""
    return path.with_name(f"{path.name}.attrs")


def write(path: Path, data: bytes) -> None:
    """Add the checksum of what has just been written. Where that is not possible there is none."""
    attributes = {f"user.{name}": "" for name in ("cache_control", "content_disposition", "content_encoding")}
    attributes |= {"user.content_language": "", "user.content_type": "text/plain; charset=utf-8"}
    text = json.dumps({**attributes, "user.metadata": None, "md5": _md5(data)}, separators=(",", ":"))
    with suppress(OSError):
        path_of(path).write_text(text, encoding="utf-8")


def read(path: Path) -> bytes | None:
    """Return the content of a file; None where there is none. Raises StateError, or ChecksumError."""
    for _ in range(_TRIES):
        data = files.read(path)
        if data is None or fits(path, data):
            return data
        time.sleep(_PAUSE_S)
    raise ChecksumError(f"its checksum is not the one in {path_of(path).name}: it is not as an engine wrote it")


def fits(path: Path, data: bytes) -> bool:
    """Return whether the checksum beside a file is that of the content, or there is none."""
    expected = _expected(path)
    return not expected or expected == _md5(data)


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _expected(path: Path) -> str:
    """Return the checksum beside a file; empty where there is none that could be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(path_of(path).read_bytes())["md5"] or "")
    return ""
