"""Size: how much is deployed to how many clusters, and the sizes that are measured together. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.manifests import ObjectSet
from benchmarks.steps import Step

_WRITTEN = re.compile(r"(?P<clusters>[1-9]\d*)x(?P<objects>[1-9]\d*)(:(?P<kinds>[a-z]+))?")


@dataclass(frozen=True, slots=True)
class Size:
    """objects: per cluster. steps: those that are taken, in their order."""

    clusters: int
    objects: int
    kinds: ObjectSet = ObjectSet.CONFIG_MAPS
    steps: tuple[Step, ...] = tuple(Step)

    @property
    def total(self) -> int:
        """Objects in all clusters together."""
        return self.clusters * self.objects

    def of_kind(self, kind: str) -> int:
        """Return how many objects in each cluster are of a kind."""
        return sum(self.kinds.kind_of(number) == kind for number in range(self.objects))

    def __str__(self) -> str:
        """Return `3 clusters with 1,000 ConfigMaps each`."""
        clusters, each = ("1 cluster", "") if self.clusters == 1 else (f"{self.clusters} clusters", " each")
        return f"{clusters} with {self.objects:,} {self.kinds.noun}{each}"

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return {"clusters": self.clusters, "objects": self.objects, "set": self.kinds.value}


def parse(text: str, steps: tuple[Step, ...]) -> Size:
    """Return the size that `3x1000` or `3x1000:mixed` names. Raises BenchmarkError."""
    found = _WRITTEN.fullmatch(text)
    if found is None or (found["kinds"] or ObjectSet.CONFIG_MAPS) not in set(ObjectSet):
        raise BenchmarkError(
            f"{text!r} is no size: write clusters x objects per cluster, as in 3x1000, or 3x1000:mixed"
        )
    kinds = ObjectSet(found["kinds"] or ObjectSet.CONFIG_MAPS)
    return Size(int(found["clusters"]), int(found["objects"]), kinds, steps)


# What every mark at ten thousand objects needs. The others would take the most time there, and say nothing new.
_AT_TEN_THOUSAND = (Step.CREATE, Step.NO_CHANGE, Step.CHANGE_ONE, Step.DESTROY)
_MIXED = (Step.CREATE, Step.NO_CHANGE, Step.NO_DRIFT, Step.CHANGE_ALL, Step.DESTROY)

MATRICES: Mapping[str, tuple[Size, ...]] = MappingProxyType(
    {
        "reduced": (
            Size(1, 1000),
            Size(3, 1000),
            Size(1, 1000, ObjectSet.MIXED, _MIXED),
            Size(1, 10_000, steps=_AT_TEN_THOUSAND),
            Size(10, 1000, steps=_AT_TEN_THOUSAND),
        ),
        "full": (
            Size(1, 1000),
            Size(1, 3000),
            Size(1, 10_000),
            Size(3, 1000),
            Size(3, 1000, ObjectSet.MIXED),
            Size(3, 3000),
            Size(10, 1000),
            Size(10, 1000, ObjectSet.MIXED),
        ),
    }
)
