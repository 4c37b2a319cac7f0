"""Definitions: what the CustomResourceDefinitions among the manifests say about the kinds that they define."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fleet.frozen import dataclass
from fleet.model.manifest import Manifest

CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True)
class Definition:
    """One custom kind. versions: every version that is defined, served or not, in the definition's order."""

    group: str
    kind: str
    namespaced: bool
    versions: tuple[str, ...]


def defined(manifests: Iterable[Manifest]) -> dict[tuple[str, str], Definition]:
    """Return (group, kind) → Definition. A definition that is not well formed is left for the API server to refuse."""
    found = (definition_of(each) for each in manifests if (each.group, each.kind) == CRD)
    return {(each.group, each.kind): each for each in found if each is not None}


def definition_of(manifest: Manifest) -> Definition | None:
    """Return what a CustomResourceDefinition defines; None when that cannot be told."""
    spec = _mapping(manifest.body.get("spec"))
    group, kind = spec.get("group"), _mapping(spec.get("names")).get("kind")
    if not (isinstance(group, str) and isinstance(kind, str)):
        return None
    return Definition(group, kind, spec.get("scope") != "Cluster", _versions(spec))


def _versions(spec: Mapping[str, Any]) -> tuple[str, ...]:
    entries = spec.get("versions")
    named = [_mapping(entry).get("name") for entry in entries] if isinstance(entries, list) else [spec.get("version")]
    return tuple(name for name in named if isinstance(name, str))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
