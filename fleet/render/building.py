"""Building: what has to be built by a program, a kustomization or a chart → manifests, or from the cache.

In: a settled RenderRequest and the Snapshot of its commit. Out: Manifests. What was built before from the same files,
with the same parameters, by the same version of the tool is not built again. It is imported when there is such a
request: many stacks have none.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from fleet.frozen import dataclass
from fleet.model.helm import Helm
from fleet.model.kustomize import Kustomize
from fleet.model.manifest import Manifest
from fleet.model.plan import RenderRequest
from fleet.render import helm, kustomize, unstable
from fleet.render.cache import Cache
from fleet.render.charts.location import directory_of
from fleet.render.dependencies import Dependencies
from fleet.render.outside import Opening
from fleet.render.progress import Report
from fleet.render.snapshot import Snapshot
from fleet.render.sources import Sources
from fleet.render.tools import HELM, KUSTOMIZE, Tool, Tools
from fleet.render.value_files import Base

# For one path; a chart of thousands of objects takes seconds.
TIMEOUT_S = 300.0
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Builder:
    """What the requests of a run have in common; see Renderer.

    turn: held while something is resolved that turns up during rendering.
    """

    sources: Sources
    report: Report
    tools: Tools
    cache: Cache
    turn: threading.Lock

    def build(self, request: RenderRequest, snapshot: Snapshot) -> tuple[Manifest, ...]:
        """Return the manifests of a request for Kustomize or Helm. Raises SourceError and RenderError."""
        with ExitStack() as opened:
            match request.tool:
                case Kustomize() as wanted:
                    outside = Opening(self.sources, opened, self.turn)
                    helm_tool = self.tools.of(HELM) if wanted.enable_helm else None
                    found = kustomize.find_kustomization(request.path, wanted, snapshot, outside, helm_tool)
                    return self._built(found, self.tools.of(KUSTOMIZE), lambda: True)
                case Helm() as wanted:
                    chart = self._found(request, wanted, snapshot, opened)
                    return self._built(chart, self.tools.of(HELM), lambda: self._is_stable(chart))
                case tool:
                    raise AssertionError(f"{tool} is no tool that builds")

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


def _build(source: kustomize.Kustomization | helm.Chart, tool: Tool) -> tuple[Manifest, ...]:
    with tempfile.TemporaryDirectory(prefix="fleet-") as work:
        return source.build(tool, Path(work).resolve(), TIMEOUT_S)
