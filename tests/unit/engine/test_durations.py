"""Durations, as Go writes them."""

import pytest

from fleet.engine.durations import seconds
from fleet.errors import FleetError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90.0),
        ("10m", 600.0),
        ("1h30m", 5400.0),
        ("1.5h", 5400.0),
        ("2m.5s", 120.5),
        ("300ms", 0.3),
        ("1h0m0.25s", 3600.25),
        ("5us", 5e-6),
        ("7ns", 7e-9),
        ("0s", 0.0),
    ],
)
def test_a_duration_is_so_many_seconds(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "10", "10 m", "m", "-5s", "1h and more", "5d", "1,5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(FleetError, match="is not a duration"):
        seconds(text)
