"""Selected: the stack that `pulumi stack select` or `fleet stack select` has chosen for a project.

In: a project and the environment. Out: a stack's name; or the choice, in Pulumi's own file, so that both engines agree.
Source: pulumi/pulumi, pkg/workspace/{workspace,settings}.go and pkg/backend/state/stacks.go.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleet.engine import files
from fleet.engine.project import Project


def read(project: Project, environ: Mapping[str, str]) -> str:
    """Return the short name of the selected stack, or an empty string."""
    settings = _settings(_file(project, environ))
    per_backend = settings.get("stacks")
    chosen = per_backend.get(_key(project, environ)) if isinstance(per_backend, dict) else None
    return str(chosen or settings.get("stack") or "").rpartition("/")[2]


def write(project: Project, environ: Mapping[str, str], name: str) -> None:
    """Select a stack, by the name that the backend gives it; an empty one selects none."""
    path, key = _file(project, environ), _key(project, environ)
    before = _settings(path)
    known = before.get("stacks")
    others = {url: each for url, each in known.items() if url != key} if isinstance(known, dict) else {}
    stacks = others | ({key: name} if name else {})
    # One selection for all backends, as older versions of Pulumi wrote it, counts where there is none for this one.
    dropped = {"stacks"} if name else {"stacks", "stack"}
    kept = {field: value for field, value in before.items() if field not in dropped}
    after = kept | ({"stacks": stacks} if stacks else {})
    if after:
        files.replace(path, json.dumps(after, indent=4, ensure_ascii=False).encode())
    else:
        files.remove(path)


def _settings(path: Path) -> Mapping[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def _file(project: Project, environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    digest = hashlib.sha1(str(project.file).encode(), usedforsecurity=False).hexdigest()
    return home / "workspaces" / f"{project.name}-{digest}-workspace.json"


def _key(project: Project, environ: Mapping[str, str]) -> str:
    """Return the backend's URL as it was given to Pulumi, or would have to be."""
    given = environ.get("PULUMI_BACKEND_URL") or project.backend_url
    return given or f"file://{project.folder / '.fleet' / 'state'}"
