"""Site: where one contender works in one run, and what is done there that is not measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import manifests
from benchmarks.errors import BenchmarkError
from benchmarks.manifests import ObjectSet
from benchmarks.paths import collection
from benchmarks.source import Source
from localclusters import Answer, Cluster

CHANGED_ONE = "2"
CHANGED_ALL = "3"
DRIFTED = "changed by hand"
# A list of ten thousand objects takes its time on a machine that is busy.
TIMEOUT_S = 300.0


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

    @property
    def collections(self) -> tuple[str, ...]:
        """The paths of everything that the manifests are."""
        return tuple(collection(self.namespace, *kind) for kind in self.source.kinds.kinds)

    def drift_one(self) -> None:
        """Change one object in the last cluster behind everybody's back."""
        self._change(self.clusters[-1], manifests.changed_number(self.source.objects))

    def drift_many(self) -> None:
        """Change a tenth of the objects in every cluster behind everybody's back."""
        for cluster in self.clusters:
            for number in range(0, self.source.objects, manifests.DRIFT_EVERY):
                self._change(cluster, number)

    def require_nothing(self) -> None:
        """Raise BenchmarkError unless all objects are gone from every cluster."""
        for cluster in self.clusters:
            if found := self._releases(cluster):
                raise BenchmarkError(f"{cluster.name} still holds {len(found)} objects in {self.namespace}")

    def require_everything(self) -> None:
        """Raise BenchmarkError unless every cluster holds all objects, and each is as its manifest has it."""
        wanted = self.source.releases
        for cluster in self.clusters:
            if wrong := differences(wanted, self._releases(cluster)):
                raise BenchmarkError(f"{cluster.name}, {self.namespace}: {wrong}")

    def _change(self, cluster: Cluster, number: int) -> None:
        manifest = self.source.kinds.object(number)
        path = collection(self.namespace, manifest["apiVersion"], manifest["kind"])
        body = {"metadata": {"annotations": {manifests.RELEASE: DRIFTED}}}
        where = f"{path}/{manifests.name_of(number)}?fieldManager=somebody"
        _require(cluster.request("PATCH", where, body, content_type="application/merge-patch+json"))

    def _releases(self, cluster: Cluster) -> dict[str, str]:
        selected = f"?labelSelector={manifests.LABEL}%3D{manifests.PART_OF}"
        lists = [_require(cluster.request("GET", path + selected, timeout_s=TIMEOUT_S)) for path in self.collections]
        return {each["metadata"]["name"]: manifests.release_of(each) for page in lists for each in page["items"]}


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return what tells a cluster from the manifests, both as name → release; empty when nothing does."""
    if missing := _some([name for name in wanted if name not in found]):
        return f"objects are missing: {missing}"
    if surplus := _some([name for name in found if name not in wanted]):
        return f"objects are there that ought not to be: {surplus}"
    stale = [
        f"{name} has release {found[name]!r}, not {wanted[name]!r}" for name in wanted if found[name] != wanted[name]
    ]
    return _some(stale)


def _some(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


@contextmanager
def opened(
    directory: Path, clusters: tuple[Cluster, ...], namespace: str, objects: int, kinds: ObjectSet
) -> Iterator[Site]:
    """Make a site with everything in it; in the end its objects leave the clusters, so that the next begins afresh."""
    directory.mkdir(parents=True)
    site = Site(directory, clusters, namespace, Source(directory / "repository", objects, kinds))
    site.source.create()
    for cluster in clusters:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        _require(cluster.request("POST", "/api/v1/namespaces", body))
    try:
        yield site
    finally:
        for cluster in clusters:
            for path in site.collections:
                _require(cluster.request("DELETE", path, timeout_s=TIMEOUT_S))


def _require(answer: Answer) -> Any:
    if not answer.ok:
        raise BenchmarkError(f"an API server answered {answer.status}: {answer.body}")
    return answer.body
