"""The words a stack is declared in; importing them does nothing.

Each is imported when it is first asked for: every part of the package runs this, and most need none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_MODULES = {
    "Application": "application",
    "ChartSource": "source",
    "Cluster": "cluster",
    "Destination": "application",
    "Directory": "directory",
    "Fleet": "fleet",
    "GitSource": "source",
    "GroupKind": "project",
    "Helm": "helm",
    "Jsonnet": "directory",
    "Kustomize": "kustomize",
    "Override": "override",
    "Patch": "patch",
    "PatchTarget": "patch",
    "Project": "project",
    "ProjectDestination": "project",
    "SignaturePolicy": "signatures",
    "SyncPolicy": "application",
}


def __getattr__(name: str) -> Any:
    """Return a word, from now on at once."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    word = globals()[name] = getattr(import_module(f"fleet.model.{_MODULES[name]}"), name)
    return word


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
