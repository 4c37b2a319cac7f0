"""Selection: which resources a run is about. What it is not about stays as it is, in the clusters and in the state.

URNs do not hold an application's name, and what a program does not register is deleted, so a selection never leaves
anything out of the program: everything is registered, and only objects whose Application component is meant are looked
at and touched. The program's word about an application counts; the state's where the program knows it no more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from fleet.engine import objects, values
from fleet.engine.request import Selection
from fleet.engine.roster import Roster
from fleet.engine.state import Resource
from fleet.errors import Problem

# The stack's output that says which commit is where: application → cluster → namespace → commit.
DEPLOYED = "deployed"
# An application in a cluster.
Place = tuple[str, str]
Inputs = Mapping[str, Any]


class Scope:
    """What one run is about. Owns which Application components the program has registered, and their inputs.

    included: whether a URN is meant. selection: None means every application, and what belongs to none.
    """

    def __init__(self, included: Callable[[str], bool], selection: Selection | None, roster: Roster) -> None:
        self._included = included
        self._selection = selection
        self._roster = roster
        self._registered: dict[str, Inputs] = {}

    @property
    def everything(self) -> bool:
        """Whether every application is meant."""
        return self._selection is None

    def component(self, urn: str, type_: str, inputs: Inputs, parent: str = "") -> bool:
        """Return whether a component of the program is meant. Any but an Application, and what is in one, always is."""
        if type_ == objects.APPLICATION_TYPE:
            self._registered[urn] = values.reveal(inputs)
            return self._means(urn)
        return self._inputs(parent) is None or self._means(parent)

    def included(self, urn: str) -> bool:
        """Return whether a URN is meant as such, whatever application it belongs to."""
        return self._included(urn)

    def object(self, urn: str, parent: str) -> bool:
        """Return whether an object is meant. parent: the URN of its component."""
        return self._included(urn) and (self._selection is None or self._means(parent))

    def resource(self, resource: Resource) -> bool:
        """Return whether a resource of the state is meant."""
        if resource.custom:
            return self.object(resource.urn, resource.parent)
        urn = resource.urn if resource.type == objects.APPLICATION_TYPE else resource.parent
        return self._selection is None or self._inputs(urn) is None or self._means(urn)

    def unmet(self) -> tuple[Problem, ...]:
        """Return what was asked for, and is known neither to the program nor to the state."""
        return () if self._selection is None else self._selection.unmet(self._known().values())

    def untouched(self) -> frozenset[Place]:
        """Return the applications that are not meant."""
        return frozenset(_place(inputs) for urn, inputs in self._known().items() if not self._means(urn))

    def destroyed(self) -> frozenset[Place]:
        """Return the applications that are meant, and of which nothing is left."""
        gone = ((urn, inputs) for urn, inputs in self._known().items() if self._roster.current(urn) is None)
        return frozenset(_place(inputs) for urn, inputs in gone if self._means(urn))

    def _means(self, urn: str) -> bool:
        inputs = self._inputs(urn)
        return self._selection is None or (inputs is not None and self._selection(inputs))

    def _inputs(self, urn: str) -> Inputs | None:
        if urn in self._registered:
            return self._registered[urn]
        known = self._roster.old.get(urn)
        if known is None or known.type != objects.APPLICATION_TYPE:
            return None
        inputs: Inputs = values.reveal(known.inputs)
        return inputs

    def _known(self) -> dict[str, Inputs]:
        all_of_them = (urn for urn, each in self._roster.old.items() if each.type == objects.APPLICATION_TYPE)
        return {urn: self._inputs(urn) or {} for urn in (*all_of_them, *self._registered)}


def _place(inputs: Inputs) -> Place:
    return str(inputs.get("application") or ""), str(inputs.get("cluster") or "")


def outputs_beside(outputs: Inputs, before: Inputs, untouched: Collection[Place]) -> Inputs:
    """Return the stack's outputs, with what those of the last run say of applications that were not touched."""
    if not untouched:
        return outputs
    kept = {place: commits for place, commits in _commits(before).items() if place in untouched}
    new = {place: commits for place, commits in _commits(outputs).items() if place not in untouched}
    return _with_commits(outputs, new | kept)


def outputs_without(outputs: Inputs, gone: Collection[Place]) -> Inputs:
    """Return the stack's outputs without applications of which nothing is left."""
    if not gone:
        return outputs
    return _with_commits(outputs, {place: each for place, each in _commits(outputs).items() if place not in gone})


def _commits(outputs: Inputs) -> dict[Place, Any]:
    deployed = values.reveal(outputs.get(DEPLOYED))
    if not isinstance(deployed, Mapping):
        return {}
    clusters = ((name, each) for name, each in deployed.items() if isinstance(each, Mapping))
    return {(name, cluster): commits for name, each in clusters for cluster, commits in each.items()}


def _with_commits(outputs: Inputs, commits: Mapping[Place, Any]) -> Inputs:
    if DEPLOYED not in outputs:
        return outputs
    deployed: dict[str, dict[str, Any]] = {}
    for (application, cluster), each in sorted(commits.items()):
        deployed.setdefault(application, {})[cluster] = each
    return {**outputs, DEPLOYED: deployed}
