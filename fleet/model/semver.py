"""Versions and constraints over them, as github.com/Masterminds/semver/v3 has them: what Argo CD and Helm go by.

In: texts. Out: values that compare. Pure. Where that library's documents and its code differ, this follows the code:
`^*` allows 0.0.0 only, and `~*` everything. No library for Python has these rules; npm's are others for prereleases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import field
from functools import total_ordering
from types import MappingProxyType

from fleet.frozen import dataclass

_LARGEST = 2**64 - 1
_SPACE = r"[\t\n\f\r ]"
_END = r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
_VERSION = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{_END}")
# The `|` among the digits is the library's own: it makes `1.x.|` a constraint, and nothing else.
_DIGITS = r"[0-9|xX*]+"
_TAIL = r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_PARTIAL = rf"v?{_DIGITS}(?:\.{_DIGITS})?(?:\.{_DIGITS})?{_TAIL}"
_RANGE = re.compile(rf"{_SPACE}*({_PARTIAL}){_SPACE}+-{_SPACE}+({_PARTIAL}){_SPACE}*")
_COMPARISON = re.compile(
    rf"(?P<operator>=|!=|>=|=>|<=|=<|>|<|~>|~|\^|){_SPACE}*"
    rf"v?(?P<major>{_DIGITS})(?:\.(?P<minor>{_DIGITS}))?(?:\.(?P<patch>{_DIGITS}))?{_END}(?={_SPACE}|,|\Z)"
)
_AND = re.compile(rf"{_SPACE}*,{_SPACE}*|{_SPACE}+")
_WILDCARDS = (None, "x", "X", "*")


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version. It compares as semver.org says; metadata takes no part in that."""

    major: int
    minor: int = 0
    patch: int = 0
    prerelease: str = ""
    metadata: str = field(default="", compare=False)

    def __lt__(self, other: Version) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
        parts = self.prerelease.split(".") if self.prerelease else ()
        return (self.major, self.minor, self.patch, not parts, tuple(map(_prerelease_order, parts)))


def parse_version(text: str) -> Version | None:
    """Return the version; None for a text that is none. `v1`, `1.2` and `01.2.3` are versions."""
    match = _VERSION.fullmatch(text)
    return _version(*match.groups()) if match else None


@dataclass(frozen=True, slots=True)
class Constraint:
    """Which versions are wanted: any of the alternatives, which are comparisons that have all to be true."""

    alternatives: tuple[tuple[_Comparison, ...], ...]

    def allows(self, version: Version) -> bool:
        """Return whether a version is wanted.

        A prerelease only is by an alternative that has a prerelease in one of its comparisons.
        """
        return any(
            all(each.allows(version) for each in comparisons)
            and (not version.prerelease or any(each.version.prerelease for each in comparisons))
            for comparisons in self.alternatives
        )


def parse_constraint(text: str) -> Constraint | None:
    """Return the constraint; None for a text that is none. A version is one, too: `1.2` allows 1.2.3."""
    alternatives = [_comparisons(part) for part in _without_ranges(text).split("||")]
    known = tuple(each for each in alternatives if each is not None)
    return Constraint(known) if len(known) == len(alternatives) else None


def newest(constraint: Constraint, texts: Iterable[str]) -> str | None:
    """Return the highest version that the constraint allows, as it was written; None if it allows none.

    Of equal ones (`1.0`, `v1.0.0`) it is the first. What is no version is passed over.
    """
    versions = ((parse_version(text), text) for text in texts)
    allowed = [(version, text) for version, text in versions if version and constraint.allows(version)]
    return max(allowed, key=lambda each: each[0])[1] if allowed else None


def _version(
    major: str, minor: str | None, patch: str | None, prerelease: str | None, metadata: str | None
) -> Version | None:
    numbers = [number for part in (major, minor, patch) if (number := _number(part or "0")) is not None]
    if len(numbers) < 3 or any(map(_has_leading_zero, (prerelease or "").split("."))):
        return None
    return Version(numbers[0], numbers[1], numbers[2], prerelease or "", metadata or "")


def _number(digits: str) -> int | None:
    """Return the number; None for one that is too large for the library's, which has 64 bits."""
    if not digits.isdigit() or len(digits.lstrip("0")) > len(str(_LARGEST)):
        return None
    number = int(digits)
    return number if number <= _LARGEST else None


def _has_leading_zero(part: str) -> bool:
    return len(part) > 1 and part.startswith("0") and part.isdigit()


def _prerelease_order(part: str) -> tuple[bool, int, str]:
    """Numbers come first; one that is too large is a text."""
    number = _number(part)
    return (True, 0, part) if number is None else (False, number, "")


def _without_ranges(text: str) -> str:
    for match in _RANGE.finditer(text):
        text = text.replace(match[0], f">= {match[1]}, <= {match[2]} ", 1)
    return text


def _comparisons(text: str) -> tuple[_Comparison, ...] | None:
    """Return the comparisons of one alternative; None if there is anything else in it, or nothing."""
    text = text.strip("\t\n\f\r ")
    found: list[_Comparison] = []
    position = 0
    while match := _COMPARISON.match(text, position):
        comparison = _comparison(match)
        if comparison is None:
            return None
        found.append(comparison)
        if match.end() == len(text):
            return tuple(found)
        separator = _AND.match(text, match.end())
        position = separator.end() if separator else len(text)
    return None


def _comparison(match: re.Match[str]) -> _Comparison | None:
    """Return the comparison; None if its version is none. Whatever follows a wildcard has no meaning."""
    parts = match.group("major", "minor", "patch")
    given = next((position for position, part in enumerate(parts) if part in _WILDCARDS), 3)
    text = ".".join([*(part or "" for part in parts[:given]), *["0"] * (3 - given)])
    prerelease = match.group(5)
    version = parse_version(f"{text}-{prerelease}" if prerelease else text)
    return _Comparison(match["operator"], version, given) if version else None


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One operator and what it compares with. given: how many of the three numbers; the rest is 0 in version."""

    operator: str
    version: Version
    given: int

    def allows(self, version: Version) -> bool:
        return _OPERATORS[self.operator](version, self.version, self.given)


def _equal(it: Version, that: Version, given: int) -> bool:
    return it == that if given == 3 else _tilde(it, that, given)


def _not_equal(it: Version, that: Version, given: int) -> bool:
    if given == 1:
        return it.major != that.major
    if given == 2:
        return (it.major, it.minor, it.prerelease) != (that.major, that.minor, that.prerelease)
    return it != that


def _greater(it: Version, that: Version, given: int) -> bool:
    if given == 1:
        return it.major > that.major
    return (it.major, it.minor) > (that.major, that.minor) if given == 2 else it > that


def _at_most(it: Version, that: Version, given: int) -> bool:
    if given == 1:
        return it.major <= that.major
    return it <= that if given == 3 else (it.major, it.minor) <= (that.major, that.minor)


def _tilde(it: Version, that: Version, given: int) -> bool:
    if it < that:
        return False
    if given in (0, 3) and (that.major, that.minor, that.patch) == (0, 0, 0):
        return True
    return it.major == that.major and (given == 1 or it.minor == that.minor)


def _caret(it: Version, that: Version, given: int) -> bool:
    if it < that or it.major != that.major:
        return False
    if that.major > 0 or given == 1:
        return True
    return it.minor == that.minor and (that.minor > 0 or given == 2 or it.patch == that.patch)


_OPERATORS: MappingProxyType[str, Callable[[Version, Version, int], bool]] = MappingProxyType(
    {
        "": _equal,
        "=": _equal,
        "!=": _not_equal,
        ">": _greater,
        "<": lambda it, that, _: it < that,
        ">=": lambda it, that, _: it >= that,
        "=>": lambda it, that, _: it >= that,
        "<=": _at_most,
        "=<": _at_most,
        "~": _tilde,
        "~>": _tilde,
        "^": _caret,
    }
)
