"""Masking: the one way in which secrets are taken out of what people get to read.

In: any text, a URL or what a program wrote. Out: the same text, credentials replaced by `***`. It fails on nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"

# Userinfo of an http URL is masked whole: forges take tokens as user names too. Elsewhere the user, often `git`, is no
# secret. A password with an unescaped slash ends the authority too early for a URL parser; the first pattern finds it.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"(https?://)[^\s/@:'\"]+:(?!\d+(?:/|\s|$))[^\s'\"]*@", rf"\1{MASK}@"),
        (r"(https?://)[^\s/'\"]*@", rf"\1{MASK}@"),
        (r"([a-z][a-z0-9+.-]*://[^\s/@:'\"]*):[^\s/'\"]*@", rf"\1:{MASK}@"),
        (r"\b([\w.-]+):[^\s/@:'\"]+@(?=[\w.-]+:)", rf"\1:{MASK}@"),
        (r"([?&][\w-]*(?:token|secret|password|passwd|key|signature|sig)=)[^&\s'\"]+", rf"\1{MASK}"),
        (r"((?:proxy-)?authorization:\s*(?:\w+\s+)?)[^\s'\"]+", rf"\1{MASK}"),
        (r"\b(bearer\s+)[\w.~+/=-]{8,}", rf"\1{MASK}"),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|glcbt-|gldt-|ATATT|ATBB)[\w=-]{8,}", MASK),
    )
)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without URL credentials, tokens of the well-known forges and the given secrets."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
