"""Archives: the files that a packed chart holds. Pure.

In: the bytes of a `.tgz`. Out: its files, and how git is told of them. The rules are Helm's (`LoadArchiveFiles` in
pkg/chart/loader/archive/archive.go): the first part of every name is the chart's directory, whatever it is called.
"""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping

# Helm's own limit for all files of a chart together.
MOST_BYTES = 100 * 1024 * 1024
# Where the archive itself is, beside its files.
PACKED = ".archive.tgz"


class NotAChartError(Exception):
    """The bytes are no packed chart. `str()` says why."""


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return the files by their paths below the chart's directory. Raises NotAChartError."""
    if not data.startswith(b"\x1f\x8b\x08"):
        raise NotAChartError("It is no gzip archive.")
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            files = dict(_files(archive))
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise NotAChartError(f"The archive cannot be read: {error}.") from None
    if "Chart.yaml" not in files:
        raise NotAChartError("There is no Chart.yaml in it.")
    return files


def fast_import(ref: str, directory: str, files: Mapping[str, bytes], data: bytes) -> bytes:
    """Return what `git fast-import` makes a commit of and answers with its SHA. The same input gives the same commit.

    directory: where the files are put. data: the archive, which is put beside it.
    """
    contents = {f"{directory}/{path}": content for path, content in sorted(files.items())} | {PACKED: data}
    parts = [b"".join(_blob(mark, content)) for mark, content in enumerate(contents.values(), start=1)]
    head = f"commit {ref}\nmark :{len(contents) + 1}\ncommitter fleet <fleet@localhost> 0 +0000\ndata 0\n"
    lines = (f"M 100644 :{mark} {_quoted(path)}\n" for mark, path in enumerate(contents, start=1))
    end = f"get-mark :{len(contents) + 1}\ndone\n"
    return b"".join((*parts, head.encode(), "".join(lines).encode(errors="surrogateescape"), end.encode()))


def _files(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    left = MOST_BYTES
    for member in archive:
        if not member.isfile():
            continue
        left -= member.size
        if left < 0:
            raise NotAChartError(f"Its files are larger than {MOST_BYTES // 1024 // 1024} MB.")
        name = member.name.replace("\\", "/").partition("/")[2]
        path = posixpath.normpath(name)
        if not name or path == "." or path.startswith(("/", "../")) or re.match(r"[A-Za-z]:/", path):
            raise NotAChartError(f"{member.name} is outside the chart's directory.")
        file = archive.extractfile(member)
        assert file is not None
        yield path, file.read()


def _blob(mark: int, content: bytes) -> tuple[bytes, ...]:
    return f"blob\nmark :{mark}\ndata {len(content)}\n".encode(), content, b"\n"


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
