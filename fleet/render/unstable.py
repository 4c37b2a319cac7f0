"""Unstable templates: those whose output is another one every time, or depends on the cluster. Pure.

In: a chart's files. Out: what in them asks a cluster, the clock or chance. It reads templates as text: a function that
is never called is found too, one that is called by another name is not.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable, Iterator

_ACTION = re.compile(r"\{\{(?!-?\s*/\*)(.*?)\}\}", re.DOTALL)
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|`[^`]*`")
_FUNCTION = re.compile(
    r"(?<![\w.$-])(lookup|now|ago|uuidv4|shuffle|htpasswd|bcrypt|encryptAES|rand(?:Alpha|AlphaNum|Numeric|Ascii|Bytes|Int)"
    r"|gen(?:PrivateKey|CA|CAWithKey|SelfSignedCert|SelfSignedCertWithKey|SignedCert|SignedCertWithKey))(?![\w-])"
)


def is_template(path: str) -> bool:
    """Return whether a file of a chart may hold actions: a template, or a packed subchart with templates.

    To Helm all files below `templates` are, whatever their names; what NOTES.txt makes is no manifest.
    """
    in_templates = "/templates/" in f"/{path}" and not f"/{path}".endswith("/templates/NOTES.txt")
    return in_templates or path.endswith(".tgz")


def functions(files: Iterable[tuple[str, bytes]]) -> tuple[str, ...]:
    """Return `path:line function` for each use, in order."""
    return tuple(use for path, data in files for use in _uses(path, data))


def _uses(path: str, data: bytes) -> Iterator[str]:
    if path.endswith(".tgz"):
        yield from (use for inner, content in _packed(data) for use in _uses(f"{path}!{inner}", content))
        return
    text = data.decode(errors="replace")
    for action in _ACTION.finditer(text):
        line = text.count("\n", 0, action.start()) + 1
        for found in _FUNCTION.finditer(_TEXT.sub('""', action[1])):
            yield f"{path}:{line} {found[1]}"


def _packed(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() and is_template(member.name) else None
                if file and not member.name.endswith(".tgz"):
                    yield member.name, file.read()
    except (tarfile.TarError, OSError, EOFError):
        return
