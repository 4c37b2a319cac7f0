"""Revisions: the order of what a name may mean, and what is never given to git."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.render.revisions import by_version, candidates, is_constraint, is_valid, refspecs

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (SHA, [SHA]),
        (SHA.upper(), [SHA]),
        ("HEAD", ["refs/fleet/HEAD"]),
        ("main", ["refs/heads/main", "refs/tags/main"]),
        ("v1.0", ["refs/heads/v1.0", "refs/tags/v1.0"]),
        ("abcdef0", ["refs/heads/abcdef0", "refs/tags/abcdef0", "abcdef0"]),
        ("ABCDEF0", ["refs/heads/ABCDEF0", "refs/tags/ABCDEF0", "abcdef0"]),
        ("abcdef", ["refs/heads/abcdef", "refs/tags/abcdef"]),
        ("heads/x", ["refs/heads/heads/x", "refs/tags/heads/x", "refs/heads/x"]),
        ("refs/heads/x", ["refs/heads/x"]),
        ("refs/tags/x", ["refs/tags/x"]),
        ("refs/pull/1/head", ["refs/fleet/asked/refs/pull/1/head"]),
        ("refs/fleet/HEAD", ["refs/fleet/asked/refs/fleet/HEAD"]),
    ],
)
def test_candidates(name: str, expected: list[str]) -> None:
    assert list(candidates(name)) == expected


@pytest.mark.parametrize("name", ["main", "feature/x", "v1.0", "a-b", "a_b+c", "ünï", "refs/heads/a", "@a", SHA])
def test_valid(name: str) -> None:
    assert is_valid(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-x",
        "--all",
        "HEAD~1",
        "a^",
        "a^{tree}",
        "a:b",
        ":/x",
        "a..b",
        "a@{1}",
        "@",
        "a b",
        "a\nb",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.",
        "a.lock",
        "a.lock/b",
        "a*",
        "a?",
        "[a",
        "a\\b",
        "a\x7f",
    ],
)
def test_invalid(name: str) -> None:
    assert not is_valid(name)


@pytest.mark.parametrize("name", ["*", "1.x", "v1.2.*", ">=1.2", "^1", "~1.2", "1.2 - 1.4", "1.2 || 1.4", "1.2 1.3"])
def test_constraints(name: str) -> None:
    assert is_constraint(name)


@pytest.mark.parametrize(
    "name", ["main", "HEAD", "v1.2.3", "1.2", "1", "1234567", "1" * 40, SHA, "refs/tags/1.x", "feature/x", "", "~main"]
)
def test_no_constraints(name: str) -> None:
    assert not is_constraint(name)


@pytest.mark.parametrize(
    ("name", "prefix", "expected"),
    [
        ("1.x", "", "v1.3"),
        ("1.x", "v", "v1.3"),
        ("1.x", "web-", "1.x"),
        ("1.2.3", "web-", "web-1.2.3"),
        ("1.2.3", "", "1.2.3"),
        ("main", "v", "main"),
        (SHA, "v", SHA),
        ("1" * 40, "v", "1" * 40),
    ],
)
def test_what_a_version_stands_for(name: str, prefix: str, expected: str) -> None:
    assert by_version(name, prefix, ["1.2", "v1.3", "main", "v2"]) == expected


def test_only_what_branches_and_tags_do_not_cover_is_fetched_besides() -> None:
    assert refspecs(["main", SHA, "HEAD", "refs/heads/x", "refs/tags/y", "refs/pull/1/head"]) == {
        "HEAD": "+HEAD:refs/fleet/HEAD",
        "refs/pull/1/head": "+refs/pull/1/head:refs/fleet/asked/refs/pull/1/head",
    }


@given(st.text())
def test_a_valid_name_is_one_word_and_no_option(name: str) -> None:
    if is_valid(name):
        assert not name.startswith("-")
        assert "\n" not in name
        assert " " not in name
