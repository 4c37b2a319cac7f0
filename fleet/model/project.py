"""Project: a named group of applications."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet.model import checks


@dataclass(frozen=True, slots=True)
class Project:
    """A named group of applications; Argo CD's AppProject. The project `default` always exists.

    description: for people.
    """

    name: str
    description: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        checks.name("Project", "name", self.name)
        if not isinstance(self.description, str):
            raise checks.fail(f"Project {self.name!r}", "description", self.description, "a string")
