"""The order of deletions."""

from hypothesis import given
from hypothesis import strategies as st

from fleet.engine.deleting import generations
from fleet.engine.state import Resource


def resource(name: str, *needs: str) -> Resource:
    return Resource(urn=name, type="t", dependencies=needs)


def names(groups: list[list[Resource]]) -> list[list[str]]:
    return [[each.urn for each in group] for group in groups]


def test_what_is_needed_goes_last() -> None:
    doomed = [resource("namespace"), resource("config", "namespace"), resource("app", "namespace", "config")]
    assert names(generations(doomed)) == [["app"], ["config"], ["namespace"]]


def test_what_nobody_needs_goes_at_once() -> None:
    assert names(generations([resource("a"), resource("b")])) == [["a", "b"]]


@st.composite
def states(draw: st.DrawFn) -> list[Resource]:
    """Resources in which everything stands behind what it needs."""
    made: list[Resource] = []
    for position in range(draw(st.integers(0, 12))):
        needs = draw(st.lists(st.sampled_from([each.urn for each in made]), max_size=3)) if made else []
        made.append(resource(str(position), *needs))
    return made


@given(states())
def test_nothing_is_deleted_before_what_needs_it(doomed: list[Resource]) -> None:
    groups = generations(doomed)
    rank = {each.urn: number for number, group in enumerate(groups) for each in group}
    assert sorted(rank) == sorted(each.urn for each in doomed)
    assert all(rank[each.urn] < rank[needed] for each in doomed for needed in each.needs())
