"""Step: the pieces of work that are measured, in the order in which they happen."""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    """One piece of work, done by every contender in its own way."""

    CREATE = "create"
    PREVIEW = "preview"
    NO_CHANGE = "no change"
    NO_DRIFT = "no change, refreshed"
    CHANGE_ONE = "change one"
    CHANGE_ALL = "change all"
    REFRESH = "refresh"
    HEAL = "heal"
    HEAL_MANY = "heal many"
    DESTROY = "destroy"


# The objects of a namespace must be there before anything else, and gone before the next contender.
ALWAYS = (Step.CREATE, Step.DESTROY)


def chosen(names: tuple[str, ...]) -> tuple[Step, ...]:
    """Return the steps of these names in their order, with those that are always taken; all of them for no names."""
    wanted = {Step(name) for name in names} or set(Step)
    return tuple(step for step in Step if step in wanted or step in ALWAYS)
