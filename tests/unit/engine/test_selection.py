"""What a run is about: the program's word counts, then the state's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from fleet.engine.roster import Roster
from fleet.engine.selection import Scope, outputs_beside, outputs_without
from fleet.engine.state import Resource, Secret, Snapshot
from fleet.errors import Problem

APPLICATION = "fleet:index:Application"
PREFIX = "urn:pulumi:dev::fleet::"


class Project:
    """Selects the applications of one project."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, application: Mapping[str, Any], /) -> bool:
        return bool(application.get("project") == self.name)

    def unmet(self, applications: Iterable[Mapping[str, Any]], /) -> tuple[Problem, ...]:
        return tuple(Problem(str(sorted(str(each["application"]) for each in applications))) for _ in [self.name])


def application(name: str, project: str) -> Resource:
    urn = f"{PREFIX}{APPLICATION}::dev/{name}"
    return Resource(urn=urn, type=APPLICATION, inputs={"application": name, "cluster": "dev", "project": project})


def item(name: str, parent: str) -> Resource:
    urn = f"{PREFIX}{APPLICATION}$kubernetes:core/v1:ConfigMap::dev/default/{name}"
    return Resource(urn=urn, type="kubernetes:core/v1:ConfigMap", custom=True, parent=parent)


WEB, DNS = application("web", "p"), application("dns", "q")
ROOT = Resource(urn=f"{PREFIX}pulumi:pulumi:Stack::fleet-dev", type="pulumi:pulumi:Stack")
PROVIDER = Resource(urn=f"{PREFIX}pulumi:providers:kubernetes::dev", type="pulumi:providers:kubernetes", custom=True)
A, B, C = item("a", WEB.urn), item("b", DNS.urn), item("c", ROOT.urn)
STATE = (ROOT, PROVIDER, WEB, DNS, A, B, C)


def scope(project: str | None = "p", included: bool = True) -> Scope:
    roster = Roster(Snapshot(resources=STATE), None)
    return Scope(lambda _: included, None if project is None else Project(project), roster)


def test_the_state_alone() -> None:
    about = scope()
    assert [each for each in STATE if about.resource(each)] == [ROOT, WEB, A]
    assert about.untouched() == {("dns", "dev")}
    assert about.destroyed() == frozenset()


def test_without_a_selection_everything_is_meant() -> None:
    about = scope(None)
    assert about.everything
    assert all(map(about.resource, STATE))
    assert about.untouched() == frozenset()
    assert about.unmet() == ()


def test_what_the_patterns_leave_out_is_not_meant() -> None:
    about = scope(included=False)
    assert [each for each in STATE if about.resource(each)] == [ROOT, WEB]


@pytest.mark.parametrize(("project", "meant"), [("p", [ROOT, WEB, DNS, A, B]), ("r", [ROOT, WEB, A])])
def test_the_programs_word_counts(project: str, meant: list[Resource]) -> None:
    about = scope()
    assert about.component(DNS.urn, APPLICATION, {**DNS.inputs, "project": Secret(project)}) is (project == "p")
    assert [each for each in STATE if about.resource(each)] == meant


def test_an_application_that_left_the_selection_is_left_alone() -> None:
    about = scope()
    assert not about.component(WEB.urn, APPLICATION, {**WEB.inputs, "project": "q"})
    assert not about.resource(A)
    assert not about.object(A.urn, WEB.urn)


def test_a_new_application_is_known_too() -> None:
    about = scope()
    about.component("urn:new", APPLICATION, {"application": "new", "cluster": "dev", "project": "q"})
    assert about.untouched() == {("dns", "dev"), ("new", "dev")}
    assert about.unmet() == (Problem("['dns', 'new', 'web']"),)


def test_components_that_are_no_applications_are_always_recorded() -> None:
    assert scope().component("urn:other", "my:index:Thing", {})


def test_a_component_in_an_application_is_meant_with_it() -> None:
    waves = [
        Resource(urn=f"{PREFIX}{APPLICATION}$fleet:index:Wave::{each.urn}", type="fleet:index:Wave", parent=each.urn)
        for each in (WEB, DNS, ROOT)
    ]
    about = scope()
    assert [about.resource(each) for each in waves] == [True, False, True]
    assert [about.component(each.urn, each.type, {}, each.parent) for each in waves] == [True, False, True]
    assert all(map(scope(None).resource, waves))


def test_what_is_destroyed() -> None:
    roster = Roster(Snapshot(resources=STATE), None)
    about = Scope(lambda _: True, Project("p"), roster)
    for each in (A, WEB, B, DNS):
        roster.remove(each)
    assert about.destroyed() == {("web", "dev")}


OUTPUTS: Mapping[str, Any] = {
    "deployed": {"web": {"dev": {"default": "2"}}, "dns": {"dev": {"default": "2"}}},
    "more": 1,
}
BEFORE: Mapping[str, Any] = {
    "deployed": {"dns": {"dev": {"default": "1"}, "prod": {"x": "1"}}, "gone": {"dev": {"default": "1"}}}
}


@pytest.mark.parametrize(
    ("untouched", "deployed"),
    [
        (set(), OUTPUTS["deployed"]),
        ({("dns", "dev")}, {"web": {"dev": {"default": "2"}}, "dns": {"dev": {"default": "1"}}}),
        ({("gone", "dev")}, {**OUTPUTS["deployed"], "gone": {"dev": {"default": "1"}}}),
        ({("web", "dev")}, {"dns": {"dev": {"default": "2"}}}),
    ],
    ids=["all", "kept", "gone from the program", "never deployed"],
)  # fmt: skip
def test_outputs_keep_what_is_said_of_untouched_applications(
    untouched: set[tuple[str, str]], deployed: Mapping[str, Any]
) -> None:
    assert outputs_beside(OUTPUTS, BEFORE, untouched) == {"deployed": deployed, "more": 1}


def test_outputs_of_other_programs_stay() -> None:
    assert outputs_beside({"a": 1}, BEFORE, {("dns", "dev")}) == {"a": 1}
    assert outputs_without({"deployed": "text"}, ()) == {"deployed": "text"}


def test_outputs_forget_what_is_destroyed() -> None:
    assert outputs_without(OUTPUTS, {("dns", "dev")}) == {"deployed": {"web": {"dev": {"default": "2"}}}, "more": 1}
