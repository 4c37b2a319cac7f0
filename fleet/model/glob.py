"""Globs as Argo CD matches them: github.com/gobwas/glob v0.2.3, and Go's path.Match for kinds of objects.

In: a pattern. Out: a function of a text. `*` matches any characters but separators, `**` separators too; `?` is any one
character that is no separator; `[abc]`, `[a-c]`, `[!a-c]` are classes that hold either characters or one range; `{a,b}`
are alternatives and nest; `\\` makes the next character plain. The pattern has to match the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=1024)
def compile_glob(pattern: str, separators: str = "") -> Callable[[str], bool]:
    """Return whether a text matches, as a function. Raises ValueError with what is wrong with the pattern.

    separators: the characters that `*` and `?` do not match; without any, `*` and `**` are the same.
    """
    expression = re.compile(_Parser(pattern, separators).expression(), re.DOTALL)
    return lambda text: expression.fullmatch(text) is not None


def compile_name_glob(pattern: str) -> Callable[[str], bool]:
    """Return whether a name matches as Go's path.Match has it: no `**`, no `{}`, and `[^…]` with several ranges.

    Raises ValueError with what is wrong with the pattern, which Go only finds out when it matches.
    """
    expression = re.compile(_NameParser(pattern).expression(), re.DOTALL)
    return lambda name: expression.fullmatch(name) is not None


class _Parser:
    """One pass over a pattern, left to right; writes the regular expression for it."""

    def __init__(self, pattern: str, separators: str = "") -> None:
        self._pattern = pattern
        self._one = f"[^{re.escape(separators)}]" if separators else "."
        self._position = 0
        self._depth = 0

    def expression(self) -> str:
        parts: list[str] = []
        while self._position < len(self._pattern):
            parts.append(self._part(self._take()))
        # An alternative that is never closed ends with the pattern, as it does in gobwas.
        return "".join(parts) + ")" * self._depth

    def _part(self, character: str) -> str:
        if character == "[":
            return self._class()
        if character == "\\":
            return re.escape(self._take())
        if character == "{":
            self._depth += 1
            return "(?:"
        if self._depth and character == "}":
            self._depth -= 1
            return ")"
        if self._depth and character == ",":
            return "|"
        return self._any() if character == "*" else self._single(character)

    def _any(self) -> str:
        if self._peek() != "*":
            return f"{self._one}*"
        self._take()
        return ".*"

    def _single(self, character: str) -> str:
        return self._one if character == "?" else re.escape(character)

    def _class(self) -> str:
        negated = self._peek() == "!"
        if negated:
            self._take()
        low = self._take()
        if self._peek() == "-" and low:
            self._take()
            content = self._range(low)
        else:
            self._position -= len(low)
            content = self._characters()
        if self._take() != "]":
            raise ValueError("a [ is not closed, or a class holds more than one range")
        return f"[{'^' if negated else ''}{content}]"

    def _range(self, low: str) -> str:
        high = self._take()
        if high < low:
            raise ValueError(f"the range {low}-{high} is empty")
        return f"{re.escape(low)}-{re.escape(high)}"

    def _characters(self) -> str:
        found: list[str] = []
        while self._peek() not in {"]", ""}:
            character = self._take()
            found.append(re.escape(self._take() if character == "\\" else character))
        if not found:
            raise ValueError("a [ is not closed, or a class holds nothing")
        return "".join(found)

    def _peek(self) -> str:
        return self._pattern[self._position : self._position + 1]

    def _take(self) -> str:
        character = self._peek()
        self._position += len(character)
        return character


class _NameParser(_Parser):
    """The same for the syntax of Go's path.Match."""

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern, "/")

    def _part(self, character: str) -> str:
        if character == "[":
            return self._class()
        if character == "\\":
            return re.escape(self._plain())
        return f"{self._one}*" if character == "*" else self._single(character)

    def _class(self) -> str:
        negated = self._peek() == "^"
        if negated:
            self._take()
        ranges = [self._one_range()]
        while self._peek() != "]":
            ranges.append(self._one_range())
        self._take()
        return f"[{'^' if negated else ''}{''.join(ranges)}]"

    def _one_range(self) -> str:
        low = self._bound()
        if self._peek() != "-":
            return re.escape(low)
        self._take()
        high = self._bound()
        if high < low:
            raise ValueError(f"the range {low}-{high} is empty")
        return f"{re.escape(low)}-{re.escape(high)}"

    def _bound(self) -> str:
        character = self._take()
        if character in {"", "-", "]"}:
            raise ValueError("a [ is not closed, or a class holds nothing")
        return self._plain() if character == "\\" else character

    def _plain(self) -> str:
        character = self._take()
        if not character:
            raise ValueError("there is nothing behind the last \\")
        return character
