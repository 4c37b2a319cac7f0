"""Budget: how many objects one run may delete because nobody wants them any more.

In: what a stack's configuration says, and what a run is about to delete. Out: nothing, or the error that keeps it from
deleting anything. What is only replaced does not count, nor what is retained. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from fleet.errors import DeclarationError, DeletionBudgetError, Problem, Where
from fleet.frozen import dataclass

KEY: Final = "fleet:deletions"
_HINT: Final = "Nothing is deleted. If all of it is meant to go: `--allow-deletions {number}`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may delete. None: any number.

    limit: objects, in all clusters together. percent: of the objects that the state holds in a cluster, of each.
    """

    limit: int | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Deletions:
    """What a run would delete in a cluster. held: objects that the state has there. applications: that lose some."""

    cluster: str
    number: int
    held: int
    applications: Sequence[str] = field(default=())

    @property
    def percent(self) -> float:
        """How much of what is there would go."""
        return 100 * self.number / max(self.held, self.number)

    def __str__(self) -> str:
        of = f" of {', '.join(self.applications)}" if any(self.applications) else ""
        return f"{self.cluster}: {self.number:,} of {self.held:,} objects{of}"


def read(value: object, where: Where) -> Budget | None:
    """Return the budget that a configuration says; None where it says none. Raises DeclarationError for anything else.

    where: of the key, for messages.
    """
    if value is None:
        return None
    hint = "Write it like `{limit: 50, percent: 30}`, or one of both."
    if not isinstance(value, Mapping) or not value or not set(value) <= {"limit", "percent"}:
        raise DeclarationError(Problem(f"{KEY} must be a mapping with `limit` and `percent`", where, hint=hint))
    problems = tuple(_mistakes(value, where))
    if problems:
        raise DeclarationError(*problems)
    return Budget(**value)


def _mistakes(value: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    limit, percent = value.get("limit", 0), value.get("percent", 0)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        yield Problem("limit must be a whole number, 0 or more", Where(where.file, key=f"{where.key}.limit"))
    if not isinstance(percent, (int, float)) or isinstance(percent, bool) or not 0 <= percent <= 100:
        yield Problem("percent must be a number from 0 to 100", Where(where.file, key=f"{where.key}.percent"))


def of(going: Iterable[tuple[str, str]], held: Mapping[str, int]) -> tuple[Deletions, ...]:
    """Return what would be deleted, the most first. going: (cluster, application) of each object. held: per cluster."""
    applications: dict[str, Counter[str]] = {}
    for cluster, application in going:
        applications.setdefault(cluster, Counter())[application] += 1
    found = (
        Deletions(cluster, counts.total(), held.get(cluster, 0), tuple(sorted(counts)))
        for cluster, counts in applications.items()
    )
    return tuple(sorted(found, key=lambda each: (-each.number, each.cluster)))


def excess(budget: Budget, deletions: Sequence[Deletions]) -> DeletionBudgetError | None:
    """Return what a run would delete beyond its budget; None where it keeps within."""
    problems = tuple(_excesses(budget, deletions))
    return DeletionBudgetError(*problems) if problems else None


def _excesses(budget: Budget, deletions: Sequence[Deletions]) -> Iterator[Problem]:
    number = sum(each.number for each in deletions)
    hint = _HINT.format(number=number)
    if budget.limit is not None and number > budget.limit:
        summary = f"This run would delete {number:,} objects, and may delete {budget.limit:,}"
        yield Problem(summary, detail="\n".join(map(str, deletions)), hint=hint)
    if budget.percent is None:
        return
    for each in deletions:
        if each.percent > budget.percent:
            much, most = f"{each.percent:.0f} % of what is in {each.cluster}", f"{budget.percent:g} %"
            yield Problem(f"This run would delete {much}, and may delete {most}", detail=str(each), hint=hint)
