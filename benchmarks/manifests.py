"""The objects of a benchmark: ConfigMaps such as applications have, many to a file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fleet import yamlio

PER_FILE = 100
# What a change of one object, and drift of one, touch.
CHANGED_KEY = "release"
LABEL = "app.kubernetes.io/part-of"
PART_OF = "benchmark"

_PROPERTIES = """\
# Settings of {name}
server.port=8080
server.context-path=/{name}
database.url=jdbc:postgresql://database.{name}.svc:5432/main
database.pool.max-size={pool}
cache.ttl-seconds=300
features.checkout=enabled
features.recommendations=disabled
"""


def name_of(number: int) -> str:
    """Return the name of an object by its number."""
    return f"settings-{number:05d}"


def config_map(number: int, release: str = "1") -> dict[str, Any]:
    """Return an object, about half a kilobyte, that names no namespace."""
    name = name_of(number)
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "settings", LABEL: PART_OF}
    data = {
        CHANGED_KEY: release,
        "log-level": "info",
        "application.properties": _PROPERTIES.format(name=name, pool=10 + number % 7),
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": data}


def changed_number(objects: int) -> int:
    """Return which of the objects is changed, and drifts: one in the middle."""
    return objects // 2


def file_of(number: int) -> str:
    """Return the file that an object is in."""
    return f"settings-{number // PER_FILE:03d}.yaml"


def files(objects: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return file name → multi-document YAML for objects in the order of their numbers."""
    texts: dict[str, list[str]] = {}
    for number, each in enumerate(objects):
        texts.setdefault(file_of(number), []).append(yamlio.dump(each))
    return {name: "---\n".join(documents) for name, documents in texts.items()}
