"""What a program brings to its clusters, for objects that need it and come first."""

import asyncio
from typing import Any

import pytest

from fleet.engine import arrivals
from fleet.engine.arrivals import Arrivals

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "web"}}
ROPE = {"apiVersion": "example.com/v1", "kind": "Rope", "metadata": {"name": "a"}}
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "ropes.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "ropes", "kind": "Rope"},
        "versions": [{"name": "v1", "served": True}, {"name": "v1beta1", "served": False}],
    },
}


@pytest.mark.parametrize(
    ("brought", "thing", "expected"),
    [
        (NAMESPACE, arrivals.namespace_of(OBJECT), True),
        (CRD, arrivals.kind_of(ROPE), True),
        (CRD, arrivals.kind_of({**ROPE, "apiVersion": "example.com/v1beta1"}), False),
        (OBJECT, arrivals.namespace_of(OBJECT), False),
        ({**NAMESPACE, "apiVersion": "example.com/v1"}, arrivals.namespace_of(OBJECT), False),
    ],
    ids=["a namespace", "a kind", "a version that is not served", "anything else", "another kind of this name"],
)
def test_some_objects_bring_what_others_need(brought: dict[str, Any], thing: arrivals.Thing, expected: bool) -> None:
    arrived = Arrivals(lambda: 0, asyncio.Event())
    arrived.note("hub", brought)
    assert arrived.has("hub", thing) is expected
    assert not arrived.has("dev", thing)


async def test_it_is_waited_for_while_something_is_under_way() -> None:
    at_work = 2
    arrived = Arrivals(lambda: at_work, asyncio.Event())
    waiting = asyncio.ensure_future(arrived.wait("hub", arrivals.namespace_of(OBJECT)))
    await asyncio.sleep(0)
    assert not waiting.done()
    arrived.note("hub", NAMESPACE)
    assert await waiting


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "nothing under way"])
async def test_it_is_waited_for_no_longer_than_that(stopped: bool) -> None:
    stop = asyncio.Event()
    if stopped:
        stop.set()
    arrived = Arrivals(lambda: 5 if stopped else 1, stop, patience_s=0.05)
    assert not await arrived.wait("hub", arrivals.namespace_of(OBJECT))
