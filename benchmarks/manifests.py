"""The objects of a benchmark: such as applications have, many to a file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from fleet import yamlio

PER_FILE = 100
LABEL = "app.kubernetes.io/part-of"
PART_OF = "benchmark"
# What a change of an object, and drift of one, touch.
RELEASE = "example.com/release"
# One object in so many drifts where many do.
DRIFT_EVERY = 10
# In the foreground, which is Pulumi's way for all kinds, deletion waits for a garbage collector, and there is none.
_DELETED_AT_ONCE = MappingProxyType({"pulumi.com/deletionPropagationPolicy": "background"})

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


class ObjectSet(StrEnum):
    """What kinds of objects there are; of a mixed set a fifth are Deployments, a fifth Services."""

    CONFIG_MAPS = "configmaps"
    MIXED = "mixed"

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        """API version and kind of all that is in the set."""
        others = (("apps/v1", "Deployment"), ("v1", "Service")) if self is ObjectSet.MIXED else ()
        return (("v1", "ConfigMap"), *others)

    @property
    def noun(self) -> str:
        """What the objects are called together."""
        return "ConfigMaps" if self is ObjectSet.CONFIG_MAPS else "mixed objects"

    def object(self, number: int, release: str = "1") -> dict[str, Any]:
        """Return an object of the set, about half a kilobyte, that names no namespace."""
        makers = {"ConfigMap": _config_map, "Deployment": _deployment, "Service": _service}
        return makers[self.kind_of(number)](number, release)

    def kind_of(self, number: int) -> str:
        """Return the kind of an object by its number."""
        others = {1: "Deployment", 2: "Service"} if self is ObjectSet.MIXED else {}
        return others.get(number % 5, "ConfigMap")


def name_of(number: int) -> str:
    """Return the name of an object by its number."""
    return f"settings-{number:05d}"


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


def release_of(manifest: Mapping[str, Any]) -> str:
    """Return the field that is changed, of a manifest or of an object as an API server has it; empty without."""
    return str((manifest["metadata"].get("annotations") or {}).get(RELEASE, ""))


def _config_map(number: int, release: str) -> dict[str, Any]:
    name = name_of(number)
    data = {"log-level": "info", "application.properties": _PROPERTIES.format(name=name, pool=10 + number % 7)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(number, release), "data": data}


def _deployment(number: int, release: str) -> dict[str, Any]:
    selector = {"app.kubernetes.io/name": name_of(number)}
    container = {
        "name": "server",
        "image": "registry.example.com/server:1.2.3",
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }
    template = {"metadata": {"labels": selector}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": selector}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(number, release), "spec": spec}


def _service(number: int, release: str) -> dict[str, Any]:
    port = {"name": "http", "port": 80, "targetPort": "http"}
    spec = {"selector": {"app.kubernetes.io/name": name_of(number)}, "ports": [port]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(number, release), "spec": spec}


def _metadata(number: int, release: str) -> dict[str, Any]:
    name = name_of(number)
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "settings", LABEL: PART_OF}
    return {"name": name, "labels": labels, "annotations": {RELEASE: release, **_DELETED_AT_ONCE}}
