"""Wanted: one object that an application wants in a cluster; what the steps of the plan work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fleet.frozen import dataclass
from fleet.model.manifest import Manifest, ObjectKey
from fleet.model.plan import Target


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object, and the application and destination that want it.

    generated: made by `create_namespace`; no file holds it.
    turn, followed_by: its turn, and the next one that the application has in the cluster, as in `Sync wave 1`; empty
        for namespaces and definitions, and where the application has one turn only. Nothing follows the last one.
    """

    target: Target
    manifest: Manifest
    generated: bool = False
    turn: str = ""
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
        return replace(self, manifest=self.manifest.with_body({**self.manifest.body, "metadata": metadata}))
