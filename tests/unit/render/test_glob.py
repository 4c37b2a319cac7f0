"""Globs: what github.com/gobwas/glob matches, its own cases among them."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model.glob import compile_glob, compile_name_glob

CASES = [
    # From gobwas/glob's glob_test.go, those without separators.
    ("abc", "abc", True),
    ("*", "abc", True),
    ("*c", "abc", True),
    ("a*", "a", True),
    ("a*", "abc", True),
    ("a*c", "abc", True),
    ("a*b", "abc", False),
    ("b*a", "bba", True),
    ("*b*", "abc", True),
    ("abc", "abcd", False),
    ("a?c", "abc", True),
    ("a??", "abc", True),
    ("??", "abc", False),
    ("?at", "at", False),
    ("?at", "bat", True),
    ("*t?", "at", False),
    ("[a-z]", "b", True),
    ("[!a-z]", "b", False),
    ("[!a]", "b", True),
    ("[abc]", "b", True),
    ("[!abc]", "d", True),
    ("[abc]", "d", False),
    ("{a,b}", "a", True),
    ("{a,b}", "c", False),
    ("{*,**}{a,b}", "ab", True),
    ("{*,def}ghi", "ghi", True),
    ("{*,def}ghi", "xxghi", True),
    ("*//{,*.}example.com", "https://www.example.com", True),
    ("*//{,*.}example.com", "http://example.com", True),
    ("*//{,*.}example.com", "http://example.com.net", False),
    ("{a*,b}c", "abc", True),
    ("a{b,[c-d]e}f", "acef", True),
    ("\\*", "*", True),
    ("\\*", "a", False),
    ("\\\\", "\\", True),
    ("**", "a/b/c", True),
    # What Argo CD's documentation promises.
    ("config.json", "env-usw2/config.json", False),
    ("*.yaml", "sub/deep/a.yaml", True),
    ("{config.json,env-usw2/*}", "env-usw2/a/b.yaml", True),
    ("{*.yml,*.yaml}", "a.yml", True),
    # Corners of its lexer.
    ("a,b", "a,b", True),
    ("a}b", "a}b", True),
    ("a]b", "a]b", True),
    ("{a,b", "b", True),
    ("{{a,b},c}d", "bd", True),
    ("{a,b},c", "b,c", True),
    ("a\\", "a", True),
    ("[ab-c]", "-", True),
    ("[\\]]", "]", True),
    ("{\\,,x}", ",", True),
    ("", "", True),
    ("", "a", False),
    ("{}", "", True),
    ("*", "a\nb", True),
    ("a.c", "abc", False),
    ("ä?", "äö", True),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), CASES, ids=[f"{case[0]} | {case[1]}" for case in CASES])
def test_matching(pattern: str, path: str, expected: bool) -> None:
    assert compile_glob(pattern)(path) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[", "a [ is not closed, or a class holds nothing"),
        ("[]", "a [ is not closed, or a class holds nothing"),
        ("[!]", "a [ is not closed, or a class holds nothing"),
        ("[abc", "a [ is not closed, or a class holds more than one range"),
        ("[a-cx]", "a [ is not closed, or a class holds more than one range"),
        ("[a-c", "a [ is not closed, or a class holds more than one range"),
        ("[c-a]", "the range c-a is empty"),
    ],
)
def test_patterns_that_are_refused(pattern: str, expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        compile_glob(pattern)


@given(st.text())
def test_escaped_text_matches_itself_and_nothing_longer(text: str) -> None:
    pattern = "".join(f"\\{character}" for character in text)
    assert compile_glob(pattern)(text)
    assert not compile_glob(pattern)(text + "x")


@given(st.text(alphabet="ab*?[]{},-!\\/"), st.text(alphabet="ab/"))
def test_any_pattern_compiles_or_says_why_not(pattern: str, path: str) -> None:
    with suppress(ValueError):
        assert compile_glob(pattern)(path) in {True, False}


@given(st.lists(st.text(alphabet="abc./", max_size=5), min_size=1, max_size=4), st.text(alphabet="abc./", max_size=5))
def test_alternatives_match_what_one_of_them_is(alternatives: list[str], path: str) -> None:
    assert compile_glob("{" + ",".join(alternatives) + "}")(path) is (path in alternatives)


SEPARATED = [
    # From gobwas/glob's glob_test.go, those with separators.
    ("a?c", "a/c", False),
    ("*", "a/b", False),
    ("**", "a/b", True),
    ("api.*.com", "api.gobwas.com", True),
    ("api/*/com", "api/a/com", True),
    ("api/*/com", "api/a/b/com", False),
    ("api/**/com", "api/a/b/com", True),
    ("https://gitlab.com/group/**", "https://gitlab.com/group/sub/repo", True),
    ("https://gitlab.com/group/*", "https://gitlab.com/group/sub/repo", False),
    ("***", "a/b", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), SEPARATED, ids=str)
def test_separators(pattern: str, text: str, expected: bool) -> None:
    assert compile_glob(pattern, "./")(text) is expected


NAMES = [
    # From Go's path/match_test.go.
    ("abc", "abc", True),
    ("*", "abc", True),
    ("*c", "abc", True),
    ("a*", "a", True),
    ("a*", "ab/c", False),
    ("a*/b", "abc/b", True),
    ("a*b?c*x", "abxbbxdbxebxczzx", True),
    ("a*b?c*x", "abxbbxdbxebxczzy", False),
    ("ab[c]", "abc", True),
    ("ab[b-d]", "abc", True),
    ("ab[e-g]", "abc", False),
    ("ab[^c]", "abc", False),
    ("ab[^e-g]", "abc", True),
    ("a\\*b", "a*b", True),
    ("a\\*b", "ab", False),
    ("a[^a]b", "a☺b", True),
    ("a?b", "a/b", False),
    ("[\\]a]", "]", True),
    ("[x\\-]", "-", True),
    ("[a-b-c]", "x", None),
    ("[]a]", "]", None),
    ("[-]", "-", None),
    ("[", "a", None),
    ("[^", "a", None),
    ("a[", "a", None),
    ("\\", "a", None),
    ("{a,b}", "{a,b}", True),
    ("**", "a/b", False),
]


@pytest.mark.parametrize(("pattern", "name", "expected"), NAMES, ids=str)
def test_names(pattern: str, name: str, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match=r"is not closed|nothing behind"):
            compile_name_glob(pattern)
    else:
        assert compile_name_glob(pattern)(name) is expected
