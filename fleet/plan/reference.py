"""Reference: which cluster a destination or an override means, by name or URL."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from fleet.errors import Problem
from fleet.model.application import Destination
from fleet.model.cluster import IN_CLUSTER_NAME, IN_CLUSTER_URL, Cluster
from fleet.model.override import Override


def find(destination: Destination, clusters: Sequence[Cluster]) -> Cluster | Problem:
    """Return the one cluster that a destination means, or why there is none."""
    reference = destination.reference
    found = [cluster for cluster in clusters if cluster.means(reference)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(cluster.name for cluster in found)
        return Problem(
            f"{reference!r} means more than one cluster",
            destination.where,
            detail=f"It means {names}.",
            hint="Use the name of one of them.",
        )
    return Problem(
        f"no cluster is known as {reference!r}",
        destination.where,
        detail=f"Known clusters: {', '.join(sorted(map(_described, clusters))) or 'none'}.",
        hint=_advice(reference, clusters),
    )


def unknown_references(override: Override, clusters: Iterable[Cluster]) -> tuple[str, ...]:
    """Return which of an override's `clusters` are no globs, and mean no cluster there is.

    That is no mistake where several stacks share a declaration, and a slip where they do not.
    """
    known = tuple(clusters)
    return tuple(each for each in override.plain_references if not any(cluster.means(each) for cluster in known))


def nearest_reference(reference: str, clusters: Iterable[Cluster]) -> str:
    """Return the name or URL of a cluster that was most likely meant; empty if none is near."""
    names = {name for cluster in clusters for name in (cluster.name, cluster.server, *cluster.urls) if name}
    return next(iter(difflib.get_close_matches(reference, sorted(names), n=1)), "")


def _described(cluster: Cluster) -> str:
    urls = [url for url in (cluster.server, *cluster.urls) if url]
    return f"{cluster.name} ({', '.join(urls)})" if urls else cluster.name


def _advice(reference: str, clusters: Sequence[Cluster]) -> str:
    if reference in (IN_CLUSTER_URL, IN_CLUSTER_NAME):
        return (
            "It means the cluster that Argo CD itself runs in. Mark one of yours as that: "
            "in_cluster=True in Python, `inCluster: true` in fleet:clusters."
        )
    if "<" in reference and ">" in reference:
        return (
            "It is a placeholder. Say which cluster it means, in the stack's configuration:\n"
            f"fleet:clusters: {{<cluster>: {{urls: ['{reference}']}}}}\n"
            f"or, where the cluster is declared in Python, with urls=[{reference!r}]."
        )
    nearest = nearest_reference(reference, clusters)
    if nearest:
        return f"Did you mean {nearest!r}?"
    if clusters:
        return f"Add {reference!r} to the `urls` of the cluster that it means, or declare the cluster."
    return "Declare the cluster: below `fleet:clusters` in the stack's configuration, or Cluster(...) in Python."
