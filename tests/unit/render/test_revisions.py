"""Revisions: the order of what a name may mean, and what is never given to git."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.render.revisions import candidates, is_valid, refspecs

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
