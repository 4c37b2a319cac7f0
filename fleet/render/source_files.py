"""Source files: `.argocd-source.yaml` and `.argocd-source-<application>.yaml` in a source's path, as Argo CD has them.

In: a request and its commit. Out: which of the two files are there, in the order in which they count, and their texts.
What is in them is for others to read.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from fleet.errors import Problem, SourceError, Where
from fleet.model.plan import RenderRequest
from fleet.render.objects import Kind, TooLargeError
from fleet.render.snapshot import LinkError, Snapshot

_MOST_BYTES = 1_000_000


def source_files(request: RenderRequest, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield path and text of the files that are there; the later one counts more. Raises SourceError."""
    directory = snapshot.directory(request.path)
    there = directory.root.objects.tree(directory.entry.sha)
    own = f".argocd-source-{request.release.name}.yaml" if request.release.name else ""
    for name in (".argocd-source.yaml", own):
        if name in there:
            path = posixpath.join(directory.path, name)
            yield from ((path, text) for text in _texts(path, snapshot))


def _texts(path: str, snapshot: Snapshot) -> Iterator[str]:
    """Yield the text; nothing for a directory, or a symlink to nothing."""
    try:
        found = snapshot.find(path)
        if found and found.entry.kind is Kind.FILE:
            (data,) = snapshot.read([found], _MOST_BYTES)
            yield data.decode()
    except LinkError as error:
        summary = f"this symlink leads out of the repository: {error.target}"
        raise SourceError(Problem(summary, Where(file=path), hint="Replace it by a copy of the file.")) from None
    except (UnicodeDecodeError, TooLargeError):
        raise SourceError(Problem("this is not what a source may be told: it is no text", Where(file=path))) from None
