"""Lines: key paths in the stacks' YAML → line numbers, for messages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fleet.errors import FleetError, Where
from fleet.program.declaration import STACKS
from fleet.yamlio import Lines


def located(error: FleetError, project: Path) -> FleetError:
    """Return the same error with the lines of those problems that are in the stacks' files and have none yet."""
    files = Files(project)
    return type(error)(*(replace(problem, where=files.placed(problem.where)) for problem in error.problems))


class Files:
    """The stacks' YAML, each file read once for any number of places in it."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._read: dict[str, Lines | None] = {}

    def placed(self, where: Where) -> Where:
        """Return a place with its line, where that can be told and is not known."""
        if where.line or not where.file.startswith(f"{STACKS}/") or not where.file.endswith((".yaml", ".yml")):
            return where
        if where.file not in self._read:
            self._read[where.file] = self._lines(where.file)
        lines = self._read[where.file]
        return replace(where, line=lines.locate(where.document, where.key)) if lines else where

    def _lines(self, file: str) -> Lines | None:
        try:
            return Lines((self._project / file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            return None
