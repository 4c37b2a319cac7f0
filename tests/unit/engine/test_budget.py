"""How many objects a run may delete."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import budget
from fleet.engine.budget import Budget, Deletions
from fleet.errors import DeclarationError, DeletionBudgetError, Where

HERE = Where("stacks/Pulumi.dev.yaml", key="config.fleet:deletions")
DEV, HUB = Deletions("dev", 40, 50, ("blog", "shop")), Deletions("hub", 3, 300, ("shop",))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ({"limit": 50}, Budget(limit=50)),
        ({"percent": 12.5}, Budget(percent=12.5)),
        ({"limit": 0, "percent": 100}, Budget(limit=0, percent=100)),
    ],
)
def test_what_a_configuration_says(value: object, expected: Budget | None) -> None:
    assert budget.read(value, HERE) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (50, "config.fleet:deletions: fleet:deletions must be a mapping"),
        ({}, "must be a mapping with `limit` and `percent`"),
        ([], "must be a mapping"),
        ({"limits": 50}, "must be a mapping with `limit` and `percent`"),
        ({"limit": -1}, "config.fleet:deletions.limit: limit must be a whole number"),
        ({"limit": "many"}, "limit must be a whole number"),
        ({"limit": True}, "limit must be a whole number"),
        ({"limit": None}, "limit must be a whole number"),
        ({"percent": 101}, "config.fleet:deletions.percent: percent must be a number from 0 to 100"),
        ({"percent": "30%"}, "percent must be a number"),
    ],
)
def test_what_no_configuration_may_say(value: object, words: str) -> None:
    with pytest.raises(DeclarationError, match=re.escape(words)):
        budget.read(value, HERE)


@pytest.mark.parametrize(
    ("given_", "exceeded"),
    [
        (Budget(), False),
        (Budget(limit=43), False),
        (Budget(limit=42), True),
        (Budget(percent=80), False),
        (Budget(percent=79.9), True),
        (Budget(limit=43, percent=80), False),
        (Budget(limit=100, percent=50), True),
    ],
)
def test_within_and_beyond(given_: Budget, exceeded: bool) -> None:
    assert (budget.excess(given_, (DEV, HUB)) is not None) is exceeded


def test_the_message_says_what_would_go_from_where_and_how_to_allow_it() -> None:
    error = budget.excess(Budget(limit=10, percent=30), (DEV, HUB))
    assert isinstance(error, DeletionBudgetError)
    assert str(error) == (
        "This run would delete 43 objects, and may delete 10\n"
        "  dev: 40 of 50 objects of blog, shop\n"
        "  hub: 3 of 300 objects of shop\n"
        "  → Nothing is deleted. If all of it is meant to go: `--allow-deletions 43`.\n"
        "This run would delete 80 % of what is in dev, and may delete 30 %\n"
        "  dev: 40 of 50 objects of blog, shop\n"
        "  → Nothing is deleted. If all of it is meant to go: `--allow-deletions 43`."
    )


def test_deletions_are_counted_per_cluster_the_most_first() -> None:
    going = [("hub", "shop"), ("dev", "shop"), ("dev", "blog"), ("dev", "shop"), ("prod", "")]
    assert budget.of(going, {"dev": 9, "hub": 4}) == (
        Deletions("dev", 3, 9, ("blog", "shop")),
        Deletions("hub", 1, 4, ("shop",)),
        Deletions("prod", 1, 0, ("",)),
    )
    assert str(Deletions("prod", 1, 0, ("",))) == "prod: 1 of 0 objects"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"))), st.integers(0, 20))
def test_what_is_allowed_is_never_too_much(going: list[tuple[str, str]], held: int) -> None:
    deletions = budget.of(going, dict.fromkeys("abc", held))
    assert sum(each.number for each in deletions) == len(going)
    assert budget.excess(Budget(limit=len(going), percent=100), deletions) is None
    assert (budget.excess(Budget(limit=0), deletions) is None) is (not going)
