"""Application: one definition that drives an independent deployment to each of its destinations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fleet.errors import Where
from fleet.model import checks
from fleet.model.cluster import Cluster
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.source import GitSource, one_tool

# Objects of these kinds hold other people's data: by default they outlive the application.
RETAINED_KINDS = ("CustomResourceDefinition", "Namespace")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPolicy:
    """How the clusters follow Git; Argo CD's `syncPolicy` with its defaults.

    automated: False leaves scheduled runs (`--scheduled`, FLEET_SCHEDULED) at the deployed revision; any other `up`
        deploys.
    prune: False keeps in the cluster what left Git, and reports it.
    self_heal: False reports drift and leaves it alone.
    allow_empty: False refuses a source that renders no object at all.
    create_namespace: True creates the destination's namespace where it does not exist; it is never deleted.
    """

    automated: bool = False
    prune: bool = False
    self_heal: bool = False
    allow_empty: bool = False
    create_namespace: bool = False

    def __post_init__(self) -> None:
        for name in self.__slots__:
            checks.flag("SyncPolicy", name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class Destination:
    """One cluster that an application is deployed to, and what is different there.

    cluster: the cluster's name, one of its URLs, or the Cluster itself.
    namespace: for namespaced objects that name none; None is `default`.
    revision, path: replace the source's own; None keeps it.
    kustomize, helm: are put on top of the source's own, field by field: what is said here wins, and Helm's values are
        merged at any depth.
    where: the place in a file that the destination was read from; for messages only.
    """

    cluster: str | Cluster
    namespace: str | None = field(default=None, kw_only=True)
    revision: str | None = field(default=None, kw_only=True)
    path: str | None = field(default=None, kw_only=True)
    kustomize: Kustomize = field(default_factory=Kustomize, kw_only=True)
    helm: Helm = field(default_factory=Helm, kw_only=True)
    where: Where = field(default_factory=Where, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.cluster, Cluster):
            object.__setattr__(self, "cluster", self.cluster.name)
        checks.text("Destination", "cluster", self.cluster)
        owner = f"Destination {self.cluster!r}"
        checks.namespace(owner, "namespace", self.namespace)
        checks.text(owner, "revision", self.revision, optional=True)
        checks.relative_path(owner, "path", self.path, optional=True)
        for name, kind in (("kustomize", Kustomize), ("helm", Helm)):
            if not isinstance(getattr(self, name), kind):
                raise checks.fail(owner, name, getattr(self, name), f"a {kind.__name__}")
        one_tool(owner, self.kustomize, self.helm)

    @property
    def reference(self) -> str:
        """The name or URL that means a cluster."""
        return str(self.cluster)


@dataclass(frozen=True, slots=True)
class Application:
    """What is deployed, and where to.

    name: unique in the stack.
    destinations: at least one; cluster names, Clusters and Destinations may be mixed. A cluster may appear more than
        once with different namespaces.
    project: the Project that the application belongs to.
    adopt: True takes over objects that exist already; False makes them an error.
    retain: kinds whose objects stay in the cluster when they leave Git or the stack is destroyed.
    labels: for selecting applications.
    where: the place in a file that the application was read from; for messages only.
    """

    name: str
    source: GitSource = field(kw_only=True)
    destinations: Sequence[Destination | Cluster | str] = field(kw_only=True)
    project: str = field(default="default", kw_only=True)
    sync: SyncPolicy = field(default_factory=SyncPolicy, kw_only=True)
    adopt: bool = field(default=False, kw_only=True)
    retain: Sequence[str] = field(default=RETAINED_KINDS, kw_only=True)
    labels: Mapping[str, str] = field(default_factory=dict, kw_only=True, hash=False)
    where: Where = field(default_factory=Where, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        checks.name("Application", "name", self.name)
        owner = f"Application {self.name!r}"
        for attribute, kind in (("source", GitSource), ("sync", SyncPolicy)):
            if not isinstance(getattr(self, attribute), kind):
                raise checks.fail(owner, attribute, getattr(self, attribute), f"a {kind.__name__}")
        checks.name(owner, "project", self.project)
        checks.flag(owner, "adopt", self.adopt)
        object.__setattr__(self, "destinations", _destinations(owner, self.destinations))
        object.__setattr__(self, "retain", checks.sequence(owner, "retain", self.retain, str, "kinds"))
        object.__setattr__(self, "labels", checks.labels(owner, "labels", self.labels))

    @property
    def targets(self) -> tuple[Destination, ...]:
        """The destinations, each as a Destination."""
        return tuple(each for each in self.destinations if isinstance(each, Destination))


def _destinations(owner: str, value: Iterable[object]) -> tuple[Destination, ...]:
    allowed = (Destination, Cluster, str)
    entries = checks.sequence(owner, "destinations", value, allowed, "Destinations, Clusters or cluster names")
    if not entries:
        raise checks.fail(owner, "destinations", value, "a list of at least one destination")
    return tuple(each if isinstance(each, Destination) else Destination(each) for each in entries)  # type: ignore[arg-type]
