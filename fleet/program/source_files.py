"""Source files: what a path's own `.argocd-source.yaml` tells its tool, put on top of what is declared.

It is here because three who do not know each other meet in it: the file is found while rendering, it is written as an
Application is, and the variables in it are those of the build environment.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet.argo import paths
from fleet.argo.source_files import overruled
from fleet.errors import DeclarationError, Where
from fleet.model.plan import RenderRequest, Target
from fleet.model.source import Tool
from fleet.plan.build_environment import escaped, substituted
from fleet.plan.explanation import Told
from fleet.plan.leaves import Path
from fleet.plan.sources import requests_of, revisions_of, used_by
from fleet.render import Sources, source_files_of
from fleet.yamlio import locate


def told_by_files(target: Target, sources: Sources) -> Mapping[int, tuple[Told, ...]]:
    """Return what the files of a target's paths tell, by the position of their source. Raises SourceError."""
    needed = used_by([target], revisions_of, lambda each: each.sources)
    commits = sources.resolve(needed, needed)
    requests = dict(zip(target.rendering, requests_of(target, commits), strict=True))
    places = used_by([target], lambda _: requests.values(), lambda each: each.rendering)
    texts = source_files_of(requests.values(), sources, places)
    return {
        position: tuple(_told(target, file, text) for file, text in texts[requests[source]])
        for position, source in enumerate(target.sources)
        if source in requests
    }


def _told(target: Target, file: str, text: str) -> Told:
    def on_top(tool: Tool) -> Tool:
        try:
            return overruled(tool, text, file)
        except DeclarationError as error:
            place = {"application": target.application.name, "cluster": target.cluster.name}
            raise DeclarationError(*(each.at(**place) for each in error.problems)) from None

    def place(path: Path) -> Where:
        key = paths.of_changes(path)
        return Where(file, locate(text, 0, key), key=key)

    return Told(on_top, place)


def overrule(request: RenderRequest, file: str, text: str) -> Tool:
    """Return the tool of a request with a file on top, its variables replaced. Raises DeclarationError."""
    tool = overruled(escaped(request.tool), text, file)
    return substituted(tool, dict(request.environment), [each.name for each in request.references])
