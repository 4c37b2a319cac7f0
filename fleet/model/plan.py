"""What is decided before anything is registered: which cluster gets which objects, from which commit, in what order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from fleet.errors import Where
from fleet.frozen import dataclass
from fleet.model.application import Application, Destination
from fleet.model.capabilities import Capabilities
from fleet.model.cluster import Cluster
from fleet.model.manifest import Manifest
from fleet.model.patch import Patch
from fleet.model.source import Source, Tool


@dataclass(frozen=True, slots=True, order=True)
class Revision:
    """What a commit, or a chart's version, is asked for: a repository, mirrors applied, and a revision's name in it.

    tag_prefix: of the tags that a version constraint is about.
    chart: the chart, if `repo` is a chart repository; then `name` is a version or a constraint.
    """

    repo: str
    name: str
    tag_prefix: str = ""
    chart: str = ""


@dataclass(frozen=True, slots=True)
class TargetSource:
    """One of an application's sources, as a destination has it.

    source: as declared. path: `.` for a chart of a chart repository. tool: with everything put on top of it.
    where: what says the revision and the path, for messages.
    """

    source: Source
    revision: Revision
    path: str
    tool: Tool
    where: Where = field(default_factory=Where, compare=False)


@dataclass(frozen=True, slots=True)
class Target:
    """One application at one destination, everything that depends on the destination decided.

    sources: those that nothing is rendered of are among them.
    namespace: None where nobody names one.
    patches, labels, annotations: of the application's objects there, after they are rendered.
    """

    application: Application
    destination: Destination
    cluster: Cluster
    sources: tuple[TargetSource, ...]
    namespace: str | None
    patches: tuple[Patch, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __hash__(self) -> int:
        """Go by what tells targets apart: everything that an application says is much to look at, again and again."""
        return hash((self.application.name, self.cluster.name, self.namespace))

    @property
    def rendering(self) -> tuple[TargetSource, ...]:
        """The sources that manifests are made of."""
        return tuple(each for each in self.sources if each.source.renders)


@dataclass(frozen=True, slots=True)
class Release:
    """What a chart is rendered as, where its Helm says nothing else. namespace: empty is Helm's own default."""

    name: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A repository at a commit whose files a chart's value files may be: those that start with `$<name>/`."""

    name: str
    repo: str
    commit: str


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What determines the manifests of a path: the same request gives the same bytes, whatever the cluster.

    commit: a full SHA; of a chart in a chart repository its exact version.
    release, capabilities: matter to charts only; requests that differ in nothing else are one for everything else.
    chart: the chart, if `repo` is a chart repository.
    references: those that the tool's value files name.
    environment: the build environment, for what the path's own files tell the tool; it matters to nothing else.
    """

    repo: str
    commit: str
    path: str
    tool: Tool
    release: Release = Release()
    chart: str = ""
    references: tuple[Reference, ...] = ()
    capabilities: Capabilities = field(default_factory=Capabilities)
    environment: tuple[tuple[str, str], ...] = ()

    def __hash__(self) -> int:
        """Go by what tells most requests apart: a tool's fields are many."""
        return hash((self.repo, self.commit, self.path, self.release, self.chart))


@dataclass(frozen=True, slots=True)
class PatchRequest:
    """What determines the objects of a target that has patches: what is rendered, in order, and the patches."""

    requests: tuple[RenderRequest, ...]
    patches: tuple[Patch, ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A target with what its sources hold.

    commits: per source of the target, the full SHA or chart version that its revision was resolved to.
    """

    target: Target
    commits: tuple[str, ...]
    manifests: tuple[Manifest, ...]


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One object to register.

    name: the Pulumi name, `<cluster>/<namespace or ->/<name>`.
    type_token: `kubernetes:<group>/<version>:<Kind>`, core is `core/v1`.
    aliases: type tokens of other API versions of the kind, under which the state may know the object.
    depends_on: indices into the ClusterPlan's objects, all smaller than this object's own.
    barrier: index into the ClusterPlan's barriers; what that stands for must be there too.
    retain: True leaves the object in the cluster when it is no longer registered.
    keep: True leaves it there even when the stack is destroyed; it is retained too.
    adopt: True takes the object over where it exists already.
    replaces: True deletes the object and makes it anew when anything in its manifest changes.
    waits: True if it is to become ready; it may take minutes.
    wait_timeout_s: how long at most; None for what its annotations say, else for the engine's ten minutes.
    turn: when it has its turn, as in `Sync wave 0`, where its application has several in the cluster; else empty.
    awaited_by: what of its application begins when the object is ready, as in `Sync wave 1`; empty where nothing does,
        and for kinds that are ready as soon as they are there.
    """

    application: str
    name: str
    type_token: str
    manifest: Manifest
    aliases: tuple[str, ...] = ()
    depends_on: tuple[int, ...] = ()
    barrier: int | None = None
    retain: bool = False
    keep: bool = False
    adopt: bool = False
    replaces: bool = False
    waits: bool = False
    wait_timeout_s: float | None = None
    turn: str = ""
    awaited_by: str = ""


@dataclass(frozen=True, slots=True)
class PlannedBarrier:
    """A component without children between two waves, where both are large: objects depend on it, and it on objects.

    So a thousand objects that wait for a thousand others are two thousand dependencies, and not a million.
    name: the Pulumi name, `<cluster>/<application>/<phase>/<wave>`, of the wave that ends there.
    depends_on: indices into the ClusterPlan's objects, all smaller than those of the objects behind the barrier.
    """

    application: str
    name: str
    depends_on: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlannedApplication:
    """An application in one cluster: the component that its objects are children of.

    name: the Pulumi name, `<cluster>/<application>`; a second destination in the same cluster shares it.
    commits: per namespace of the destinations in this cluster ("" where none is named), and per source, the full SHA
        or chart version.
    required_namespaces: namespaces that must exist already: objects go there and nobody here creates them.
    required_kinds: kinds that the cluster must serve already, as `apps/v1/Deployment`: nobody here defines them.
    """

    name: str
    application: Application
    cluster: str
    commits: tuple[tuple[str, tuple[str, ...]], ...]
    required_namespaces: tuple[str, ...] = ()
    required_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """Everything that one cluster should hold, in an order in which it can be registered."""

    cluster: Cluster
    applications: tuple[PlannedApplication, ...]
    objects: tuple[PlannedObject, ...]
    barriers: tuple[PlannedBarrier, ...] = ()
