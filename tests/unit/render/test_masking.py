"""Masking: secrets go, everything else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model.masking import mask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pass@host/x", "https://***@host/x"),
        ("https://token@host/x", "https://***@host/x"),
        ("https://:pass@host/x", "https://***@host/x"),
        ("https://user:pa/ss@host/x y", "https://***@host/x y"),
        ("fatal: unable to access 'https://u:p@ss@host/x/': no", "fatal: unable to access 'https://***@host/x/': no"),
        ("HTTPS://u:p@host", "HTTPS://***@host"),
        ("https://host:8443/x@v1", "https://host:8443/x@v1"),
        ("https://host/x, write to a@b.example", "https://host/x, write to a@b.example"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("ssh://git:pass@host:22/x", "ssh://git:***@host:22/x"),
        ("git@host:org/repo", "git@host:org/repo"),
        ("git:pass@host:org/repo", "git:***@host:org/repo"),
        ("http://host/x?private_token=abc&y=1", "http://host/x?private_token=***&y=1"),
        ("http://host/x?y=1&access_token=abc", "http://host/x?y=1&access_token=***"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
        ("proxy-authorization: abc", "proxy-authorization: ***"),
        ("used Bearer abcdefgh.ijkl", "used Bearer ***"),
        ("token ghp_0123456789abcdefABCDEF is bad", "token *** is bad"),
        ("glpat-0123456789_abcdefg", "***"),
        ("github_pat_0123456789abcdef", "***"),
        ("a bearer of news", "a bearer of news"),
        ("", ""),
    ],
)
def test_masking(text: str, expected: str) -> None:
    assert mask(text) == expected
    assert mask(expected) == expected


def test_given_secrets_go_wherever_they_are() -> None:
    assert mask("remote: tok and token-2 are wrong", ["tok", "token-2", ""]) == "remote: *** and *** are wrong"


@given(st.from_regex(r"[A-Za-z0-9._~!$&()*+,;=%-]{6,20}", fullmatch=True))
def test_no_password_of_a_url_survives(password: str) -> None:
    for url in (f"https://user:{password}@host/x", f"ssh://user:{password}@host/x", f"https://{password}@host/x"):
        assert password not in mask(f"see '{url}'")
