"""The dataclass of values: all that a frozen one is, but for refusing assignments where nobody pays for it."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import pytest

from fleet import Application, Destination, GitSource
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A value."""

    x: int
    y: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Each:
    """One that is only equal to itself."""

    x: int


@dataclass(frozen=True, slots=True)
class Known:
    """One that brings its own hash."""

    x: int

    def __hash__(self) -> int:
        return 17


@dataclass(slots=True)
class Tally:
    """No value at all."""

    x: int


def test_values_compare_and_hash_by_what_they_hold() -> None:
    assert Point(1) == Point(1, 0) != Point(1, 1)
    assert len({Point(1), Point(1, 0), Point(1, 1)}) == 2
    assert replace(Point(1), y=2) == Point(1, 2)
    assert not hasattr(Point(1), "__dict__")


def test_what_is_asked_for_otherwise_stays() -> None:
    one = Each(1)
    assert one != Each(1)
    assert {one: 1}[one] == 1
    assert hash(Known(1)) == 17
    with pytest.raises(TypeError, match="unhashable"):
        hash(Tally(1))


def test_the_words_of_the_dsl_are_frozen_for_everybody() -> None:
    web = Application("web", source=GitSource("https://example.com/a.git"), destinations=[Destination("dev")])
    with pytest.raises(FrozenInstanceError):
        web.name = "other"  # type: ignore[misc]


def test_in_development_mode_so_is_everything() -> None:
    program = "from fleet.errors import Where\nWhere().file = 'x'"
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert "FrozenInstanceError" in ended.stderr
