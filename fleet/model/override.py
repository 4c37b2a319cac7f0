"""Override: what is different for an application in some clusters, or at one destination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fleet.errors import Where
from fleet.model import checks
from fleet.model.cluster import Cluster
from fleet.model.glob import compile_glob
from fleet.model.helm import Helm
from fleet.model.here import here
from fleet.model.kustomize import Kustomize
from fleet.model.patch import Patch
from fleet.model.selector import parse_selector
from fleet.model.source import one_tool

EVERY_CLUSTER = ("*",)

# What makes a text a glob, so that it need not be any cluster's name.
_GLOB = frozenset("*?[]{}\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What is different, put on top of what the application and earlier overrides say: the last word wins.

    clusters: clusters, by name, by one of their URLs, or by a glob over names; an empty list means no cluster.
    selector: over the clusters' labels, as for `kubectl -l`; an empty one means any. A cluster is meant if both fit.
    source: which of several sources `revision`, `path`, `kustomize` and `helm` are about, by its name, ref or chart.
        Empty is the only one that manifests are made of.
    namespace: for namespaced objects that name none.
    revision, path: replace the source's own; of a chart in a repository `revision` is the version.
    kustomize, helm: are put on top field by field: what is said here wins, and Helm's values are merged at any depth.
    patches: of objects, whatever they were rendered by; added to those of earlier overrides.
    labels, annotations: for the metadata of every object; never for selectors or pod templates.
    skip: True leaves the application out there, and removes it where it is; False takes that back. None says nothing.
    where: the place in a file that it was read from; for messages only.
    """

    clusters: Sequence[str | Cluster] = EVERY_CLUSTER
    selector: str = ""
    source: str = ""
    namespace: str | None = None
    revision: str | None = None
    path: str | None = None
    kustomize: Kustomize = field(default_factory=Kustomize)
    helm: Helm = field(default_factory=Helm)
    patches: Sequence[Patch] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    skip: bool | None = None
    where: Where = field(default_factory=here, repr=False, compare=False)

    def __post_init__(self) -> None:
        clusters = checks.sequence("Override", "clusters", self.clusters, (str, Cluster), "cluster names or globs")
        names = tuple(each.name if isinstance(each, Cluster) else str(each) for each in clusters)
        object.__setattr__(self, "clusters", names)
        for position, name in enumerate(names):
            checks.glob("Override", f"clusters[{position}]", name)
        checks.any_text("Override", "selector", self.selector)
        parse_selector(self.selector)
        check_changes("Override", self)

    def means(self, cluster: Cluster) -> bool:
        """Return whether it is about a cluster."""
        return self.names(cluster) and parse_selector(self.selector).matches(cluster.labels)

    def names(self, cluster: Cluster) -> bool:
        """Return whether `clusters` fits; what the selector says is another matter."""
        return any(cluster.means(each) or compile_glob(each)(cluster.name) for each in self.references)

    @property
    def references(self) -> tuple[str, ...]:
        """The entries of `clusters`, as texts."""
        return tuple(each for each in self.clusters if isinstance(each, str))

    @property
    def plain_references(self) -> tuple[str, ...]:
        """Those that are no globs, so that each is meant for one cluster."""
        return tuple(each for each in self.references if not _GLOB & set(each))

    def __str__(self) -> str:
        """Return which clusters it is about: `env=prod`, `eu-*, us-1`, `all clusters`, `no cluster`."""
        named = "" if self.clusters == EVERY_CLUSTER else ", ".join(self.references) or "no cluster"
        return "; ".join(filter(None, (named, self.selector))) or "all clusters"


def check_changes(owner: str, value: object) -> None:
    """Check and settle the fields that an Override and a Destination have in common."""
    if not isinstance(_get(value, "source"), str):
        raise checks.fail(owner, "source", _get(value, "source"), "the name of one of the application's sources")
    checks.namespace(owner, "namespace", _get(value, "namespace"))
    checks.revision(owner, "revision", _get(value, "revision"), optional=True)
    checks.relative_path(owner, "path", _get(value, "path"), optional=True)
    for name, kind in (("kustomize", Kustomize), ("helm", Helm)):
        if not isinstance(_get(value, name), kind):
            raise checks.fail(owner, name, _get(value, name), f"a {kind.__name__}")
    kustomize, helm = _get(value, "kustomize"), _get(value, "helm")
    assert isinstance(kustomize, Kustomize)
    assert isinstance(helm, Helm)
    one_tool(owner, kustomize, helm)
    patches = checks.sequence(owner, "patches", _get(value, "patches"), Patch, "Patches")
    object.__setattr__(value, "patches", patches)
    for name in ("labels", "annotations"):
        object.__setattr__(value, name, checks.labels(owner, name, _get(value, name)))
    if not (_get(value, "skip") is None or isinstance(_get(value, "skip"), bool)):
        raise checks.fail(owner, "skip", _get(value, "skip"), "True, False or None")


def _get(value: object, name: str) -> object:
    return getattr(value, name)
