"""Application: one definition that drives an independent deployment to each of its destinations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from fleet.errors import DeclarationError, Problem, Where
from fleet.model import checks
from fleet.model.cluster import Cluster
from fleet.model.helm import Helm
from fleet.model.here import here
from fleet.model.kustomize import Kustomize
from fleet.model.override import Override, check_changes
from fleet.model.patch import Patch
from fleet.model.source import ChartSource, GitSource, Source

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
    The other fields are those of an Override; a destination has the last word.
    """

    cluster: str | Cluster
    source: str = field(default="", kw_only=True)
    namespace: str | None = field(default=None, kw_only=True)
    revision: str | None = field(default=None, kw_only=True)
    path: str | None = field(default=None, kw_only=True)
    kustomize: Kustomize = field(default_factory=Kustomize, kw_only=True)
    helm: Helm = field(default_factory=Helm, kw_only=True)
    patches: Sequence[Patch] = field(default=(), kw_only=True)
    labels: Mapping[str, str] = field(default_factory=dict, kw_only=True, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, kw_only=True, hash=False)
    skip: bool | None = field(default=None, kw_only=True)
    where: Where = field(default_factory=here, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.cluster, Cluster):
            object.__setattr__(self, "cluster", self.cluster.name)
        checks.text("Destination", "cluster", self.cluster)
        check_changes(f"Destination {self.cluster!r}", self)

    @property
    def reference(self) -> str:
        """The name or URL that means a cluster."""
        return str(self.cluster)

    @property
    def override(self) -> Override:
        """What is different at the destination."""
        names = (each.name for each in fields(Override) if each.name not in ("clusters", "selector"))
        return Override(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True)
class Application:
    """What is deployed, and where to.

    name: unique in the stack.
    source, sources: where the manifests come from; exactly one of the two is given. Of several sources the objects are
        taken together; where two have the same object, the later source's counts.
    destinations: at least one; cluster names, Clusters and Destinations may be mixed. A cluster may appear more than
        once with different namespaces.
    namespace: for namespaced objects that name none, at destinations that name none; None is `default`.
    overrides: what is different in some of the clusters, in the order in which they are put on top of each other.
    project: the Project that the application belongs to.
    adopt: True takes over objects that exist already; False makes them an error.
    wait: None waits between waves, and between phases, as Argo CD does: an object that something of the application
        comes after is to become ready first. True waits for every object, those of the last wave too, False for hooks
        that run to their end only. An object that does not become ready has failed.
    wait_timeout_s: how long, for each object that is waited for and does not say so itself.
    retain: kinds whose objects stay in the cluster when they leave Git or the stack is destroyed.
    labels: for selecting applications.
    where: the place in a file that the application was read from; for messages only.
    """

    name: str
    source: Source | None = field(default=None, kw_only=True)
    sources: Sequence[Source] = field(default=(), kw_only=True)
    destinations: Sequence[Destination | Cluster | str] = field(kw_only=True)
    namespace: str | None = field(default=None, kw_only=True)
    overrides: Sequence[Override] = field(default=(), kw_only=True)
    project: str = field(default="default", kw_only=True)
    sync: SyncPolicy = field(default_factory=SyncPolicy, kw_only=True)
    adopt: bool = field(default=False, kw_only=True)
    wait: bool | None = field(default=None, kw_only=True)
    wait_timeout_s: float = field(default=600, kw_only=True)
    retain: Sequence[str] = field(default=RETAINED_KINDS, kw_only=True)
    labels: Mapping[str, str] = field(default_factory=dict, kw_only=True, hash=False)
    where: Where = field(default_factory=here, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        checks.name("Application", "name", self.name)
        owner = f"Application {self.name!r}"
        kinds = (GitSource, ChartSource)
        if not isinstance(self.source, (*kinds, type(None))):
            raise checks.fail(owner, "source", self.source, "a GitSource or a ChartSource")
        several = checks.sequence(owner, "sources", self.sources, kinds, "GitSources and ChartSources")
        object.__setattr__(self, "sources", several)
        _check_sources(owner, self.all_sources, both=self.source is not None and bool(several))
        if not isinstance(self.sync, SyncPolicy):
            raise checks.fail(owner, "sync", self.sync, "a SyncPolicy")
        checks.namespace(owner, "namespace", self.namespace)
        checks.name(owner, "project", self.project)
        checks.flag(owner, "adopt", self.adopt)
        if self.wait is not None:
            checks.flag(owner, "wait", self.wait)
        checks.seconds(owner, "wait_timeout_s", self.wait_timeout_s)
        object.__setattr__(self, "destinations", _destinations(owner, self.destinations))
        overrides = checks.sequence(owner, "overrides", self.overrides, Override, "Overrides")
        object.__setattr__(self, "overrides", overrides)
        object.__setattr__(self, "retain", checks.sequence(owner, "retain", self.retain, str, "kinds"))
        object.__setattr__(self, "labels", checks.labels(owner, "labels", self.labels))

    @property
    def all_sources(self) -> tuple[Source, ...]:
        """The source, or the sources."""
        return tuple(self.sources) if self.source is None else (self.source,)

    @property
    def targets(self) -> tuple[Destination, ...]:
        """The destinations, each as a Destination."""
        return tuple(each for each in self.destinations if isinstance(each, Destination))


def _check_sources(owner: str, sources: tuple[Source, ...], *, both: bool) -> None:
    """Check how many there are, what they are called, and that at least one makes manifests."""
    if both:
        raise DeclarationError(Problem(f"{owner}: source and sources are given together", hint="Keep one of them."))
    if not sources:
        raise DeclarationError(Problem(f"{owner} has no source", hint="Give it a source: GitSource or ChartSource."))
    for what in ("name", "ref"):
        named = [word for each in sources if (word := getattr(each, what, ""))]
        repeated = sorted({word for word in named if named.count(word) > 1})
        if repeated:
            hint = f"Give each a {what} of its own."
            raise DeclarationError(Problem(f"{owner}: two sources have the {what} {repeated[0]!r}", hint=hint))
    if not any(each.renders for each in sources):
        hint = "Give a path to the source that holds the manifests, or add the chart."
        raise DeclarationError(Problem(f"{owner}: every source is there for its value files only", hint=hint))


def _destinations(owner: str, value: Iterable[object]) -> tuple[Destination, ...]:
    allowed = (Destination, Cluster, str)
    entries = checks.sequence(owner, "destinations", value, allowed, "Destinations, Clusters or cluster names")
    if not entries:
        raise checks.fail(owner, "destinations", value, "a list of at least one destination")
    return tuple(each if isinstance(each, Destination) else Destination(each) for each in entries)  # type: ignore[arg-type]
