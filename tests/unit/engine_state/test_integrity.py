"""What must hold between resources, and bringing it about."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import integrity
from fleet.engine.state import Resource
from tests.unit.engine_state.strategies import doomed, graphs, keys, urn


def resource(name: str, **fields: object) -> Resource:
    return Resource(urn=urn(name), type="kubernetes:core/v1:ConfigMap", custom=True, **fields)  # type: ignore[arg-type]


PROVIDER = Resource(
    urn=urn("p", "pulumi:providers:kubernetes"), type="pulumi:providers:kubernetes", custom=True, id="1"
)
A, B = resource("a"), resource("b")


@pytest.mark.parametrize(
    ("resources", "problem"),
    [
        pytest.param([A, resource("b", parent=A.urn)], None, id="sound"),
        pytest.param([resource("b", parent=A.urn), A], "comes after it", id="child before parent"),
        pytest.param([resource("b", dependencies=(A.urn,))], "is missing", id="missing dependency"),
        pytest.param([resource("b", property_dependencies={"x": (A.urn,)})], "is missing", id="missing for a property"),
        pytest.param([resource("b", deleted_with=A.urn)], "is missing", id="missing deleted_with"),
        pytest.param([PROVIDER, resource("b", provider=PROVIDER.reference)], None, id="with its provider"),
        pytest.param(
            [resource("b", provider=PROVIDER.reference)], "does not come before it", id="without its provider"
        ),
        pytest.param([PROVIDER, resource("b", provider=f"{PROVIDER.urn}::2")], "does not come", id="another provider"),
        pytest.param(
            [resource("b", provider=PROVIDER.reference, pending_replacement=True)], None, id="one that is to come back"
        ),
        pytest.param([replace(PROVIDER, id="")], "a provider without an id", id="provider without id"),
        pytest.param([A, A], "is there 2 times", id="twice"),
        pytest.param([A, doomed(A), doomed(replace(A, id="x"))], None, id="twice, the others to be deleted"),
        pytest.param([replace(A, custom=False, id="x")], "no custom resource", id="component with an id"),
        pytest.param([replace(A, type="")], "has no type", id="no type"),
    ],
)
def test_violations(resources: list[Resource], problem: str | None) -> None:
    found = list(integrity.violations(resources))
    assert len(found) == (0 if problem is None else 1)
    assert problem is None or problem in found[0]


@given(graphs())
def test_what_is_in_order_stays_as_it_is(resources: tuple[Resource, ...]) -> None:
    assert integrity.settle(resources) == resources


@given(graphs().flatmap(st.permutations))
def test_any_order_is_put_right_and_nothing_is_lost(shuffled: list[Resource]) -> None:
    settled = integrity.settle(shuffled)
    assert not list(integrity.violations(settled))
    assert sorted(keys(settled)) == sorted(keys(shuffled))


@given(graphs(), st.sets(st.sampled_from("abcdefgh")))
def test_what_is_gone_is_no_longer_needed(resources: tuple[Resource, ...], gone: set[str]) -> None:
    kept = [each for each in resources if each.is_provider or each.urn[-1] not in gone]
    assert not list(integrity.violations(integrity.settle(kept)))


def test_a_chain_longer_than_the_stack_of_python() -> None:
    names = [f"n{number}" for number in range(2000)]
    chain = [resource("n0"), *(resource(b, dependencies=(urn(a),)) for a, b in itertools.pairwise(names))]
    assert [each.urn for each in integrity.settle(reversed(chain))] == [urn(name) for name in names]


def test_a_circle_ends() -> None:
    circle = [resource("a", dependencies=(urn("b"),)), resource("b", dependencies=(urn("a"),))]
    assert len(integrity.settle(circle)) == 2


def test_what_is_to_be_deleted_stands_behind_the_old_one_it_needs() -> None:
    old_parent, old_child = doomed(replace(A, id="1")), doomed(resource("b", parent=A.urn))
    settled = integrity.settle([old_child, A, old_parent])
    assert settled == (old_parent, old_child, A)


def test_references_follow_an_alias() -> None:
    new = resource("new", aliases=(A.urn,))
    provider = replace(PROVIDER, urn=urn("p2", "pulumi:providers:kubernetes"), aliases=(PROVIDER.urn,))
    child = resource(
        "c",
        parent=A.urn,
        deleted_with=A.urn,
        dependencies=(A.urn, B.urn),
        property_dependencies={"x": (A.urn,)},
        provider=PROVIDER.reference,
    )
    _, renamed_provider, renamed, _ = integrity.without_aliases([new, provider, child, B])
    assert renamed == resource(
        "c",
        parent=new.urn,
        deleted_with=new.urn,
        dependencies=(new.urn, B.urn),
        property_dependencies={"x": (new.urn,)},
        provider=renamed_provider.reference,
    )
    assert renamed_provider.aliases == ()


def test_without_an_alias_nothing_changes() -> None:
    assert integrity.without_aliases([A, B]) == (A, B)
