"""Globs as Argo CD matches them: github.com/gobwas/glob v0.2.3, compiled without separators.

In: a pattern. Out: a function of a path. `*` and `**` match any characters, `/` among them; `?` is any one character;
`[abc]`, `[a-c]`, `[!a-c]` are classes that hold either characters or one range; `{a,b}` are alternatives and nest;
`\\` makes the next character plain. The pattern has to match the whole path.
"""

from __future__ import annotations

import re
from collections.abc import Callable


def compile_glob(pattern: str) -> Callable[[str], bool]:
    """Return whether a path matches, as a function. Raises ValueError with what is wrong with the pattern."""
    expression = re.compile(_Parser(pattern).expression(), re.DOTALL)
    return lambda path: expression.fullmatch(path) is not None


class _Parser:
    """One pass over a pattern, left to right; writes the regular expression for it."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
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
        return {"*": ".*", "?": "."}.get(character) or re.escape(character)

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
