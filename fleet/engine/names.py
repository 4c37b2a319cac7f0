"""Names: which URN a goal gets, and under which URN the state may know it.

Alias rules are Pulumi's (pkg/resource/deploy/step_generator.go: collapseAliasToUrn, inheritedChildAlias,
generateAliases).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from fleet.engine import urn as urns
from fleet.engine.goal import AliasSpec, Goal
from fleet.errors import FleetError, Problem

Found = TypeVar("Found")


class Names:
    """The URNs of one run. Owns which were given out, which old URN each resource had, and that none had two."""

    def __init__(self, stack: str, project: str) -> None:
        self._stack = stack
        self._project = project
        self._given: set[str] = set()
        self._former: dict[str, str] = {}
        self._found: dict[str, str] = {}

    def give(self, wanted: Goal) -> str:
        """Return the goal's URN. Raises FleetError when another resource of the program has it already."""
        urn = self._make(wanted.name, wanted.type, wanted.parent)
        if urn in self._given:
            raise FleetError(
                Problem(
                    f"The program registers two resources of type {wanted.type} named {wanted.name!r}",
                    detail=urn,
                    hint="Give one of them another name.",
                )
            )
        self._given.add(urn)
        return urn

    def find(self, urn: str, wanted: Goal, state: Mapping[str, Found]) -> Found | None:
        """Return what the state holds under the URN, or under an alias of it, and nobody else has been given."""
        for candidate in (urn, *self._aliases(wanted)):
            found = state.get(candidate)
            if found is not None and self._found.setdefault(candidate, urn) == urn:
                if candidate != urn:
                    self._former[urn] = candidate
                return found
        return None

    def _make(self, name: str, type_: str, parent: str, *, stack: str = "", project: str = "") -> str:
        return urns.make(stack or self._stack, project or self._project, type_, name, parent=parent)

    def _aliases(self, wanted: Goal) -> Iterable[str]:
        own = [self._collapse(wanted, alias) for alias in wanted.aliases]
        yield from own
        parent = self._former.get(wanted.parent)
        if parent is not None:
            yield self._inherited(wanted.type, wanted.name, wanted.parent, parent)
            for alias in map(urns.parse, own):
                yield self._inherited(alias.type, alias.name, wanted.parent, parent)

    def _collapse(self, wanted: Goal, alias: AliasSpec) -> str:
        if alias.urn:
            return alias.urn
        parent = self._former.get(alias.parent, alias.parent) if alias.parent else wanted.parent
        return self._make(
            alias.name or wanted.name,
            alias.type or wanted.type,
            "" if alias.no_parent else parent,
            stack=alias.stack,
            project=alias.project,
        )

    def _inherited(self, type_: str, name: str, parent: str, former_parent: str) -> str:
        """A child named `<parent>-something` was named after the parent's old name."""
        old, new = urns.parse(former_parent).name, urns.parse(parent).name
        return self._make(old + name.removeprefix(new) if name.startswith(new) else name, type_, former_parent)
