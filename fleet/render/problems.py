"""Problems of what several applications may share: a revision, a directory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fleet.errors import Problem, Where


def completed(problems: Iterable[Problem], user: Where) -> tuple[Problem, ...]:
    """Return problems with the place of who uses what is wrong.

    The file, line and key of a problem in the repository stay; one without a file gets those of its user.
    """
    return tuple(_completed(problem, user) for problem in problems)


def _completed(problem: Problem, user: Where) -> Problem:
    if not problem.where.file:
        problem = problem.at(file=user.file, line=user.line, document=user.document, key=user.key)
    return problem.at(application=user.application, cluster=user.cluster)


def users(places: Sequence[Where]) -> Where:
    """Return one place for several users of the same: the first one's, all applications, the cluster if it is one."""
    applications = sorted({name for place in places for name in place.application.split(", ") if name})
    clusters = {place.cluster for place in places}
    return replace(places[0], application=", ".join(applications), cluster=clusters.pop() if len(clusters) == 1 else "")
