"""The stack's Python: a file that is run for the one Fleet that it assigns.

In: a path. Out: a Fleet, or what is wrong, at a line of the user's own code. The file runs in a namespace of its own.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import runpy
import traceback
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from fleet.errors import FleetError, Problem, Where
from fleet.model.application import Application, Destination, SyncPolicy
from fleet.model.cluster import Cluster
from fleet.model.directory import Directory, Jsonnet
from fleet.model.fleet import Fleet
from fleet.model.helm import Helm
from fleet.model.here import STACK
from fleet.model.kustomize import Kustomize
from fleet.model.override import Override
from fleet.model.patch import Patch, PatchTarget
from fleet.model.project import GroupKind, Project, ProjectDestination
from fleet.model.signatures import SignaturePolicy
from fleet.model.source import ChartSource, GitSource

_VALUES: Final = (
    Application,
    ChartSource,
    Cluster,
    Destination,
    Directory,
    Fleet,
    GitSource,
    GroupKind,
    Helm,
    Jsonnet,
    Kustomize,
    Override,
    Patch,
    PatchTarget,
    Project,
    ProjectDestination,
    SignaturePolicy,
    SyncPolicy,
)
_FIELDS: Final = MappingProxyType(
    {each.__name__: [field.name for field in dataclasses.fields(each)] for each in _VALUES}
)
# What knows its place.
Placed = TypeVar("Placed", bound=Application | GitSource | ChartSource | Destination | Override | Project)
_UNKNOWN_FIELD: Final = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")


def read(project: Path, file: str) -> tuple[Fleet, tuple[Problem, ...]]:
    """Return the Fleet that a file assigns at its top level, and what is wrong; an empty one where there is no file.

    file: relative to the project. Names that start with an underscore do not count.
    """
    path = project / file
    if not path.is_file():
        return Fleet(), ()
    try:
        assigned = runpy.run_path(str(path), run_name=STACK)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is the user's
        return Fleet(), _problems(error, project, path)
    return _only({name: value for name, value in assigned.items() if isinstance(value, Fleet)}, project, file)


def _only(fleets: dict[str, Fleet], project: Path, file: str) -> tuple[Fleet, tuple[Problem, ...]]:
    public = {name: fleet for name, fleet in fleets.items() if not name.startswith("_")}
    distinct = tuple(dict.fromkeys(public.values()))
    if len(distinct) == 1:
        return _placed(distinct[0], project, file), ()
    if not distinct:
        hint = "Assign one at the top level: stack = Fleet(clusters=[...], applications=[...])"
        return Fleet(), (Problem("the file assigns no Fleet", Where(file), hint=hint),)
    return Fleet(), (
        Problem(
            "the file assigns more than one Fleet",
            Where(file),
            detail=f"They are named {', '.join(sorted(public))}.",
            hint="Add them up into one, and let the names of the others start with an underscore.",
        ),
    )


def _placed(fleet: Fleet, project: Path, file: str) -> Fleet:
    """Return the same fleet, its parts knowing where they were declared, for messages."""

    def placed(value: Placed) -> Placed:
        where = value.where
        own = where.file and Path(where.file).is_relative_to(project)
        relative = replace(where, file=Path(where.file).relative_to(project).as_posix()) if own else Where(file)
        return replace(value, where=relative)

    def application(value: Application) -> Application:
        return replace(
            placed(value),
            source=placed(value.source) if value.source else None,
            sources=[placed(each) for each in value.sources],
            destinations=[placed(each) for each in value.targets],
            overrides=[placed(each) for each in value.overrides],
        )

    applications = [application(each) for each in fleet.applications]
    return replace(fleet, applications=applications, projects=[placed(each) for each in fleet.projects])


def _problems(error: BaseException, project: Path, file: Path) -> tuple[Problem, ...]:
    where = _where(error, project, file)
    if isinstance(error, FleetError):
        return tuple(problem.at(file=where.file, line=where.line) for problem in error.problems)
    if isinstance(error, SystemExit):
        return (Problem("the file ends the program", where, hint="Raise an exception that says what is wrong."),)
    if isinstance(error, SyntaxError):
        return (Problem(f"{type(error).__name__}: {error.msg}", where),)
    if isinstance(error, TypeError) and (unknown := _UNKNOWN_FIELD.match(str(error))) and unknown[1] in _FIELDS:
        return (_unknown_field(unknown[1], unknown[2], where),)
    return (Problem(f"{type(error).__name__}: {error}", where),)


def _unknown_field(value: str, field: str, where: Where) -> Problem:
    known = _FIELDS[value]
    nearest = difflib.get_close_matches(field, known, n=1)
    hint = f"Did you mean {nearest[0]}?" if nearest else f"{value} has {', '.join(known)}."
    return Problem(f"{value} has no field {field}", where, hint=hint)


def _where(error: BaseException, project: Path, file: Path) -> Where:
    """Return the innermost line that is in the stacks' directory: what is called from there is not the user's."""
    places = [(Path(frame.filename), frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno or 0))
    own = [(path, line) for path, line in places if path.is_relative_to(file.parent)]
    path, line = own[-1] if own else (file, 0)
    return Where(path.relative_to(project).as_posix(), line)
