"""Tree: rendered objects as files, one each, in a directory that is written anew every time.

In: objects and a directory. Out: `<cluster>/<application>/[<namespace>/]<kind>-<name>.yaml`. A directory that holds
anything else is never touched.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from fleet.cli.rendered import RenderedObject, with_yaml
from fleet.errors import DeclarationError, Problem

# Tells a later run that everything in the directory may be replaced.
MARKER = ".fleet-render"
_SAYS = "`fleet render -o dir` wrote this directory, and replaces all of it.\n"


def write_tree(directory: Path, objects: Sequence[RenderedObject]) -> int:
    """Write the objects and return how many there are.

    Everything is written beside the directory first, so that it is never there in part. Raises DeclarationError for a
    directory that is not an earlier run's.
    """
    if directory.exists() and any(directory.iterdir()) and not (directory / MARKER).is_file():
        hint = f"Name another directory with --into, or empty this one. One that holds {MARKER} is replaced."
        raise DeclarationError(Problem(f"{directory} holds something else than rendered manifests", hint=hint))
    new = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    (new / MARKER).write_text(_SAYS, encoding="utf-8")
    folders = {new}
    for each, text in with_yaml(objects):
        file = new / path_of(each)
        if file.parent not in folders:
            file.parent.mkdir(parents=True, exist_ok=True)
            folders.add(file.parent)
        file.write_text(text, encoding="utf-8")
    if directory.exists():
        shutil.rmtree(directory)
    new.rename(directory)
    return len(objects)


def path_of(rendered: RenderedObject) -> Path:
    """Return where an object is written, relative to the directory. Kinds of two groups never share a file."""
    kind = re.sub(r"[^a-z0-9.-]", "-", rendered.shown_kind.lower())
    # Names of RBAC objects may hold colons, which not every file system takes.
    name = re.sub(r"[^A-Za-z0-9._-]", "_", rendered.name)
    folder = Path(rendered.cluster) / rendered.application
    return (folder / rendered.namespace if rendered.namespace else folder) / f"{kind}-{name}.yaml"
