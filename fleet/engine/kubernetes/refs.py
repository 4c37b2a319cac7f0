"""What an object is called, and where an API server keeps it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.errors import Problem
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Ref:
    """One object. namespace: empty for cluster-scoped kinds, and where the provider's default is meant.

    uid: which of the objects that had this name over time; empty for whichever has it now.
    """

    api_version: str
    kind: str
    name: str
    namespace: str = ""
    uid: str = ""

    def __str__(self) -> str:
        """Return `Deployment.apps default/web`."""
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{titled(self.api_version, self.kind)} {place}{self.name}"

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Ref:
        """Return what a manifest is called, without uid. Raises ObjectFailedError where it does not say."""
        metadata = manifest.get("metadata") or {}
        required = (manifest.get("apiVersion"), manifest.get("kind"), metadata.get("name"))
        if not all(isinstance(part, str) and part for part in required):
            keys = ("apiVersion", "kind", "metadata.name")
            missing = ", ".join(key for key, part in zip(keys, required, strict=True) if not part)
            raise ObjectFailedError(Problem(f"an object has no {missing or 'usable name'}: {required}"))
        return cls(str(required[0]), str(required[1]), str(required[2]), str(metadata.get("namespace") or ""))


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as a cluster serves it. plural: the name in paths, `deployments`."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        """Return the path of an object, or without a name that of the collection.

        namespace: empty for cluster-scoped kinds, and for a collection over all namespaces.
        """
        root = "/apis" if "/" in self.api_version else "/api"
        inside = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
        tail = f"/{quote(name, safe='')}" if name else ""
        return f"{root}/{self.api_version}{inside}/{self.plural}{tail}"


@dataclass(frozen=True, slots=True)
class Target:
    """An object together with how its cluster serves it; the namespace is resolved."""

    ref: Ref
    resource: Resource

    @property
    def path(self) -> str:
        """The path of the object."""
        return self.resource.path(self.ref.namespace, self.ref.name)

    def __str__(self) -> str:
        return str(self.ref)


NAMESPACE = Resource("v1", "Namespace", "namespaces", namespaced=False)
CRD_GROUP, CRD_KIND = "apiextensions.k8s.io", "CustomResourceDefinition"


def group_of(api_version: str) -> str:
    """Return the API group; the core group is empty."""
    return api_version.rpartition("/")[0]


def titled(api_version: str, kind: str) -> str:
    """Return the kind as kubectl writes it, `Deployment.apps`."""
    group = group_of(api_version)
    return f"{kind}.{group}" if group else kind


def is_crd(api_version: str, kind: str) -> bool:
    """Return whether an object of this kind defines other kinds."""
    return kind == CRD_KIND and group_of(api_version) == CRD_GROUP
