"""Detection: what makes manifests of a path, where its source does not say it. Pure but for reading the path's names.

As in Argo CD (`Discover` in util/app/discovery/discovery.go): only the files of the path itself count, every name that
ends in `Chart.yaml` is a chart's, and where both a chart and a kustomization are, it is a kustomization.
"""

from __future__ import annotations

from dataclasses import replace

from fleet.model.capabilities import Capabilities, plain_version
from fleet.model.directory import Directory
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.plan import Release, RenderRequest
from fleet.model.source import Tool
from fleet.render.objects import Kind
from fleet.render.snapshot import Node, Snapshot

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def settled(request: RenderRequest, snapshot: Snapshot) -> RenderRequest:
    """Return the request with the tool decided, and without what makes no difference to that tool."""
    open_to_files = request.tool.is_zero and not request.chart
    tool = _detected(snapshot.directory(request.path)) if open_to_files else request.tool
    if isinstance(tool, Helm):
        tool = _told(tool, request.release, request.capabilities)
    elif isinstance(tool, Kustomize):
        tool = _told_of_charts(tool, request.capabilities)
    return replace(request, tool=tool, release=Release(), capabilities=Capabilities())


def _told(tool: Helm, release: Release, cluster: Capabilities) -> Helm:
    """Return what a chart is told, where its own Helm does not say."""
    return replace(
        tool,
        release_name=tool.release_name or release.name,
        namespace=tool.namespace or release.namespace,
        kube_version=plain_version(tool.kube_version or cluster.kube_version),
        api_versions=tool.api_versions or cluster.api_versions,
    )


def _told_of_charts(tool: Kustomize, cluster: Capabilities) -> Kustomize:
    """Return what the charts in a kustomization are told; nothing where there may be none."""
    if not tool.enable_helm:
        return replace(tool, kube_version="", api_versions=())
    return replace(
        tool,
        kube_version=plain_version(tool.kube_version or cluster.kube_version),
        api_versions=tool.api_versions or cluster.api_versions,
    )


def _detected(directory: Node) -> Tool:
    entries = directory.root.objects.tree(directory.entry.sha)
    names = [name for name, entry in entries.items() if entry.kind in {Kind.FILE, Kind.SYMLINK}]
    if any(name in KUSTOMIZATIONS for name in names):
        return Kustomize()
    if any(name.endswith("Chart.yaml") for name in names):
        return Helm()
    return Directory()
