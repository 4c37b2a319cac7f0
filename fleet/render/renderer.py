"""Renderer: one request → manifests, by the tool that it is for, or from the cache.

In: settled RenderRequests. Out: Manifests. What was rendered before from the same files, with the same parameters, by
the same version of the tool is not rendered again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import field, replace

from fleet.frozen import dataclass
from fleet.model.directory import Directory
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.manifest import Manifest, ObjectKey
from fleet.model.plan import RenderRequest
from fleet.model.source import Tool as Declared
from fleet.model.source import decided
from fleet.render import directory
from fleet.render.cache import Cache
from fleet.render.detection import settled
from fleet.render.progress import Report
from fleet.render.snapshot import Snapshot
from fleet.render.source_files import source_files
from fleet.render.sources import Sources
from fleet.render.tools import HELM, KUSTOMIZE, Kind, Tools

# A request, and path and text of one of its source files → its tool with that on top.
Overrule = Callable[[RenderRequest, str, str], Declared]


def as_declared(request: RenderRequest, _file: str, _text: str) -> Declared:
    """Pass over a source file."""
    return request.tool


@dataclass(frozen=True, slots=True)
class Renderer:
    """What the requests of a run have in common. report: gets warnings; several threads call it, one at a time.

    overrule: see render_possible. turn: held while something is resolved that turns up during rendering.
    """

    sources: Sources
    report: Report
    tools: Tools
    cache: Cache
    overrule: Overrule
    turn: threading.Lock = field(default_factory=threading.Lock)

    def settle(self, request: RenderRequest) -> RenderRequest:
        """Return the request for what is there. Raises SourceError."""
        with self.sources.snapshot(request) as snapshot:
            for file, text in () if request.chart else source_files(request, snapshot):
                request = replace(request, tool=self.overrule(request, file, text))
            request = settled(replace(request, environment=()), snapshot)
            return replace(request, tool=decided(request.tool))

    def render(self, request: RenderRequest) -> tuple[Manifest, ...]:
        """Return the manifests of a settled request; of several for one object the last counts, with a warning.

        The tool must not be missing. Raises SourceError and RenderError.
        """
        with self.sources.snapshot(request) as snapshot:
            return self._last_of_each(self._rendered(request, snapshot))

    def _rendered(self, request: RenderRequest, snapshot: Snapshot) -> tuple[Manifest, ...]:
        if isinstance(request.tool, Directory):
            return directory.render(request.path, request.tool, snapshot, self.report, self.cache)
        from fleet.render.building import Builder  # noqa: PLC0415 - directories of plain manifests need none of it

        return Builder(self.sources, self.report, self.tools, self.cache, self.turn).build(request, snapshot)

    def _last_of_each(self, manifests: Iterable[Manifest]) -> tuple[Manifest, ...]:
        by_key: dict[ObjectKey, Manifest] = {}
        for manifest in manifests:
            earlier = by_key.pop(manifest.key, None)
            if earlier:
                places = f"{earlier.where} and in {manifest.where}"
                self.report(f"{manifest.key} is in {places}; the last one counts")
            by_key[manifest.key] = manifest
        return tuple(by_key.values())


def needed(requests: Iterable[RenderRequest]) -> tuple[Kind, ...]:
    """Return the tools that settled requests are for."""
    tools = {request.tool for request in requests}
    charts = any(isinstance(tool, Helm) or (isinstance(tool, Kustomize) and tool.enable_helm) for tool in tools)
    kustomizations = any(isinstance(tool, Kustomize) for tool in tools)
    return tuple(kind for kind, is_needed in ((KUSTOMIZE, kustomizations), (HELM, charts)) if is_needed)
