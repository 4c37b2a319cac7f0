"""Lines: key paths in the stacks' YAML → line numbers, for messages."""

from __future__ import annotations

from pathlib import Path

from fleet.errors import FleetError, Problem
from fleet.program.declaration import STACKS
from fleet.yamlio import locate


def located(error: FleetError, project: Path) -> FleetError:
    """Return the same error with the lines of those problems that are in the stacks' files and have none yet."""
    return type(error)(*(_located(problem, project) for problem in error.problems))


def _located(problem: Problem, project: Path) -> Problem:
    where = problem.where
    if where.line or not where.file.startswith(f"{STACKS}/") or not where.file.endswith((".yaml", ".yml")):
        return problem
    try:
        text = (project / where.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return problem
    return problem.at(line=locate(text, where.document, where.key))
