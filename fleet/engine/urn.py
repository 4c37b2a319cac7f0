"""URN: `urn:pulumi:<stack>::<project>::<type>::<name>`, the name of a resource within all that Pulumi knows.

The type part is the chain of parent types, joined by `$`; the root stack's type is left out. A name may hold anything,
`::` included. Rules as in Pulumi's sdk/go/common/resource/urn/urn.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from fleet.engine.state import ROOT_STACK
from fleet.errors import Problem, StateError
from fleet.frozen import dataclass

_PREFIX: Final = "urn:pulumi:"


@dataclass(frozen=True, slots=True)
class Urn:
    """The parts of a URN. `str()` puts them together again."""

    stack: str
    project: str
    qualified_type: str
    name: str

    @property
    def type(self) -> str:
        """The resource's own type, without its parents'."""
        return self.qualified_type.rpartition("$")[2]

    def __str__(self) -> str:
        return f"{_PREFIX}{self.stack}::{self.project}::{self.qualified_type}::{self.name}"


def parse(text: str) -> Urn:
    """Return the parts of a URN. Raises StateError where it is not one."""
    parts = text.removeprefix(_PREFIX).split("::", 3)
    if not text.startswith(_PREFIX) or len(parts) != 4:
        hint = "A URN reads `urn:pulumi:<stack>::<project>::<type>::<name>`."
        raise StateError(Problem(f"{text!r} is not a URN", hint=hint))
    return Urn(*parts)


def make(stack: str, project: str, type_: str, name: str, *, parent: str = "") -> str:
    """Return the URN of a resource. parent: the parent's URN; empty for none."""
    chain = parse(parent).qualified_type if parent else ""
    qualified = type_ if chain in ("", ROOT_STACK) else f"{chain}${type_}"
    return str(Urn(stack, project, qualified, name))


def root(stack: str, project: str) -> str:
    """Return the URN of the stack itself, the parent of all that have no other."""
    return make(stack, project, ROOT_STACK, f"{project}-{stack}")


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a test for URNs that any of the patterns means; without a pattern, none is.

    `*` stands for anything without a colon, `**` for anything; a pattern without `*` is a URN as it is. The rules are
    those of `--target` (Pulumi's pkg/resource/deploy/deployment.go, UrnTargets).
    """
    given = tuple(patterns)
    urns = frozenset(literals(given))
    globs = tuple(_compiled(pattern) for pattern in given if "*" in pattern)
    return lambda urn: urn in urns or any(glob.fullmatch(urn) for glob in globs)


class Included:
    """Whether a URN is among what --target and --exclude mean. Owns which of their patterns have meant nothing yet."""

    def __init__(self, targets: Iterable[str], excludes: Iterable[str]) -> None:
        self._targets = {pattern: matcher((pattern,)) for pattern in targets}
        self._excludes = {pattern: matcher((pattern,)) for pattern in excludes}
        self._used: set[str] = set()

    def __call__(self, urn: str) -> bool:
        """Return whether the URN is meant: everything is without a target."""
        meaning = [pattern for pattern, means in {**self._targets, **self._excludes}.items() if means(urn)]
        self._used.update(meaning)
        return bool(meaning) if self._targets else not meaning

    @property
    def idle(self) -> tuple[str, ...]:
        """The options that have meant no URN so far, as they are written: `--target '**::dve/**'`."""
        options = [("--target", each) for each in self._targets] + [("--exclude", each) for each in self._excludes]
        return tuple(f"{option} {pattern!r}" for option, pattern in options if pattern not in self._used)


def literals(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the patterns that name exactly one URN."""
    return tuple(pattern for pattern in patterns if "*" not in pattern)


def _compiled(pattern: str) -> re.Pattern[str]:
    across = ("[^:]*".join(re.escape(text) for text in part.split("*")) for part in pattern.split("**"))
    return re.compile(".*".join(across))
