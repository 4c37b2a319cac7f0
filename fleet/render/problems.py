"""Problems of what several applications may share: a revision, a directory. Pure."""

from __future__ import annotations

from collections.abc import Iterable

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
