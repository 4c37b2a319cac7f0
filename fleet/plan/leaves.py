"""Leaves: a value with everything in it → its smallest parts, each by the path of its fields and keys. Pure.

What is merged entry by entry where one thing is put on top of another is taken apart as far; a list that is replaced as
a whole is one leaf.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from fleet.model.kustomize import Kustomize
from fleet.model.plan import TargetSource
from fleet.model.source import GitSource, Tool
from fleet.plan.tailoring import image_name

# Names of fields and keys; a number is the position in a list to which entries are added.
Path = tuple[str | int, ...]

_ADDED_TO = frozenset({"value_files", "patches", "components"})


def shown(path: Path) -> str:
    """Return a path as people read it: `helm.values.replicas`, `patches[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def of_source(source: TargetSource) -> dict[Path, Any]:
    """Return the leaves of one of an application's sources."""
    written = source.source
    found: dict[Path, Any] = {}
    if written.name:
        found["name",] = written.name
    found["repo",] = written.repo
    if isinstance(written, GitSource):
        if written.renders:
            found["path",] = source.path
        found["revision",] = source.revision.name
        found |= {(name,): getattr(written, name) for name in ("tag_prefix", "ref") if getattr(written, name)}
    else:
        found["chart",] = written.chart
        found["version",] = source.revision.name
    return found | of_tool(source.tool)


def of_tool(tool: Tool) -> dict[Path, Any]:
    """Return the leaves of what a tool is told, below its name; fields that say nothing have none."""
    return dict(_fields((type(tool).__name__.lower(),), tool))


def _fields(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    nothing = type(value)()
    for field in dataclasses.fields(value):
        entry = getattr(value, field.name)
        if entry == getattr(nothing, field.name):
            continue
        if isinstance(value, Kustomize) and field.name == "images":
            yield from (((*path, "images", image_name(image)), image) for image in entry)
        elif field.name in _ADDED_TO:
            yield from (((*path, field.name, position), each) for position, each in enumerate(entry))
        else:
            yield from _entries((*path, field.name), entry)


def _entries(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if dataclasses.is_dataclass(value):
        yield from _fields(path, value)
    elif isinstance(value, Mapping) and value:
        for key, entry in value.items():
            yield from _entries((*path, key), entry)
    else:
        yield path, value
