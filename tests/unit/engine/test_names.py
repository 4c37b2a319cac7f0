"""URNs of a run, and the names under which the state may know a resource."""

import pytest

from fleet.engine.goal import AliasSpec, Goal
from fleet.engine.names import Names
from fleet.errors import FleetError

ROOT = "urn:pulumi:dev::fleet::pulumi:pulumi:Stack::fleet-dev"
APP = "urn:pulumi:dev::fleet::fleet:index:Application::dev/web"


def object_goal(name: str = "dev/default/web", *aliases: AliasSpec, parent: str = APP) -> Goal:
    return Goal("kubernetes:apps/v1:Deployment", name, custom=True, parent=parent, aliases=aliases)


def test_the_urn_holds_the_types_of_the_parents_and_not_their_names() -> None:
    names = Names("dev", "fleet")
    urn = "urn:pulumi:dev::fleet::fleet:index:Application$kubernetes:apps/v1:Deployment::dev/default/web"
    assert names.give(object_goal()) == urn


def test_the_stack_is_no_part_of_the_chain() -> None:
    assert (
        Names("dev", "fleet").give(Goal("a:b:C", "x", custom=False, parent=ROOT)) == "urn:pulumi:dev::fleet::a:b:C::x"
    )


def test_two_resources_of_one_name_are_refused() -> None:
    names = Names("dev", "fleet")
    names.give(object_goal())
    with pytest.raises(FleetError, match="registers two resources of type kubernetes:apps/v1:Deployment"):
        names.give(object_goal())


@pytest.mark.parametrize(
    ("alias", "former"),
    [
        (AliasSpec(urn="urn:x"), "urn:x"),
        (
            AliasSpec(type="kubernetes:extensions/v1beta1:Deployment"),
            "urn:pulumi:dev::fleet::fleet:index:Application$kubernetes:extensions/v1beta1:Deployment::dev/default/web",
        ),
        (
            AliasSpec(name="old"),
            "urn:pulumi:dev::fleet::fleet:index:Application$kubernetes:apps/v1:Deployment::old",
        ),
        (AliasSpec(no_parent=True), "urn:pulumi:dev::fleet::kubernetes:apps/v1:Deployment::dev/default/web"),
    ],
    ids=["urn", "type", "name", "no parent"],
)
def test_an_alias_finds_what_the_state_knows_under_it(alias: AliasSpec, former: str) -> None:
    names = Names("dev", "fleet")
    goal = object_goal("dev/default/web", alias)
    assert names.find(names.give(goal), goal, {former: "found"}) == "found"


def test_what_one_resource_was_no_other_one_can_have_been() -> None:
    names = Names("dev", "fleet")
    state = {"urn:pulumi:dev::fleet::fleet:index:Application$kubernetes:apps/v1:Deployment::old": "found"}
    first, second = object_goal("new", AliasSpec(name="old")), object_goal("old")
    assert names.find(names.give(first), first, state) == "found"
    assert names.find(names.give(second), second, state) is None


def test_children_follow_a_parent_that_was_renamed() -> None:
    names = Names("dev", "fleet")
    parent = Goal("a:b:New", "new", custom=False, aliases=(AliasSpec(type="a:b:Old", name="old"),))
    urn = names.give(parent)
    names.find(urn, parent, {"urn:pulumi:dev::fleet::a:b:Old::old": "parent"})
    child = Goal("c:d:E", "new-child", custom=False, parent=urn)
    state = {"urn:pulumi:dev::fleet::a:b:Old$c:d:E::old-child": "child"}
    assert names.find(names.give(child), child, state) == "child"
