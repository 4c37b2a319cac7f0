"""Wanted: one object that an application wants in a cluster; what the steps of the plan work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fleet.model.manifest import Manifest, ObjectKey
from fleet.model.plan import Target


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object, and the application and destination that want it.

    generated: made by `create_namespace`; no file holds it.
    followed_by: what of the application has the turn after it in the cluster, as in `Sync wave 1`; empty for the last.
    """

    target: Target
    manifest: Manifest
    generated: bool = False
    followed_by: str = ""

    @property
    def key(self) -> ObjectKey:
        """The object's identity in the cluster."""
        return self.manifest.key

    @property
    def application(self) -> str:
        """The application's name."""
        return self.target.application.name

    def with_metadata(self, metadata: Mapping[str, Any]) -> Wanted:
        """Return the same object with other metadata, at the same place in the body."""
        return replace(self, manifest=replace(self.manifest, body={**self.manifest.body, "metadata": metadata}))
