"""Question: what is asked of a stack's declaration without any engine, and how it is put to another process.

The declaration is the user's Python: it is run by the interpreter and in the directory that it is run in by an engine,
never in the process of the command. A question goes there as JSON, and lines of JSON come back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, Final

from fleet import errors
from fleet.errors import FleetError, Problem, Where
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A commit that stands for revisions of one repository.

    repositories: how sources may name it; the first is where it is fetched from. revisions: those that it stands for.
    """

    repositories: tuple[str, ...]
    revisions: tuple[str, ...]
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    what: the name of the answer, see `fleet.program.answers`. arguments: JSON-like, as that answer takes them.
    project_dir: where the declaration is. base: where relative paths of repositories start.
    configuration: the stack's, full key → text, as a program gets it.
    """

    what: str
    project_dir: Path
    stack: str
    base: Path
    configuration: Mapping[str, str] = field(default_factory=dict)
    pin: Pin | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Return the question as JSON."""
        return json.dumps(asdict(self), default=str)


def parse_question(text: str) -> Question:
    """Return the question that `Question.text` gave."""
    data: dict[str, Any] = json.loads(text)
    pin = data["pin"]
    return Question(
        what=data["what"],
        project_dir=Path(data["project_dir"]),
        stack=data["stack"],
        base=Path(data["base"]),
        configuration=data["configuration"],
        pin=pin
        and Pin(repositories=tuple(pin["repositories"]), revisions=tuple(pin["revisions"]), commit=pin["commit"]),
        arguments=data["arguments"],
    )


def _pin(repositories: list[str], revisions: list[str], commit: str) -> Pin:
    return Pin(repositories=tuple(repositories), revisions=tuple(revisions), commit=commit)


_ERRORS: Final = {
    each.__name__: each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, FleetError)
}


def error_as_data(error: FleetError) -> dict[str, Any]:
    """Return an error as JSON-like data."""
    return {"class": type(error).__name__, "problems": [asdict(problem) for problem in error.problems]}


def error_from_data(data: Mapping[str, Any]) -> FleetError:
    """Return the error that `error_as_data` gave."""
    problems = (Problem(**{**each, "where": Where(**each["where"])}) for each in data["problems"])
    return _ERRORS[data["class"]](*problems)
