"""Manifest: one Kubernetes object as it was read, and its identity in a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from fleet.errors import Where
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """What makes an object *this* object in a cluster: its API version does not count.

    group: empty for the core group. namespace: empty for cluster-scoped objects.
    """

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return `Deployment.apps default/web`, `Namespace web`: kind and group as kubectl writes them."""
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object, read-only: nobody changes `body` or anything in it; a changed object is a new Manifest.

    body: the object as JSON-like plain data; `apiVersion`, `kind` and `metadata.name` are there and are strings.
    where: the file (below the source's path) and document that it came from.
    """

    body: Mapping[str, Any] = field(hash=False)
    where: Where = field(default_factory=Where, repr=False, compare=False)

    def with_body(self, body: Mapping[str, Any]) -> Manifest:
        """Return the same object with another body."""
        return Manifest(body, self.where)

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return str(self.body["apiVersion"])

    @property
    def group(self) -> str:
        """Empty for the core group."""
        return str(self.body["apiVersion"]).rpartition("/")[0]

    @property
    def version(self) -> str:
        """`v1`, without the group."""
        return self.api_version.rpartition("/")[2]

    @property
    def kind(self) -> str:
        """As the manifest has it."""
        return str(self.body["kind"])

    @property
    def metadata(self) -> Mapping[str, Any]:
        """As the manifest has it."""
        metadata: Mapping[str, Any] = self.body["metadata"]
        return metadata

    @property
    def name(self) -> str:
        """As the manifest has it."""
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Empty where the manifest names none."""
        return str(self.body["metadata"].get("namespace") or "")

    @property
    def annotations(self) -> Mapping[str, str]:
        """Empty where the manifest has none."""
        return self.body["metadata"].get("annotations") or {}

    @property
    def key(self) -> ObjectKey:
        """The object's identity in its cluster."""
        return ObjectKey(self.group, self.kind, self.namespace, self.name)
