"""The words a stack is declared in; importing them does nothing."""

from fleet.model.application import Application, Destination, SyncPolicy
from fleet.model.cluster import Cluster
from fleet.model.directory import Directory, Jsonnet
from fleet.model.fleet import Fleet
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.override import Override
from fleet.model.patch import Patch, PatchTarget
from fleet.model.project import GroupKind, Project, ProjectDestination
from fleet.model.signatures import SignaturePolicy
from fleet.model.source import ChartSource, GitSource

__all__ = [
    "Application",
    "ChartSource",
    "Cluster",
    "Destination",
    "Directory",
    "Fleet",
    "GitSource",
    "GroupKind",
    "Helm",
    "Jsonnet",
    "Kustomize",
    "Override",
    "Patch",
    "PatchTarget",
    "Project",
    "ProjectDestination",
    "SignaturePolicy",
    "SyncPolicy",
]
