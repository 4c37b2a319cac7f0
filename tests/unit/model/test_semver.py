"""Versions and constraints: what github.com/Masterminds/semver/v3 takes, and what it means there.

Every expectation in the tables is what that library, v3.4.0, answered.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model.semver import Version, newest, parse_constraint, parse_version

numbers = st.integers(min_value=0, max_value=30)
prereleases = st.sampled_from(["", "0", "1", "alpha", "alpha.1", "alpha.beta", "beta.2", "beta.11", "rc.1", "-"])
versions = st.builds(Version, numbers, numbers, numbers, prereleases)


def written(version: Version) -> str:
    text = f"{version.major}.{version.minor}.{version.patch}"
    return f"{text}-{version.prerelease}" if version.prerelease else text


def allows(constraint: str, version: str) -> bool:
    wanted, given_version = parse_constraint(constraint), parse_version(version)
    assert wanted is not None
    assert given_version is not None
    return wanted.allows(given_version)


@pytest.mark.parametrize(
    ("constraint", "yes", "no"),
    [
        ("1.2.3", "1.2.3 v1.2.3 1.2.3+build", "1.2.4 1.2.3-alpha"),
        ("=1.2.3", "1.2.3", "1.2.2"),
        ("1.2", "1.2.0 1.2.9", "1.3.0 1.2.3-alpha 1.1.9"),
        ("v1", "1.0.0 1.9.9", "2.0.0 0.9.9"),
        ("=2", "2.1.1", "3.0.0"),
        ("1.2.x", "1.2.0 1.2.9", "1.3.0"),
        ("1.X", "1.2.0 1.9.9", "2.0.0"),
        ("1.x.9", "1.0.0", "2.0.9"),
        ("*", "0.0.0 1.2.3", "1.2.3-alpha"),
        ("x", "1.2.3", "1.2.3-alpha"),
        ("*-0", "1.2.3 1.2.3-alpha", ""),
        ("!=4.1.0", "4.1.1", "4.1.0 5.1.0-alpha.1"),
        ("!=4.1", "4.2.0 5.1.0", "4.1.0 4.1.7"),
        ("!=4.x", "5.1.0", "4.0.0 4.1.0"),
        ("!=4.1-alpha", "4.1.0 4.1.1-beta", "4.1.1-alpha"),
        ("!=*", "1.0.0", "0.0.0"),
        (">1.2.3", "1.2.4", "1.2.3 1.3.0-alpha"),
        (">11", "12.0.0", "11.1.0"),
        (">11.1", "11.2.0 12.0.0", "11.1.7"),
        (">*", "0.0.1", "0.0.0"),
        (">1.2.3-alpha.1", "1.2.3-alpha.2 1.3.3-alpha.2 1.2.3", "1.2.3-alpha.1 1.2.3-0"),
        ("<1.1", "1.0.9", "1.1.0"),
        ("<1.1.x", "1.0.500", "1.1.0"),
        ("<0-z", "0.0.0-alpha", "0.0.0"),
        (">=1.1", "1.1.0 4.1.0", "1.0.9 4.1.0-beta"),
        ("=>1.1", "1.1.0", "1.0.9"),
        (">=0.0.0-0", "0.0.0-alpha 3.4.5-beta.1 1.2.3", ""),
        ("<=11", "11.2.3 1.2.3", "12.0.0"),
        ("=<1.1", "1.1.7 0.1.0", "1.2.0"),
        ("<=1.1.1", "1.1.1", "1.1.2"),
        ("<=*", "0.0.9", "0.1.0 1.0.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0 2.2.3"),
        ("~>1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.9.9", "2.0.0"),
        ("~*", "0.0.0 2.1.1", "2.1.1-alpha"),
        ("~0.0.0", "1.2.3", ""),
        ("~1.2.3-beta.2", "1.2.3-beta.4 1.2.4-beta.2 1.2.3", "1.2.3-beta.1 1.3.4-beta.2"),
        ("^1.2.3", "1.2.3 1.8.9", "1.2.2 2.0.0 1.3.0-alpha"),
        ("^1", "1.8.9", "2.0.0"),
        ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.2.3"),
        ("^0.0.3", "0.0.3", "0.0.4 0.1.3"),
        ("^0.0", "0.0.7", "0.1.0"),
        ("^0", "0.2.3", "1.0.0"),
        ("^*", "0.0.0", "0.0.1 1.0.0"),
        ("^1.2.0-alpha.2", "1.2.1-alpha.1 1.2.0", "1.2.0-alpha.1 2.0.0-alpha"),
        ("1.2 - 1.4.5", "1.2.0 1.4.5 1.3.9", "1.1.9 1.4.6"),
        ("1.2 - 1.4", "1.4.9", "1.5.0"),
        ("1.0.0 - 2.0.0, !=1.5.0", "1.4.0", "1.5.0"),
        ("2 - 3 || 5 - 6", "2.0.0 6.1.0", "4.0.0"),
        (">=1.1, <2, !=1.2.3 || > 3", "1.2.4 4.1.2", "1.2.3 3.1.2"),
        (">= 1.1   <2", "1.9.0", "2.0.0"),
        (" >=1.1 ,<2 ", "1.9.0", "2.0.0"),
        (">= 1.0.0 <= 2.0.0-beta || > 3", "1.0.1-beta 4.0.0", "3.0.1-beta"),
        ("1.1-3", "1.1.0-3", "4.3.2 1.1.0-2"),
        ("1.2.3+build", "1.2.3 1.2.3+other", "1.2.4"),
    ],
)
def test_what_a_constraint_allows(constraint: str, yes: str, no: str) -> None:
    assert {version: allows(constraint, version) for version in (yes + " " + no).split()} == {
        **dict.fromkeys(yes.split(), True),
        **dict.fromkeys(no.split(), False),
    }


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "main", "HEAD", "HEAD~1", "feature/x", "release-1.2", "V1.x", ">= bar", "BAR >= 1.2.3", "1.2.3.4"),
        *("12.3.34~ 1.2.3", "1.2,", ",1.2", "1.2 ||", "||", ">", "> =1", "1.2;1.3", "v1.2.3-beta.01", "1x.2", "1|2"),
        *("18446744073709551616", "9" * 5000, "^1.2.3-", "1 -2", "1.2.3 && 1.2.4", "deadbeef"),
    ],
)
def test_no_constraint(text: str) -> None:
    assert parse_constraint(text) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1", Version(1)),
        ("v1.2", Version(1, 2)),
        ("1.2.3", Version(1, 2, 3)),
        ("01.002.3", Version(1, 2, 3)),
        ("0" * 40 + "1", Version(1)),
        ("1.2.3-alpha.1+build.01", Version(1, 2, 3, "alpha.1", "build.01")),
        ("1-2", Version(1, 0, 0, "2")),
        ("18446744073709551615", Version(2**64 - 1)),
    ],
)
def test_versions(text: str, version: Version) -> None:
    parsed = parse_version(text)
    assert parsed == version
    assert parsed is not None
    assert parsed.metadata == version.metadata


@pytest.mark.parametrize(
    "text",
    ["", "v", "V1.2.3", "1.2.3.4", "1.x", "main", "1.2.3-", "1.2.3-01", "1.2.3-a..b", " 1.2", "1.2\n", "٣", "9" * 5000],
)
def test_no_version(text: str) -> None:
    assert parse_version(text) is None


def test_the_order_is_that_of_semver_org() -> None:
    texts = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1"
    parsed = [parse_version(text) for text in texts.split()]
    assert sorted(parsed, key=lambda version: version or Version(0)) == parsed


@pytest.mark.parametrize(
    ("constraint", "texts", "expected"),
    [
        ("^1", "1.2.0 v1.10.0 1.9.0 2.0.0 main nightly", "v1.10.0"),
        ("*", "1.2.0 1.3.0-rc.1 1.2", "1.2.0"),
        ("*-0", "1.2.0 1.3.0-rc.1", "1.3.0-rc.1"),
        ("1.2.x", "1.2 1.2.0 v1.2.0", "1.2"),
        ("^3", "1.2.0 2.0.0", None),
        ("^3", "", None),
    ],
)
def test_the_newest_as_it_was_written(constraint: str, texts: str, expected: str | None) -> None:
    wanted = parse_constraint(constraint)
    assert wanted is not None
    assert newest(wanted, texts.split()) == expected


def test_a_long_text_is_read_in_one_pass() -> None:
    assert parse_constraint("1   " * 5000 + "!") is None


@given(versions)
def test_every_version_allows_itself(version: Version) -> None:
    text = written(version)
    assert parse_version(text) == version
    for operator in ("", "=", ">=", "<=", "~", "^"):
        assert allows(f"{operator}{text}", text)
    for operator in ("!=", ">", "<"):
        assert not allows(f"{operator}{text}", text)


@given(versions, versions)
def test_the_order_and_the_constraints_agree(one: Version, other: Version) -> None:
    assert (one < other) is (other > one)
    assert sum((one < other, one == other, one > other)) == 1
    if not one.prerelease:
        assert allows(f">{written(other)}", written(one)) is (one > other)
        assert allows(f"<{written(other)}", written(one)) is (one < other)
        assert allows(written(other), written(one)) is (one == other)


@given(st.lists(versions, min_size=1), versions)
def test_the_newest_is_allowed_and_none_allowed_is_newer(several: list[Version], bound: Version) -> None:
    constraint = parse_constraint(f">={written(bound)}")
    assert constraint is not None
    found = newest(constraint, map(written, several))
    allowed = [version for version in several if constraint.allows(version)]
    assert (parse_version(found) if found else None) == max(allowed, default=None)
