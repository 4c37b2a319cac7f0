"""Which kubectl is a yardstick."""

import pytest

from benchmarks.kubectl import is_new_enough, missing


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.36.0", True),
        ("1.37.1", True),
        ("2.0.0", True),
        ("1.36.2+k3s1", True),
        ("1.35.9", False),
        ("1.32.4", False),
        ("1.9.0", False),
        ("unknown", False),
    ],
)
def test_is_new_enough(version: str, expected: bool) -> None:
    assert is_new_enough(version) is expected


@pytest.mark.parametrize(
    ("versions", "expected"), [((), "there is none"), (("1.32.4",), "found only 1.32.4")], ids=["none", "old"]
)
def test_what_is_missing_is_told_with_what_to_do(versions: tuple[str, ...], expected: str) -> None:
    text = missing(versions)
    assert expected in text
    assert "pip install" in text
    assert "--only fleet --only raw" in text
