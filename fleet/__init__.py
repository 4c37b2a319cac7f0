"""The words a stack is declared in; importing them does nothing."""

from fleet.model.application import Application, Destination, SyncPolicy
from fleet.model.cluster import Cluster
from fleet.model.fleet import Fleet
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.project import GroupKind, Project, ProjectDestination
from fleet.model.source import Directory, GitSource

__all__ = [
    "Application",
    "Cluster",
    "Destination",
    "Directory",
    "Fleet",
    "GitSource",
    "GroupKind",
    "Helm",
    "Kustomize",
    "Project",
    "ProjectDestination",
    "SyncPolicy",
]
