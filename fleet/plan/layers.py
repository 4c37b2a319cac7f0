"""Layers: what is said about an application in one cluster, and by whom, in the order in which it counts.

First the application's own, then each of its overrides that is about the cluster, as they are written, then the
destination's. The last word wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleet.frozen import dataclass
from fleet.model.application import Application, Destination
from fleet.model.cluster import Cluster
from fleet.model.override import Override
from fleet.model.source import ChartSource, GitSource, Source


@dataclass(frozen=True, slots=True)
class Layer:
    """One override and who it is of: `override 2 (env=prod)`, `destination`."""

    name: str
    override: Override


def layers(application: Application, destination: Destination, cluster: Cluster) -> tuple[Layer, ...]:
    """Return what is put on top of the application's sources, the first first."""
    own = Layer("destination", destination.override)
    return (*(each for each, means in selected(application, cluster) if means), own)


def selected(application: Application, cluster: Cluster) -> Iterator[tuple[Layer, bool]]:
    """Yield each of the application's overrides, and whether it is about a cluster."""
    for position, override in enumerate(application.overrides, 1):
        yield Layer(f"override {position} ({override})", override), override.means(cluster)


def about(override: Override, sources: Sequence[Source]) -> int | str:
    """Return which source an override's revision, path, kustomize and helm are about, or why that is not clear."""
    if not override.source:
        rendering = [position for position, each in enumerate(sources) if each.renders]
        if len(rendering) == 1:
            return rendering[0]
        return "manifests are made of more than one source"
    named = [position for position, each in enumerate(sources) if override.source in called(each)]
    if len(named) == 1:
        return named[0]
    if named:
        return f"more than one source is called {override.source!r}"
    known = sorted({word for each in sources for word in called(each)})
    return f"no source is called {override.source!r}; there are {', '.join(known) or 'none that are called anything'}"


def called(source: Source) -> tuple[str, ...]:
    """Return what a source can be called: its name, its ref, its chart."""
    match source:
        case GitSource():
            return tuple(filter(None, (source.name, source.ref)))
        case ChartSource():
            return tuple(filter(None, (source.name, source.chart)))
