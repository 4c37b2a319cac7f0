"""Metadata: the labels and annotations that overrides put on every object of an application. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.manifest import Manifest
from fleet.model.plan import Target


def labelled(manifest: Manifest, target: Target) -> Manifest:
    """Return the manifest with the target's labels and annotations, which replace its own of the same name."""
    if not (target.labels or target.annotations):
        return manifest
    metadata: dict[str, Any] = dict(manifest.metadata)
    for field, own in (("labels", target.labels), ("annotations", target.annotations)):
        given: Mapping[str, str] = metadata.get(field) or {}
        if own:
            metadata[field] = {**given, **own}
    return manifest.with_body({**manifest.body, "metadata": metadata})
