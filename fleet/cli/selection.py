"""Selection: which applications the options of a command mean.

In: the values of --project, --app and --selector. Out: what the engine asks of each Application component.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fleet.errors import Problem
from fleet.frozen import dataclass
from fleet.model.selector import Selector, parse_selector


@dataclass(frozen=True, slots=True)
class ApplicationSelection:
    """Applications in one of the projects, with one of the names, and with all of the labels; empty means any."""

    projects: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[Selector, ...]

    def __call__(self, application: Mapping[str, Any], /) -> bool:
        """Return whether an application is meant."""
        labels = application.get("labels") or {}
        return (
            (not self.projects or application.get("project") in self.projects)
            and (not self.names or application.get("application") in self.names)
            and all(selector.matches(labels) for selector in self.labels)
        )

    def unmet(self, applications: Iterable[Mapping[str, Any]], /) -> tuple[Problem, ...]:
        """Return a problem for each name and project that no application has, or one if nothing is selected at all."""
        known = tuple(applications)
        names = sorted({str(each.get("application")) for each in known})
        projects = sorted({str(each.get("project")) for each in known})
        unknown = (
            *(_unknown("is named", name, names) for name in self.names if name not in names),
            *(_unknown("is in project", name, projects) for name in self.projects if name not in projects),
        )
        if unknown or any(map(self, known)):
            return unknown
        return (Problem("no application is selected", detail=f"There are {', '.join(names) or 'none'}."),)


def selection(projects: Sequence[str], names: Sequence[str], labels: Sequence[str]) -> ApplicationSelection | None:
    """Return what the options mean; None where none is given. Raises DeclarationError for what is no selector."""
    if not (projects or names or labels):
        return None
    return ApplicationSelection(tuple(projects), tuple(names), tuple(map(parse_selector, labels)))


def _unknown(what: str, name: str, known: Sequence[str]) -> Problem:
    nearest = difflib.get_close_matches(name, known, n=1)
    return Problem(
        f"no application {what} {name!r}",
        detail=f"Known: {', '.join(known) or 'none'}.",
        hint=f"Did you mean {nearest[0]!r}?" if nearest else "",
    )
