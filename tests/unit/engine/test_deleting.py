"""The order of deletions, and what has to stay."""

from hypothesis import given
from hypothesis import strategies as st

from fleet.engine.deleting import before, between, needed
from fleet.engine.state import Resource


def resource(name: str, *needs: str, deleted: bool = False) -> Resource:
    return Resource(urn=name, type="t", dependencies=needs, delete=deleted)


def order(doomed: list[Resource]) -> dict[str, set[str]]:
    """Return what must be gone before each, by name."""
    firsts = zip(doomed, before(doomed), strict=True)
    return {each.urn: {doomed[at].urn for at in first} for each, first in firsts}


def test_what_is_needed_goes_after_all_that_need_it() -> None:
    doomed = [resource("namespace"), resource("config", "namespace"), resource("app", "namespace", "config")]
    assert order(doomed) == {"namespace": {"config", "app"}, "config": {"app"}, "app": set()}


def test_what_nobody_needs_goes_at_once() -> None:
    assert order([resource("a"), resource("b")]) == {"a": set(), "b": set()}


@st.composite
def states(draw: st.DrawFn) -> list[Resource]:
    """Resources in which everything stands behind what it needs."""
    made: list[Resource] = []
    for position in range(draw(st.integers(0, 12))):
        needs = draw(st.lists(st.sampled_from([each.urn for each in made]), max_size=3)) if made else []
        made.append(resource(str(position), *needs))
    return made


@given(states())
def test_each_waits_for_exactly_those_that_need_it(doomed: list[Resource]) -> None:
    assert order(doomed) == {each.urn: {other.urn for other in doomed if each.urn in other.needs()} for each in doomed}


@given(st.lists(st.builds(resource, st.sampled_from("abc"), st.sampled_from("abc")), max_size=8))
def test_nothing_waits_for_itself_whatever_the_state_says(doomed: list[Resource]) -> None:
    for position, first in enumerate(before(doomed)):
        assert all(at > position for at in first)


def test_what_stays_keeps_what_it_needs_and_what_that_needs() -> None:
    doomed = [resource("provider"), resource("namespace", "provider"), resource("config", "namespace"), resource("x")]
    assert needed(doomed, [resource("app", "namespace")]) == {"provider": "app", "namespace": "app"}


def test_what_is_replaced_already_is_needed_by_nobody() -> None:
    assert needed([resource("a", deleted=True)], [resource("b", "a")]) == {}


def test_what_stays_in_between_is_come_to() -> None:
    """Of three waves, something of the first and something of the last go."""
    staying = [
        resource("b"),
        resource("one", "a", "b"),
        resource("c", "one"),
        resource("two", "c"),
        resource("e", "two"),
    ]
    doomed = [resource("a"), resource("d", "two")]
    assert [each.urn for each in between(doomed, staying)] == ["one", "c", "two"]


@given(states(), st.sets(st.integers(0, 11)))
def test_what_is_doomed_is_ordered_as_if_everything_were(everything: list[Resource], chosen: set[int]) -> None:
    doomed = [each for position, each in enumerate(everything) if position in chosen]
    staying = [each for each in everything if each not in doomed]
    passed = {each.urn for each in between(doomed, staying)}
    come_to = [each for each in everything if each in doomed or each.urn in passed]
    wanted, found = reaching(everything), reaching(come_to)
    going = {each.urn for each in doomed}
    assert {urn: found[urn] & going for urn in going} == {urn: wanted[urn] & going for urn in going}
    assert all(found[urn] & going and any(urn in found[other] for other in going) for urn in passed)


def reaching(resources: list[Resource]) -> dict[str, set[str]]:
    """Return what each needs, directly or not, among them."""
    found: dict[str, set[str]] = {}
    for each in resources:
        direct = {urn for urn in each.needs() if urn in found}
        found[each.urn] = direct.union(*(found[urn] for urn in direct))
    return found
