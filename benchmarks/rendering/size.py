"""Size: how many applications of which kind, for how many clusters, and in how many of them something is different."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A fleet. own_images: in how many clusters each kustomization has an image of its own, another one in each.

    own_values: in how many clusters each chart has values of its own. Everywhere else an application is the same.
    """

    kustomizations: int
    charts: int
    clusters: int
    own_images: int = 2
    own_values: int = 3

    @property
    def cluster_names(self) -> tuple[str, ...]:
        """As `cluster-03`."""
        return tuple(f"cluster-{number:02d}" for number in range(self.clusters))

    @property
    def with_own_images(self) -> tuple[str, ...]:
        """The clusters where images are different."""
        return self.cluster_names[: self.own_images]

    @property
    def with_own_values(self) -> tuple[str, ...]:
        """The clusters where values are different."""
        return self.cluster_names[: self.own_values]

    @property
    def kustomization_names(self) -> tuple[str, ...]:
        """As `app-012`."""
        return tuple(f"app-{number:03d}" for number in range(self.kustomizations))

    @property
    def chart_names(self) -> tuple[str, ...]:
        """As `chart-012`."""
        return tuple(f"chart-{number:03d}" for number in range(self.charts))

    @property
    def changed(self) -> str:
        """The kustomization that is changed: one in the middle."""
        return self.kustomization_names[self.kustomizations // 2]

    @property
    def pairs(self) -> int:
        """How many times an application is rendered for a cluster when each is rendered by itself."""
        return (self.kustomizations + self.charts) * self.clusters

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON document."""
        return asdict(self)

    def __str__(self) -> str:
        """Return a line for people."""
        return (
            f"{self.kustomizations} kustomizations, with images of their own in {len(self.with_own_images)} clusters, "
            f"and {self.charts} charts, with values of their own in {len(self.with_own_values)}, "
            f"in {self.clusters} clusters"
        )


# What the promises are about.
FULL = Size(kustomizations=500, charts=100, clusters=10)
