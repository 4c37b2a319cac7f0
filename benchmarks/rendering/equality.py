"""Equality: whether fleet and the loop have rendered the same objects, for every application in every cluster.

In: what both have written. Namespaces that an object does not name are put in, and the annotations taken out by which
fleet tells Pulumi's provider what to do. Nothing of fleet reads the texts: PyYAML alone does, for both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks.errors import BenchmarkError

_OURS = "pulumi.com/"
_HEAD = re.compile(r"^---\n# (?P<application>\S+) in (?P<cluster>\S+)\n", re.MULTILINE)

# (cluster, application) → its objects as JSON, sorted.
Objects = Mapping[tuple[str, str], tuple[str, ...]]
Read = Callable[[str], tuple[str, ...]]


def require_equal(rendered: Path, looped: Path, namespace: str) -> int:
    """Return how many objects both have. Raises BenchmarkError where they differ, naming application and cluster.

    rendered: what `fleet render -o yaml` wrote. looped: what the loop wrote, `<cluster>/<application>.yaml`.
    namespace: of objects that name none.
    """
    # Most texts are the same in several clusters.
    read = cache(lambda text: _objects(text, namespace))
    ours, theirs = _by_heads(rendered.read_text(), read), _by_files(looped, read)
    for place in sorted(ours.keys() | theirs.keys()):
        difference = _difference(ours.get(place, ()), theirs.get(place, ()))
        if difference:
            raise BenchmarkError(f"{place[1]} in {place[0]} is not what the loop renders: {difference}")
    return sum(map(len, ours.values()))


def _by_heads(text: str, read: Read) -> Objects:
    """Return the objects of `fleet render -o yaml`, which says above each what it is of."""
    found: dict[tuple[str, str], list[str]] = {}
    _, *parts = _HEAD.split(text)
    for application, cluster, document in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        found.setdefault((cluster, application), []).extend(read(document))
    return {place: tuple(sorted(objects)) for place, objects in found.items()}


def _by_files(directory: Path, read: Read) -> Objects:
    files = directory.glob("*/*.yaml")
    return {(each.parent.name, each.stem): tuple(sorted(read(each.read_text()))) for each in files}


def _objects(text: str, namespace: str) -> tuple[str, ...]:
    documents = yaml.load_all(text, Loader=yaml.CSafeLoader)
    return tuple(json.dumps(_plain(each, namespace), sort_keys=True) for each in documents if each is not None)


def _plain(body: dict[str, Any], namespace: str) -> dict[str, Any]:
    metadata = {"namespace": namespace, **body["metadata"]}
    annotations = metadata.pop("annotations", None) or {}
    others = {name: text for name, text in annotations.items() if not name.startswith(_OURS)}
    return {**body, "metadata": metadata | ({"annotations": others} if others else {})}


def _difference(ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    """Return the first object that only one side has, in words; empty where there is none."""
    for who, mine, others in (("fleet", ours, theirs), ("the loop", theirs, ours)):
        only = [each for each in mine if each not in others]
        if only:
            return f"only {who} has {only[0]}"
    return "" if len(ours) == len(theirs) else "an object is there twice"
