"""What tells a cluster from the manifests."""

import pytest

from benchmarks.site import differences

WANTED = {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"a": "1", "b": "2"}, ""),
        ({"a": "1"}, "objects are missing: b"),
        ({}, "objects are missing: a, b"),
        ({"a": "1", "b": "2", "c": "1"}, "objects are there that ought not to be: c"),
        ({"a": "1", "b": "x"}, "b has release 'x', not '2'"),
    ],
)
def test_differences(found: dict[str, str], expected: str) -> None:
    assert differences(WANTED, found) == expected


def test_of_many_only_some_are_named() -> None:
    assert differences({str(number): "1" for number in range(10)}, {}) == "objects are missing: 0, 1, 2 and 7 more"
