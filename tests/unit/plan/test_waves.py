"""Waves: who waits for whom, with how many dependencies, and for which objects readiness is waited for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fleet import Destination, SyncPolicy
from fleet.model.manifest import Manifest
from fleet.model.plan import ClusterPlan, PlannedObject
from fleet.plan.finish import finish
from fleet.plan.hooks import Turn, turn
from fleet.plan.order import MOST_DIRECT
from tests.unit.plan.build import application, by_name, crd, manifest, plan, rendered

WAVE, HOOK = "argocd.argoproj.io/sync-wave", "argocd.argoproj.io/hook"
WAIT_FOR, SKIP = "pulumi.com/waitFor", "pulumi.com/skipAwait"
IS_THERE, HAS_ADDRESS = "jsonpath={.metadata.uid}", "jsonpath={.status.loadBalancer.ingress}"
ADDRESSED = {"type": "LoadBalancer"}


def config(name: str, wave: int | None = None, hook: str | None = None) -> Manifest:
    return manifest("ConfigMap", name, annotations=in_wave(wave, hook))


def in_wave(wave: int | None = None, hook: str | None = None, **others: str) -> dict[str, str]:
    return {**({} if wave is None else {WAVE: str(wave)}), **({} if hook is None else {HOOK: hook}), **others}


def waits_for(cluster: ClusterPlan) -> dict[str, list[str]]:
    """Return whom each object depends on, by name; of a barrier, its name."""
    return {each.manifest.name: list(_needs(each, cluster)) for each in cluster.objects}


def _needs(planned: PlannedObject, cluster: ClusterPlan) -> Iterator[str]:
    yield from (cluster.objects[position].manifest.name for position in planned.depends_on)
    if planned.barrier is not None:
        yield cluster.barriers[planned.barrier].name


def test_each_wave_waits_for_the_one_before() -> None:
    given_objects = [config("late", 7), config("b"), config("early", -3), config("a", 0), config("later", 8)]
    cluster = plan(rendered(application(), *given_objects))
    assert list(waits_for(cluster).items()) == [
        ("early", []),
        ("a", ["early"]),
        ("b", ["early"]),
        ("late", ["a", "b"]),
        ("later", ["late"]),
    ]
    assert cluster.barriers == ()


def test_hooks_and_waves_together() -> None:
    """As in Argo CD: phases first; within one, hooks and other objects by wave alike."""
    given_objects = [
        config("after", -9, "PostSync"),
        config("last", 2),
        config("middle-hook", 1, "Sync"),
        config("middle", 1),
        config("first", 0),
        config("before", 5, "PreSync"),
        config("before-that", -5, "PreSync"),
    ]
    assert list(waits_for(plan(rendered(application(), *given_objects))).items()) == [
        ("before-that", []),
        ("before", ["before-that"]),
        ("first", ["before"]),
        ("middle", ["first"]),
        ("middle-hook", ["first"]),
        ("last", ["middle", "middle-hook"]),
        ("after", ["last"]),
    ]


def test_one_wave_whatever_its_number_waits_for_nothing() -> None:
    assert waits_for(plan(rendered(application(), config("a", 3), config("b", 3)))) == {"a": [], "b": []}


def test_applications_do_not_wait_for_each_other() -> None:
    one = rendered(application("one"), config("a", 0), config("b", 1))
    two = rendered(application("two"), config("c", 0), config("d", 1))
    assert waits_for(plan(one, two)) == {"a": [], "c": [], "b": ["a"], "d": ["c"]}


def test_two_destinations_in_a_cluster_are_one_application() -> None:
    app = application("web", Destination("dev", namespace="a"), Destination("dev", namespace="b"))
    objects = plan(rendered(app, config("x", 0), config("y", 1))).objects
    assert [(each.name, each.depends_on) for each in objects] == [
        ("dev/a/x", ()),
        ("dev/b/x", ()),
        ("dev/a/y", (0, 1)),
        ("dev/b/y", (0, 1)),
    ]


def test_namespaces_and_definitions_have_no_wave() -> None:
    sync = SyncPolicy(prune=True, create_namespace=True)
    app = application("web", Destination("dev", namespace="shop"), sync=sync)
    widget = manifest("Widget", "w", api_version="example.com/v1", annotations=in_wave(-1))
    assert waits_for(plan(rendered(app, widget, config("a", 0), crd("example.com", "Widget")))) == {
        "shop": [],
        "widgets.example.com": [],
        "w": ["shop", "widgets.example.com"],
        "a": ["shop", "widgets.example.com", "w"],
    }


def test_large_waves_have_a_barrier_between_them() -> None:
    size = MOST_DIRECT + 1
    objects = [config(f"{wave}-{number}", wave) for wave in (-1, 0) for number in range(size)]
    cluster = plan(rendered(application(), *objects, config("last", 1)))
    found = waits_for(cluster)
    assert {name: needs for name, needs in found.items() if name != "last"} == {
        **{f"-1-{number}": [] for number in range(size)},
        **{f"0-{number}": ["dev/web/Sync/-1"] for number in range(size)},
    }
    assert found["last"] == [f"0-{number}" for number in range(size)]
    (barrier,) = cluster.barriers
    assert (barrier.application, barrier.depends_on) == ("web", tuple(range(size)))


@pytest.mark.parametrize("size", [1_000, 2_000])
def test_dependencies_grow_with_the_objects(size: int) -> None:
    objects = [config(f"{wave}-{number}", wave) for wave in (0, 1) for number in range(size)]
    assert edges(plan(rendered(application(), *objects))) == 2 * size


def edges(cluster: ClusterPlan) -> int:
    of_objects = sum(len(each.depends_on) + (each.barrier is not None) for each in cluster.objects)
    return of_objects + sum(len(each.depends_on) for each in cluster.barriers)


WAVES = some.integers(-1, 1)
HOOKS = some.sampled_from([None, None, "PreSync", "Sync", "PostSync"])
KINDS = some.sampled_from(["ConfigMap", "ConfigMap", "ConfigMap", "Namespace", "CustomResourceDefinition"])
# Each so many times, so that there are barriers too.
TIMES = some.integers(1, 2 * MOST_DIRECT)
OBJECTS = some.lists(some.tuples(KINDS, WAVES, HOOKS, some.sampled_from("aab"), TIMES), max_size=12)


@given(OBJECTS)
def test_the_laws_of_order(given_objects: list[tuple[str, int, str | None, str, int]]) -> None:
    """What is registered comes in the order of turns, waits for all of every earlier turn, and for little at once."""
    held: dict[str, list[Manifest]] = {"a": [], "b": []}
    one_by_one = [each for each in given_objects for _ in range(each[-1])]
    for position, (kind, wave, hook, app, _) in enumerate(one_by_one):
        if kind == "CustomResourceDefinition":
            held[app].append(crd("example.com", f"Kind{position}"))
        else:
            space = None if kind == "Namespace" else "default"
            held[app].append(manifest(kind, f"o{position}", namespace=space, annotations=in_wave(wave, hook)))
    anything = SyncPolicy(allow_empty=True, prune=True)
    wanted = [
        each for name, manifests in held.items() for each in rendered(application(name, sync=anything), *manifests)
    ]
    (cluster,) = finish(wanted)
    reached = everything_before(cluster)
    for name in held:
        turns = {position: turn_of(each) for position, each in enumerate(cluster.objects) if each.application == name}
        for position, own in turns.items():
            earlier = {other for other, theirs in turns.items() if theirs and own and theirs < own}
            assert earlier <= reached[position]
            assert all(other < position for other in earlier)
    assert edges(cluster) <= 2 * (MOST_DIRECT + 1) * len(cluster.objects)


def turn_of(planned: PlannedObject) -> Turn | None:
    """Return the object's turn; None for namespaces and definitions."""
    return None if planned.manifest.kind in ("Namespace", "CustomResourceDefinition") else turn(planned.manifest)


def everything_before(cluster: ClusterPlan) -> Mapping[int, frozenset[int]]:
    """Return the positions that each object waits for, directly or not; fails for one that comes later."""
    found: dict[int, frozenset[int]] = {}
    for position, each in enumerate(cluster.objects):
        behind = () if each.barrier is None else cluster.barriers[each.barrier].depends_on
        needed = frozenset((*each.depends_on, *behind))
        assert all(other < position for other in needed)
        found[position] = needed.union(*(found[other] for other in needed))
    return found


def test_what_something_comes_after_is_waited_for() -> None:
    deployments = [
        manifest("Deployment", name, api_version="apps/v1", annotations=in_wave(wave))
        for name, wave in (("a", 0), ("b", 1))
    ]
    objects = by_name(plan(rendered(application(), *deployments)))
    early, late = objects["Deployment.apps default/a"], objects["Deployment.apps default/b"]
    assert (early.waits, early.awaited_by, early.manifest.annotations.get(WAIT_FOR)) == (True, "Sync wave 1", None)
    assert (late.waits, late.awaited_by, late.manifest.annotations.get(WAIT_FOR)) == (False, "", IS_THERE)


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        pytest.param(None, (True, False), id="as Argo CD does"),
        pytest.param(True, (True, True), id="everything"),
        pytest.param(False, (False, False), id="nothing"),
    ],
)
def test_the_application_says_what_is_waited_for(wait: bool | None, expected: tuple[bool, bool]) -> None:
    deployments = [
        manifest("Deployment", name, api_version="apps/v1", annotations=in_wave(wave))
        for name, wave in (("a", 0), ("b", 1))
    ]
    cluster = plan(rendered(application(wait=wait), *deployments))
    assert tuple(each.waits for each in cluster.objects) == expected
    assert cluster.objects[1].depends_on == (0,), "the order stays"


@pytest.mark.parametrize(
    ("given_object", "expected", "awaited"),
    [
        pytest.param(manifest("ConfigMap", "a"), None, False, id="nobody waits for a ConfigMap"),
        pytest.param(manifest("Secret", "a"), IS_THERE, False, id="nor for a Secret"),
        pytest.param(manifest("ServiceAccount", "a"), IS_THERE, False, id="nor for an account"),
        pytest.param(manifest("Service", "a"), IS_THERE, False, id="a Service: its pods may be of a later wave"),
        pytest.param(manifest("Service", "a", spec=ADDRESSED), HAS_ADDRESS, True, id="a Service with an address"),
        pytest.param(
            manifest("Ingress", "a", api_version="networking.k8s.io/v1"), HAS_ADDRESS, True, id="an Ingress has one"
        ),
        pytest.param(manifest("StatefulSet", "a", api_version="apps/v1"), None, True, id="the provider knows it"),
        pytest.param(
            manifest("ReplicaSet", "a", api_version="apps/v1"),
            "jsonpath={.status.availableReplicas}=1",
            True,
            id="the provider does not know it",
        ),
        pytest.param(manifest("Cluster", "a", api_version="db.example.com/v1"), None, True, id="a custom resource"),
        pytest.param(
            manifest("Role", "a", api_version="rbac.authorization.k8s.io/v1"), None, False, id="a kind without status"
        ),
        pytest.param(
            manifest("ConfigMap", "a", annotations={WAIT_FOR: "condition=Ready"}),
            "condition=Ready",
            True,
            id="asked to",
        ),
        pytest.param(
            manifest("Deployment", "a", api_version="apps/v1", annotations={SKIP: "true"}),
            None,
            False,
            id="asked not to",
        ),
    ],
)
@pytest.mark.parametrize("wait", [None, True])
def test_what_ready_means_between_waves(
    wait: bool | None, given_object: Manifest, expected: str | None, awaited: bool
) -> None:
    objects = plan(rendered(application(wait=wait), given_object, config("after", 1))).objects
    (planned,) = (each for each in objects if each.manifest.name == "a")
    assert planned.manifest.annotations.get(WAIT_FOR) == expected
    assert planned.awaited_by == ("Sync wave 1" if awaited else "")


def test_what_a_hook_comes_after_is_waited_for() -> None:
    after = config("after", hook="PostSync")
    objects = by_name(plan(rendered(application(), manifest("Deployment", "a", api_version="apps/v1"), after)))
    found = objects["Deployment.apps default/a"]
    assert (found.turn, found.awaited_by) == ("Sync wave 0", "PostSync wave 0")
    assert objects["ConfigMap default/after"].turn == "PostSync wave 0"


def test_an_application_of_one_wave_says_nothing_of_it() -> None:
    (planned,) = plan(rendered(application(), config("a", 3))).objects
    assert (planned.turn, planned.awaited_by) == ("", "")
