"""Which project and which of its stacks is meant.

In: the directory to start from, the -s option, the environment. Out: a project and a stack's short name. Whether the
stack can be run is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.engine import project as projects
from fleet.engine import selected
from fleet.engine.project import Project
from fleet.errors import DeclarationError, Problem, StackNotFoundError

if TYPE_CHECKING:
    from fleet.engine.backend import Backend

# Where programs of this project declare stacks; `stackConfigDir` in Pulumi.yaml says where their configuration is.
DECLARATIONS = "stacks"


def open_project(start: Path) -> Project:
    """Return the project that a directory belongs to. Raises DeclarationError where there is none."""
    if not start.is_dir():
        raise DeclarationError(Problem(f"there is no directory {start}", hint="Check the option -C/--cwd."))
    return projects.load(projects.find(start))


def names(project: Project) -> tuple[str, ...]:
    """Return the stacks that have a configuration or a declaration, sorted."""
    declared = project.folder / DECLARATIONS
    configured = {path.stem.removeprefix("Pulumi.") for path in project.stack_config_dir.glob("Pulumi.?*.y*ml")}
    programs = {path.stem for path in declared.glob("[!_.]*.py")}
    documents = {path.parent.name for path in declared.glob("[!_.]*/*.y*ml")}
    return tuple(sorted(configured | programs | documents))


def known(project: Project, backend: Backend) -> tuple[str, ...]:
    """Return the stacks that have a configuration, a declaration or a state, sorted."""
    return tuple(sorted({*names(project), *backend.stacks(project.name)}))


def choose(
    project: Project, asked: str | None, environment: Mapping[str, str], there: Sequence[str] | None = None
) -> str:
    """Return the short name of the stack that is meant. there: the stacks to choose from; None for `names`.

    Source: Pulumi takes -s, then $PULUMI_STACK, then the selection in its workspace file, and asks for the rest; the
    only stack there is needs no asking. Raises StackNotFoundError, naming the stacks there are.
    """
    named = asked or environment.get("PULUMI_STACK")
    if named:
        return short(project, named)
    candidates = names(project) if there is None else there
    chosen = selected.read(project, environment)
    if chosen in candidates:
        return chosen
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        hint = f"Declare one in {DECLARATIONS}/<stack>.py, or in {DECLARATIONS}/<stack>/*.yaml."
        raise StackNotFoundError(Problem(f"the project {project.name} has no stack", hint=hint))
    summary = f"no stack is chosen, and the project {project.name} has several: {', '.join(candidates)}"
    raise StackNotFoundError(Problem(summary, hint="Name one with -s/--stack."))


def short(project: Project, name: str) -> str:
    """Return `dev` for `dev`, `organization/dev` and `organization/<project>/dev`."""
    *qualifiers, short = name.split("/")
    if len(qualifiers) == 2 and qualifiers[1] != project.name:
        raise StackNotFoundError(Problem(f"the stack {name} is one of project {qualifiers[1]}, not of {project.name}"))
    return short
