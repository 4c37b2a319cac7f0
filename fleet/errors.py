"""What can go wrong, in words for the person who reads it.

FleetError                 1   anything this project raises on purpose
├── DeclarationError       2   a stack's Python, its Argo CD YAML or its configuration is wrong
├── ClusterError           4   a cluster, or an object in it, could not be brought to its state
├── StackNotFoundError     6   the stack has no configuration, no declaration or no state
├── ChangesFoundError      7   `--expect-no-changes` or `--check`, and there were changes
├── CancelledError         8   the user stopped the run
├── SourceError           10   a repository, revision or path could not be had
├── RenderError           11   what the source holds are not manifests
├── PlanError             12   the manifests of a cluster do not fit together
├── PolicyError           16   a project does not permit what one of its applications asks for
├── DeletionBudgetError   17   the run would delete more objects than it may
├── StateError            13   the stack's state cannot be read or written
├── LockedError           14   another run holds the stack
└── UnsupportedError      15   the embedded engine has not this part of Pulumi

The number is the exit code. Codes up to 8 mean what they mean for the Pulumi CLI.
Problems are collected and shown together: raise one error with many of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from typing import ClassVar

from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a problem. Every field may be empty; what is known is printed.

    file: as the user would write it (relative to the project where possible).
    line: 1-based; 0 means unknown.
    document: 1-based position in a multi-document YAML file; 0 means the only one, or unknown.
    key: dotted key path, list entries by position: `spec.destination.servers[1]`.
    """

    file: str = ""
    line: int = 0
    document: int = 0
    key: str = ""
    application: str = ""
    cluster: str = ""

    def __str__(self) -> str:
        position = f"{self.file}:{self.line}" if self.file and self.line else self.file
        named = (
            ("document", self.document or ""),
            ("application", self.application),
            ("cluster", self.cluster),
        )
        parts = [position, *(f"{name} {value}" for name, value in named if value), self.key]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    summary: what, in one line. detail: why, possibly several lines. hint: what to do about it.
    None of them ever holds a secret.
    """

    summary: str
    where: Where = field(default_factory=Where)
    detail: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = str(self.where)
        lines = [f"{place}: {self.summary}" if place else self.summary]
        lines += [f"  {line}" for line in self.detail.splitlines()]
        lines += [f"  → {line}" for line in self.hint.splitlines()]
        return "\n".join(lines)

    def at(self, **changes: str | int) -> Problem:
        """Return the problem with fields of `where` set that are empty so far."""
        missing = {name: value for name, value in changes.items() if not getattr(self.where, name)}
        return replace(self, where=replace(self.where, **missing))  # type: ignore[arg-type]


def sort_key(problem: Problem) -> tuple[object, ...]:
    """Order problems as a reader goes through files: file, document, line, then application and cluster."""
    where = problem.where
    place = (where.file, where.document, where.line, where.application, where.cluster, where.key)
    return (*place, problem.summary, problem.detail)


class FleetError(Exception):
    """One or more problems that ended what was asked for. `str()` is the whole text for the user."""

    exit_code: ClassVar[int] = 1

    def __init__(self, *problems: Problem | str) -> None:
        unique = dict.fromkeys(Problem(each) if isinstance(each, str) else each for each in problems)
        self.problems: tuple[Problem, ...] = tuple(sorted(unique, key=sort_key))
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class DeclarationError(FleetError):
    """A stack's Python, its Argo CD YAML or its configuration is wrong."""

    exit_code = 2


class ClusterError(FleetError):
    """A cluster, or an object in it, could not be brought to its state."""

    exit_code = 4


class StackNotFoundError(FleetError):
    """The stack has no configuration, no declaration or no state."""

    exit_code = 6


class ChangesFoundError(FleetError):
    """`--expect-no-changes` or `--check`, and there were changes."""

    exit_code = 7


class CancelledError(FleetError):
    """The user stopped the run. What was done so far is in the state."""

    exit_code = 8


class SourceError(FleetError):
    """A repository, revision or path could not be had."""

    exit_code = 10


class RenderError(FleetError):
    """What the source holds are not manifests."""

    exit_code = 11


class PlanError(FleetError):
    """The manifests of a cluster do not fit together."""

    exit_code = 12


class PolicyError(FleetError):
    """A project does not permit what one of its applications asks for."""

    exit_code = 16


class DeletionBudgetError(FleetError):
    """The run would delete more objects than it may."""

    exit_code = 17


class StateError(FleetError):
    """The stack's state cannot be read or written."""

    exit_code = 13


class LockedError(FleetError):
    """Another run holds the stack."""

    exit_code = 14


class UnsupportedError(FleetError):
    """The embedded engine has not this part of Pulumi."""

    exit_code = 15


def gather(errors: Iterable[FleetError]) -> FleetError | None:
    """Fold errors into one that shows all their problems; None when there are none.

    The class, and so the exit code, is that of the first: the earliest stage that failed.
    """
    found = list(errors)
    if not found:
        return None
    return type(found[0])(*(problem for error in found for problem in error.problems))
