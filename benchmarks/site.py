"""Site: where one contender works in one run, and what is done there that is not measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import manifests
from benchmarks.errors import BenchmarkError
from benchmarks.source import Source
from localclusters import Answer, Cluster

CHANGED = "2"
DRIFTED = "changed by hand"


@dataclass(frozen=True, slots=True)
class Site:
    """A folder, a namespace in every cluster, and the manifests that belong there."""

    directory: Path
    clusters: tuple[Cluster, ...]
    namespace: str
    source: Source

    @property
    def names(self) -> tuple[str, ...]:
        """The clusters' names."""
        return tuple(cluster.name for cluster in self.clusters)

    def cause_drift(self) -> None:
        """Change one object in the last cluster behind everybody's back."""
        path = f"{self._path}/{self._changed_name}?fieldManager=somebody"
        body = {"data": {manifests.CHANGED_KEY: DRIFTED}}
        _require(self.clusters[-1].request("PATCH", path, body, content_type="application/merge-patch+json"))

    def require_objects(self, number: int) -> None:
        """Raise BenchmarkError unless every cluster holds this many objects."""
        for cluster in self.clusters:
            selected = f"{self._path}?labelSelector={manifests.LABEL}%3D{manifests.PART_OF}"
            found = len(_require(cluster.request("GET", selected))["items"])
            if found != number:
                raise BenchmarkError(f"{cluster.name} holds {found} objects in {self.namespace}, and {number} ought to")

    def require_release(self, release: str) -> None:
        """Raise BenchmarkError unless the object that is changed has this value in every cluster."""
        for cluster in self.clusters:
            body = _require(cluster.request("GET", f"{self._path}/{self._changed_name}"))
            found = body["data"][manifests.CHANGED_KEY]
            if found != release:
                raise BenchmarkError(
                    f"{cluster.name}: {self._changed_name} in {self.namespace} has {found!r}, and {release!r} ought to"
                )

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps"

    @property
    def _changed_name(self) -> str:
        return manifests.name_of(manifests.changed_number(self.source.objects))


@contextmanager
def opened(directory: Path, clusters: tuple[Cluster, ...], namespace: str, objects: int) -> Iterator[Site]:
    """Make a site with everything in it; in the end its objects leave the clusters, so that the next begins afresh."""
    directory.mkdir(parents=True)
    site = Site(directory, clusters, namespace, Source(directory / "repository", objects))
    site.source.create()
    for cluster in clusters:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        _require(cluster.request("POST", "/api/v1/namespaces", body))
    try:
        yield site
    finally:
        for cluster in clusters:
            everything = f"/api/v1/namespaces/{namespace}/configmaps"
            _require(cluster.request("DELETE", everything, timeout_s=300))


def _require(answer: Answer) -> Any:
    if not answer.ok:
        raise BenchmarkError(f"an API server answered {answer.status}: {answer.body}")
    return answer.body
