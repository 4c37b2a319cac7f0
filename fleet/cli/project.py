"""Where the project is, and which of its stacks is meant.

In: the directory to start from, the -s option, the environment. Out: a directory and a stack's short name. Whether the
stack can be run is not decided here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet import yamlio
from fleet.errors import DeclarationError, Problem, StackNotFoundError, Where

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")
# Where programs declare stacks; `stackConfigDir` in Pulumi.yaml says where their configuration is.
DECLARATIONS = "stacks"


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with a Pulumi.yaml. settings: what the file says."""

    file: Path
    settings: Mapping[str, Any]

    @property
    def directory(self) -> Path:
        """What paths in the project are relative to."""
        return self.file.parent

    @property
    def name(self) -> str:
        """The project's name."""
        return str(self.settings.get("name", ""))

    @property
    def always_refresh(self) -> bool:
        """Whether Pulumi.yaml asks for `--refresh` where the command line does not say (`options.refresh`)."""
        options = self.settings.get("options")
        return isinstance(options, Mapping) and options.get("refresh") == "always"

    def stacks(self) -> tuple[str, ...]:
        """Return the names of stacks that have a configuration or a declaration, sorted."""
        folder = self.directory / str(self.settings.get("stackConfigDir") or ".")
        declared = self.directory / DECLARATIONS
        configured = {path.stem.removeprefix("Pulumi.") for path in folder.glob("Pulumi.?*.y*ml")}
        programs = {path.stem for path in declared.glob("[!_.]*.py")}
        documents = {path.parent.name for path in declared.glob("[!_.]*/*.y*ml")}
        return tuple(sorted(configured | programs | documents))


def find(start: Path) -> Project:
    """Return the project that a directory belongs to. Raises DeclarationError where there is none."""
    if not start.is_dir():
        raise DeclarationError(Problem(f"there is no directory {start}", hint="Check the option -C/--cwd."))
    for folder in (start, *start.parents):
        for name in PROJECT_FILES:
            if (folder / name).is_file():
                return _read(folder / name)
    hint = "Change to the project's directory, or name it with -C/--cwd."
    raise DeclarationError(Problem(f"no Pulumi.yaml in {start} or in any directory above it", hint=hint))


def choose_stack(project: Project, asked: str | None, environment: Mapping[str, str]) -> str:
    """Return the short name of the stack that is meant.

    Source: Pulumi takes -s, then $PULUMI_STACK, then the selection in its workspace file, and asks for the rest; the
    only stack there is needs no asking. Raises StackNotFoundError, naming the stacks there are.
    """
    named = asked or environment.get("PULUMI_STACK")
    if named:
        return _short(project, named)
    known = project.stacks()
    selected = _selected(project, environment)
    if selected in known:
        return selected
    if len(known) == 1:
        return known[0]
    if not known:
        hint = f"Declare one in {DECLARATIONS}/<stack>.py, or in {DECLARATIONS}/<stack>/*.yaml."
        raise StackNotFoundError(Problem(f"the project {project.name} has no stack", hint=hint))
    summary = f"no stack is chosen, and the project {project.name} has several: {', '.join(known)}"
    raise StackNotFoundError(Problem(summary, hint="Name one with -s/--stack."))


def _read(file: Path) -> Project:
    try:
        documents = yamlio.load_documents(file.read_text(encoding="utf-8"), file=file.name)
    except yamlio.YamlProblem as error:
        raise DeclarationError(error.problem) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(Problem(f"{file} cannot be read", detail=str(error))) from error
    settings = documents[0].data if documents else None
    if not isinstance(settings, Mapping) or not isinstance(settings.get("name"), str):
        raise DeclarationError(Problem("a project needs a `name`", Where(file.name, key="name")))
    return Project(file, settings)


def _short(project: Project, name: str) -> str:
    """Return `dev` for `dev`, `organization/dev` and `organization/<project>/dev`."""
    *qualifiers, short = name.split("/")
    if len(qualifiers) == 2 and qualifiers[1] != project.name:
        raise StackNotFoundError(Problem(f"the stack {name} is one of project {qualifiers[1]}, not of {project.name}"))
    return short


def _selected(project: Project, environment: Mapping[str, str]) -> str:
    """Return what `pulumi stack select` chose, or an empty string.

    Source: pulumi/pulumi, pkg/workspace/workspace.go settingsPath and settings.go.
    """
    home = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")
    digest = hashlib.sha1(str(project.file).encode(), usedforsecurity=False).hexdigest()
    try:
        settings = json.loads((home / "workspaces" / f"{project.name}-{digest}-workspace.json").read_text())
        per_backend = dict(settings.get("stacks") or {})
        chosen = per_backend.get(_backend(project, environment)) or settings.get("stack") or ""
    except (OSError, ValueError, AttributeError, TypeError):
        return ""
    return str(chosen).rpartition("/")[2]


def _backend(project: Project, environment: Mapping[str, str]) -> str:
    backend = project.settings.get("backend")
    configured = backend.get("url") if isinstance(backend, Mapping) else None
    return environment.get("PULUMI_BACKEND_URL") or str(configured or "")
