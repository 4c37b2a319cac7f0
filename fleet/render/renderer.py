"""Renderer: one request → manifests, by the tool that it is for, or from the cache.

In: settled RenderRequests. Out: Manifests. What was rendered before from the same files, with the same parameters, by
the same version of the tool is not rendered again.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from fleet.model.directory import Directory
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.manifest import Manifest, ObjectKey
from fleet.model.plan import RenderRequest
from fleet.model.source import Tool as Declared
from fleet.model.source import decided
from fleet.render import directory, helm, kustomize, unstable
from fleet.render.cache import Cache
from fleet.render.charts.location import directory_of
from fleet.render.dependencies import Dependencies
from fleet.render.detection import settled
from fleet.render.outside import Opening
from fleet.render.progress import Report
from fleet.render.snapshot import Snapshot
from fleet.render.source_files import source_files
from fleet.render.sources import Sources
from fleet.render.tools import HELM, KUSTOMIZE, Kind, Tool, Tools
from fleet.render.value_files import Base

# For one path; a chart of thousands of objects takes seconds.
TIMEOUT_S = 300.0
_SHOWN = 5


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
        path = request.path
        match request.tool:
            case Directory() as wanted:
                return directory.render(path, wanted, snapshot, self.report, self.cache)
            case Kustomize() as wanted:
                with ExitStack() as opened:
                    outside = Opening(self.sources, opened, self.turn)
                    helm_tool = self.tools.of(HELM) if wanted.enable_helm else None
                    found = kustomize.find_kustomization(path, wanted, snapshot, outside, helm_tool)
                    return self._built(found, self.tools.of(KUSTOMIZE), lambda: True)
            case Helm() as wanted:
                with ExitStack() as opened:
                    chart = self._found(request, wanted, snapshot, opened)
                    return self._built(chart, self.tools.of(HELM), lambda: self._is_stable(chart))

    def _found(self, request: RenderRequest, wanted: Helm, snapshot: Snapshot, opened: ExitStack) -> helm.Chart:
        """Return the chart; `opened` has to stay open until it is rendered."""
        packed = directory_of(request.chart)
        own = (
            Base(snapshot, packed, packed, packed=True)
            if packed
            else Base(snapshot, snapshot.directory(request.path).path)
        )
        others = {
            each.name: Base(opened.enter_context(self.sources.git.snapshot(each.repo, each.commit)), ref=each.name)
            for each in request.references
        }
        chart = helm.find(wanted, own, others)
        missing = Dependencies(snapshot, self.sources.charts, opened, self.report, wanted.pass_credentials is True)
        missing.complete(chart.path, chart.selection)
        return chart

    def _is_stable(self, chart: helm.Chart) -> bool:
        """Return whether a chart comes out the same the next time, with a warning if it may not."""
        templates = [name for name in sorted(chart.selection.files) if unstable.is_template(name)]
        uses = unstable.functions(chart.selection.read(templates)) if templates else ()
        if not uses:
            return True
        more = f" and {len(uses) - _SHOWN} more" if len(uses) > _SHOWN else ""
        self.report(
            f"the chart {chart.path or '.'} may come out otherwise every time, and what changes is applied: "
            f"{', '.join(uses[:_SHOWN])}{more}"
        )
        return False

    def _built(
        self, source: kustomize.Kustomization | helm.Chart, tool: Tool, is_stable: Callable[[], bool]
    ) -> tuple[Manifest, ...]:
        """Return the manifests, from the cache if they are there. Keeping what is not stable would hide that it is."""
        key = f"{tool.program.name} {tool.version} {source.digest()}"
        known = self.cache.load(key)
        if known is not None:
            return known
        keep = is_stable()
        built = _build(source, tool)
        if keep:
            self.cache.save(key, built)
        return built

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


def _build(source: kustomize.Kustomization | helm.Chart, tool: Tool) -> tuple[Manifest, ...]:
    with tempfile.TemporaryDirectory(prefix="fleet-") as work:
        return source.build(tool, Path(work).resolve(), TIMEOUT_S)
