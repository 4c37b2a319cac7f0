"""What goes from a cluster before the program has ended."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleet.engine.clusters import Cluster
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.provider import Provider
from fleet.engine.pruning import Pruning
from fleet.engine.roster import Roster
from fleet.engine.state import Resource, Snapshot

WEB, SHOP, OLD = (Resource(urn=name, type="fleet:index:Application") for name in ("web", "shop", "old"))


def thing(urn: str, parent: str, *needs: str, protect: bool = False) -> Resource:
    return Resource(
        urn=urn, type="kubernetes:core/v1:Thing", custom=True, parent=parent, dependencies=needs, protect=protect
    )


class Run:
    """A run that has two applications in one cluster, and what the state holds of them."""

    def __init__(self, *things: Resource, counts: bool = False) -> None:
        self.removed: list[str] = []
        self.roster = Roster(Snapshot(resources=(WEB, SHOP, OLD, *things)), None)
        self.roster.put(WEB)
        self.roster.put(SHOP)
        self.pruning = Pruning(self.roster, lambda _: True, None if counts else self.remove)
        self.cluster = self.make_cluster("dev")
        for each in ("web", "shop"):
            self.pruning.begun(each, self.cluster)

    @staticmethod
    def make_cluster(name: str) -> Cluster:
        return Cluster(name, Provider(ProviderInputs(name=name, base_dir=Path("/"))), lambda _: None)

    async def remove(self, left: Sequence[Resource]) -> None:
        self.removed += [each.urn for each in left]

    def left(self) -> list[str]:
        return [each.urn for each in self.pruning.left() if each.custom]


async def test_a_cluster_is_pruned_when_the_last_of_its_applications_is_through() -> None:
    run = Run(thing("a", "web"), thing("b", "shop"), thing("c", "shop"))
    run.roster.put(thing("c", "shop"))
    run.pruning.begun("far", run.make_cluster("prod"))
    run.pruning.ended("web")
    await run.pruning.settle()
    assert run.removed == []
    run.pruning.ended("shop")
    await run.pruning.settle()
    assert (run.removed, run.left()) == (["a", "b"], [])


async def test_what_was_tried_is_not_tried_again() -> None:
    run = Run(thing("a", "web"))
    for each in ("web", "shop", "shop", "unheard-of"):
        run.pruning.ended(each)
    await run.pruning.settle()
    assert (run.removed, run.left()) == (["a"], [])


@pytest.mark.parametrize(
    ("things", "removed", "left"),
    [
        pytest.param((thing("a", "old"), thing("b", "web")), ["b"], ["a"], id="whole-applications-wait"),
        pytest.param((thing("a", "web"), thing("b", "old", "a")), [], ["a", "b"], id="what-they-need-waits"),
        pytest.param((thing("a", "web", protect=True), thing("b", "web")), [], ["a", "b"], id="all-beside-protected"),
    ],
)
async def test_the_rest_waits_for_the_end(things: Sequence[Resource], removed: list[str], left: list[str]) -> None:
    run = Run(*things)
    run.pruning.ended("web")
    run.pruning.ended("shop")
    await run.pruning.settle()
    assert (run.removed, run.left()) == (removed, left)


async def test_where_deletions_are_counted_all_wait() -> None:
    run = Run(thing("a", "web"), counts=True)
    run.pruning.ended("web")
    run.pruning.ended("shop")
    await asyncio.wait_for(run.pruning.settle(), 5)
    assert (run.removed, run.left()) == ([], ["a"])
