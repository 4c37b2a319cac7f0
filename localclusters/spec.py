"""What is asked for: names of clusters and which parts of a control plane each of them gets."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from localclusters.errors import LocalClustersError

DEFAULT_NAMES = ("hub", "dev", "prod")
NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """One cluster: an API server, and the parts of a control plane that make things happen in it.

    Without controllers there are no default service accounts, hence no pods, and nothing is garbage-collected;
    without scheduler and nodes no pod becomes ready.
    """

    name: str
    controllers: bool = True
    scheduler: bool = True
    nodes: bool = True

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or self.name.endswith("-reader"):
            raise LocalClustersError(
                f"{self.name!r} cannot be a cluster's name: lower-case letters, digits and dashes, at most 40, "
                "starting with a letter, and not ending in -reader (which names the read-only user's context)"
            )

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs of this cluster, in the order in which they start."""
        optional = (
            ("kube-controller-manager", self.controllers),
            ("kube-scheduler", self.scheduler),
            ("kwok", self.nodes),
        )
        return ("kube-apiserver", *(program for program, wanted in optional if wanted))


def default_names(count: int) -> tuple[str, ...]:
    """hub, dev, prod, then cluster-4, cluster-5, ..."""
    return tuple([*DEFAULT_NAMES, *(f"cluster-{number}" for number in range(4, count + 1))][:count])


def make_specs(
    names: Iterable[str | ClusterSpec], *, controllers: bool, scheduler: bool, nodes: bool
) -> tuple[ClusterSpec, ...]:
    """One spec per name; a ClusterSpec among the names stays as it is. At least one, and no name twice."""
    specs = tuple(
        name if isinstance(name, ClusterSpec) else ClusterSpec(name, controllers, scheduler, nodes) for name in names
    )
    if not specs:
        raise LocalClustersError("no cluster was asked for; name at least one")
    twice = sorted({spec.name for spec in specs if [each.name for each in specs].count(spec.name) > 1})
    if twice:
        raise LocalClustersError(f"two clusters have the same name: {', '.join(twice)}")
    return specs
