"""Source files: what a path's own `.argocd-source.yaml` tells its tool, put on top of what is declared.

It is here because three who do not know each other meet in it: the file is found while rendering, it is written as an
Application is, and the variables in it are those of the build environment.
"""

from __future__ import annotations

from fleet.argo.source_files import overruled
from fleet.model.plan import RenderRequest
from fleet.model.source import Tool
from fleet.plan.build_environment import escaped, substituted


def overrule(request: RenderRequest, file: str, text: str) -> Tool:
    """Return the tool of a request with a file on top, its variables replaced. Raises DeclarationError."""
    tool = overruled(escaped(request.tool), text, file)
    return substituted(tool, dict(request.environment), [each.name for each in request.references])
