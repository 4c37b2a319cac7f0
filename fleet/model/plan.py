"""What is decided before anything is registered: which cluster gets which objects, from which commit, in what order."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.model.application import Application, Destination
from fleet.model.cluster import Cluster
from fleet.model.manifest import Manifest
from fleet.model.source import Tool


@dataclass(frozen=True, slots=True, order=True)
class Revision:
    """What a commit is asked for: a repository, mirrors applied, and a revision's name in it."""

    repo: str
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """One application at one destination, everything that depends on the destination decided.

    tool: the source's, with what the destination puts on top of it.
    namespace: None where the destination names none.
    """

    application: Application
    destination: Destination
    cluster: Cluster
    revision: Revision
    path: str
    tool: Tool
    namespace: str | None


@dataclass(frozen=True, slots=True)
class Release:
    """What a chart is rendered as, where its Helm says nothing else. namespace: empty is Helm's own default."""

    name: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What determines the manifests of a path: the same request gives the same bytes, whatever the cluster.

    release: matters to charts only; requests that differ in nothing else are one for everything else.
    """

    repo: str
    commit: str
    path: str
    tool: Tool
    release: Release = Release()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A target with what its source holds. commit: the full SHA that `revision` was resolved to."""

    target: Target
    commit: str
    manifests: tuple[Manifest, ...]


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One object to register.

    name: the Pulumi name, `<cluster>/<namespace or ->/<name>`.
    type_token: `kubernetes:<group>/<version>:<Kind>`, core is `core/v1`.
    aliases: type tokens of other API versions of the kind, under which the state may know the object.
    depends_on: indices into the ClusterPlan's objects, all smaller than this object's own.
    retain: True leaves the object in the cluster when it is no longer registered.
    keep: True leaves it there even when the stack is destroyed; it is retained too.
    adopt: True takes the object over where it exists already.
    """

    application: str
    name: str
    type_token: str
    manifest: Manifest
    aliases: tuple[str, ...] = ()
    depends_on: tuple[int, ...] = ()
    retain: bool = False
    keep: bool = False
    adopt: bool = False


@dataclass(frozen=True, slots=True)
class PlannedApplication:
    """An application in one cluster: the component that its objects are children of.

    name: the Pulumi name, `<cluster>/<application>`; a second destination in the same cluster shares it.
    commits: per namespace of the destinations in this cluster ("" where none is named), the full SHA.
    required_namespaces: namespaces that must exist already: objects go there and nobody here creates them.
    """

    name: str
    application: Application
    cluster: str
    commits: tuple[tuple[str, str], ...]
    required_namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """Everything that one cluster should hold, in an order in which it can be registered."""

    cluster: Cluster
    applications: tuple[PlannedApplication, ...]
    objects: tuple[PlannedObject, ...]
