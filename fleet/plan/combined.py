"""Combined: the objects of an application's several sources, as one list. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.model.manifest import Manifest, ObjectKey
from fleet.model.scope import is_namespaced
from fleet.plan.namespace import DEFAULT_NAMESPACE


def combined(
    per_source: Sequence[Sequence[Manifest]], namespace: str | None
) -> tuple[tuple[Manifest, ...], tuple[str, ...]]:
    """Return the objects of all sources, and a warning for each that more than one of them has.

    As in Argo CD (`RepeatedResourceWarning`) the last source's counts. What one source has twice stays: it is a
    conflict, as it is where there is no other source. namespace: of the destination.
    """
    if len(per_source) == 1:
        return tuple(per_source[0]), ()
    found: dict[ObjectKey, list[Manifest]] = {}
    warnings: list[str] = []
    for manifests in per_source:
        own: dict[ObjectKey, list[Manifest]] = {}
        for manifest in manifests:
            own.setdefault(_key(manifest, namespace or DEFAULT_NAMESPACE), []).append(manifest)
        for key in own:
            for earlier in found.pop(key, ()):
                places = f"{earlier.where} of one source and {own[key][0].where} of a later one"
                warnings.append(f"{key} is in {places}, whose counts")
        found |= own
    return tuple(manifest for manifests in found.values() for manifest in manifests), tuple(warnings)


def _key(manifest: Manifest, namespace: str) -> ObjectKey:
    """Return the identity that the object will have; of kinds that nobody knows as if they were namespaced."""
    scoped = is_namespaced(manifest.group, manifest.kind, {}) is False
    return ObjectKey(manifest.group, manifest.kind, "" if scoped else manifest.namespace or namespace, manifest.name)
