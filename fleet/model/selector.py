"""Selector: which labels are meant, in the syntax of `kubectl -l`.

In: a text, as `env in (dev,test), team=web, !legacy`. Out: a value that labels are asked against. The syntax is that of
Kubernetes (apimachinery: pkg/labels/selector.go) without its `>` and `<`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from fleet.errors import DeclarationError, Problem
from fleet.frozen import dataclass

_KEY: Final = r"(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?"
_VALUE: Final = r"(?:[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)?"
_SET: Final = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)")
_EQUAL: Final = re.compile(rf"({_KEY})\s*(==|=|!=)\s*({_VALUE})")
_EXISTS: Final = re.compile(rf"(!?)\s*({_KEY})")
# Commas within parentheses are between values.
_COMMA: Final = re.compile(r",(?![^(]*\))")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that is asked of labels. values: empty asks whether the key is there at all.

    negated: it must not be so; labels without the key fulfil that, too, as in Kubernetes.
    """

    key: str
    values: frozenset[str] = frozenset()
    negated: bool = False

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels are as required."""
        there = self.key in labels and (not self.values or labels[self.key] in self.values)
        return there is not self.negated


@dataclass(frozen=True, slots=True)
class Selector:
    """Everything that is asked of labels; nothing is asked by an empty one, so that it means everybody."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels fulfil all requirements."""
        return all(each.matches(labels) for each in self.requirements)


def check_selector(_owner: str, _field: str, value: str) -> None:
    """Check for a selector, as the functions of `fleet.model.checks` do."""
    parse_selector(value)


def parse_selector(text: str) -> Selector:
    """Return what a text asks for; an empty text asks nothing. Raises DeclarationError where it is no selector."""
    if not text.strip():
        return Selector()
    return Selector(tuple(_requirement(part.strip(), text) for part in _COMMA.split(text)))


def _requirement(part: str, text: str) -> Requirement:
    if found := _SET.fullmatch(part):
        values = [value.strip() for value in found[3].split(",")]
        if all(re.fullmatch(_VALUE, value) for value in values):
            return Requirement(found[1], frozenset(values), found[2] == "notin")
    if found := _EQUAL.fullmatch(part):
        return Requirement(found[1], frozenset({found[3]}), found[2] == "!=")
    if found := _EXISTS.fullmatch(part):
        return Requirement(found[2], negated=bool(found[1]))
    raise DeclarationError(
        Problem(
            f"{text!r} is not a label selector",
            detail=f"It has {part!r}." if part else "There is nothing beside a comma.",
            hint="Write it like `env=prod`, `env!=prod`, `env in (dev,test)`, `env notin (dev)`, `env` or `!env`.",
        )
    )
