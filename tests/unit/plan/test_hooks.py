"""When objects have their turn, and what becomes of those that never have one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fleet import Destination, SyncPolicy
from fleet.errors import PlanError
from fleet.model.manifest import Manifest
from fleet.plan.finish import finish
from fleet.plan.hooks import Phase, Turn, is_hook, notices, runs_once, turn
from tests.unit.plan.build import application, by_name, crd, manifest, plan, rendered

ARGO, HELM = "argocd.argoproj.io/hook", "helm.sh/hook"
WAVE, WEIGHT = "argocd.argoproj.io/sync-wave", "helm.sh/hook-weight"
PRE, SYNC, POST = Turn(Phase.PRE_SYNC), Turn(), Turn(Phase.POST_SYNC)


def job(name: str = "j", **annotations: str) -> Manifest:
    return manifest("Job", name, api_version="batch/v1", annotations=annotations, spec={"backoffLimit": 1})


def hook(name: str, time: str, weight: int = 0, kind: str = "Job", **fields: Any) -> Manifest:
    api_version = "batch/v1" if kind == "Job" else "v1"
    annotations = {HELM: time, WEIGHT: str(weight)}
    return manifest(kind, name, api_version=api_version, annotations=annotations, **fields)


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        pytest.param({}, SYNC, id="no hook"),
        pytest.param({HELM: "pre-install"}, PRE, id="pre-install"),
        pytest.param({HELM: "pre-upgrade"}, PRE, id="pre-upgrade"),
        pytest.param({HELM: "post-install"}, POST, id="post-install"),
        pytest.param({HELM: "post-upgrade"}, POST, id="post-upgrade"),
        pytest.param({HELM: " pre-install , pre-upgrade,"}, PRE, id="several with one meaning"),
        pytest.param({HELM: "post-install,pre-upgrade"}, PRE, id="the first of several turns"),
        pytest.param({HELM: "pre-install,pre-delete"}, PRE, id="a deletion beside it"),
        pytest.param({HELM: "crd-install"}, SYNC, id="crd-install is no hook"),
        pytest.param({HELM: "crd-install,pre-install"}, PRE, id="unless it is one of several"),
        pytest.param({HELM: "test"}, None, id="test"),
        pytest.param({HELM: "test-success"}, None, id="test of Helm 2"),
        pytest.param({HELM: "pre-rollback,post-rollback"}, None, id="rollback"),
        pytest.param({HELM: "pre-delete"}, None, id="pre-delete"),
        pytest.param({HELM: ""}, None, id="nothing, to Helm"),
        pytest.param({ARGO: "PreSync"}, PRE, id="PreSync"),
        pytest.param({ARGO: "Sync"}, SYNC, id="Sync"),
        pytest.param({ARGO: "PostSync"}, POST, id="PostSync"),
        pytest.param({ARGO: "PostSync,SyncFail"}, POST, id="SyncFail beside it"),
        pytest.param({ARGO: "SyncFail"}, None, id="SyncFail"),
        pytest.param({ARGO: "Skip"}, None, id="Skip"),
        pytest.param({ARGO: "Skip,PreSync"}, PRE, id="Skip counts alone only"),
        pytest.param({ARGO: "PreDelete"}, None, id="PreDelete"),
        pytest.param({ARGO: "PostDelete"}, None, id="PostDelete"),
        pytest.param({ARGO: ""}, None, id="nothing, to Argo CD"),
        pytest.param({ARGO: "presync"}, None, id="no time that there is"),
        pytest.param({ARGO: "PostSync", HELM: "pre-install"}, POST, id="Argo CD's own comes first"),
        pytest.param({ARGO: "PreDelete", HELM: "pre-install"}, PRE, id="where it says something of syncs"),
        pytest.param({ARGO: "SyncFail", HELM: "pre-install"}, None, id="which SyncFail is"),
        pytest.param({ARGO: "Skip", HELM: "pre-install"}, None, id="and Skip"),
        pytest.param({ARGO: "PreSync", HELM: "crd-install"}, PRE, id="also beside crd-install"),
        pytest.param({ARGO: "PreSync", WAVE: "-3"}, Turn(Phase.PRE_SYNC, -3), id="wave"),
        pytest.param({ARGO: "PreSync", WAVE: "2", WEIGHT: "5"}, Turn(Phase.PRE_SYNC, 2), id="wave before weight"),
        pytest.param({HELM: "pre-install", WEIGHT: "+7"}, Turn(Phase.PRE_SYNC, 7), id="weight"),
        pytest.param({HELM: "pre-install", WAVE: "a", WEIGHT: "7"}, Turn(Phase.PRE_SYNC, 7), id="a wave that is none"),
        pytest.param({HELM: "pre-install", WEIGHT: "1.5"}, PRE, id="a weight that is none"),
        pytest.param({WAVE: "5"}, Turn(Phase.SYNC, 5), id="the wave of what is no hook"),
        pytest.param({WAVE: " 5"}, SYNC, id="a wave with a space, which is no number to Go"),
        pytest.param({WEIGHT: "-5"}, Turn(Phase.SYNC, -5), id="the weight of what is no hook, as with Argo CD"),
        pytest.param({ARGO: "Sync", WAVE: "5"}, Turn(Phase.SYNC, 5), id="the wave of a Sync hook"),
    ],
)
def test_when_an_object_has_its_turn(annotations: dict[str, str], expected: Turn | None) -> None:
    assert turn(job(**annotations)) == expected


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [({}, False), ({HELM: "crd-install"}, False), ({ARGO: "Skip"}, False), ({HELM: "test"}, True), ({ARGO: "x"}, True)],
)
def test_what_a_hook_is(annotations: dict[str, str], expected: bool) -> None:
    assert is_hook(job(**annotations)) is expected


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({ARGO: "SyncFail"}, "is left out: it is a hook for SyncFail, and nothing runs here when a deployment fails"),
        ({ARGO: "PreDelete"}, "is left out: it is a hook for PreDelete, and nothing runs here when an application go"),
        ({HELM: "post-delete"}, "is left out: it is a hook for post-delete, and nothing runs here when an applicatio"),
        ({HELM: "test,pre-delete"}, "is left out: it is a hook for test, pre-delete, and nothing runs here when an a"),
        ({ARGO: "presync"}, "is left out: it is a hook for presync, which is no time that Argo CD knows"),
        ({HELM: ""}, "is left out: it is a hook for nothing, which is no time that Argo CD knows"),
        ({ARGO: "PreSync,PostSync"}, "is deployed once, in phase PreSync: a hook (PreSync, PostSync) has one turn he"),
    ],
)
def test_what_argo_cd_would_do_is_told_once(annotations: dict[str, str], expected: str) -> None:
    both = rendered(application("web", "dev", "prod"), job(**annotations))
    (told,) = notices(both)
    assert told.startswith(f"web: Job.batch j {expected}")


@pytest.mark.parametrize(
    "annotations",
    [{}, {HELM: "test"}, {HELM: "pre-rollback"}, {ARGO: "Skip"}, {HELM: "pre-install,pre-delete"}, {ARGO: "Sync"}],
)
def test_what_argo_cd_does_too_is_not_told(annotations: dict[str, str]) -> None:
    assert notices(rendered(application(), job(**annotations))) == ()


def test_a_chart_with_hooks_in_order() -> None:
    sync = SyncPolicy(prune=True, create_namespace=True)
    objects = plan(
        rendered(
            application("shop", Destination("dev", namespace="shop"), sync=sync),
            hook("done", "post-install,post-upgrade", 5),
            hook("migrate", "pre-install,pre-upgrade", 1),
            hook("settings", "pre-install", -5, kind="ConfigMap"),
            hook("runner", "pre-install", -5, kind="ServiceAccount"),
            hook("announce", "post-install", 5),
            hook("warm-up", "post-install", -1),
            hook("try", "test"),
            manifest("ConfigMap", "web"),
            manifest("Deployment", "web", api_version="apps/v1"),
            crd("example.com", "Widget"),
        ),
        rendered(application("blog", Destination("dev", namespace="shop"), sync=sync), manifest("Secret", "blog")),
    ).objects
    names = [f"{each.application} {each.manifest.kind} {each.manifest.name}" for each in objects]
    waits = {name: [names[before] for before in each.depends_on] for name, each in zip(names, objects, strict=True)}
    namespace, definition = "blog Namespace shop", "shop CustomResourceDefinition widgets.example.com"
    first = ["shop ServiceAccount runner", "shop ConfigMap settings"]
    rest = ["shop ConfigMap web", "shop Deployment web"]
    assert list(waits.items()) == [
        (namespace, []),
        (definition, []),
        (first[0], [namespace, definition]),
        (first[1], [namespace, definition]),
        ("shop Job migrate", [namespace, *first]),
        ("blog Secret blog", [namespace]),
        (rest[0], [namespace, "shop Job migrate"]),
        (rest[1], [namespace, "shop Job migrate"]),
        ("shop Job warm-up", [namespace, *rest]),
        ("shop Job announce", [namespace, "shop Job warm-up"]),
        ("shop Job done", [namespace, "shop Job warm-up"]),
    ]


def test_hooks_alone() -> None:
    objects = plan(rendered(application(), hook("b", "post-install"), hook("a", "pre-install"))).objects
    assert [(each.manifest.name, each.depends_on) for each in objects] == [("a", ()), ("b", (0,))]


def test_what_comes_after_a_definition_only() -> None:
    objects = plan(rendered(application(), hook("b", "post-install"), crd("example.com", "Widget"))).objects
    assert [(each.manifest.kind, each.depends_on) for each in objects] == [
        ("CustomResourceDefinition", ()),
        ("Job", (0,)),
    ]


def test_a_namespace_and_a_definition_come_first_though_they_are_hooks() -> None:
    late = manifest("Namespace", "n", annotations={HELM: "post-install"})
    objects = plan(rendered(application(), late, hook("a", "pre-install", namespace="n"))).objects
    assert [(each.manifest.kind, each.depends_on) for each in objects] == [("Namespace", ()), ("Job", (0,))]


def test_both_namespaces_of_one_application_wait_for_its_hooks() -> None:
    app = application("web", Destination("dev", namespace="a"), Destination("dev", namespace="b"))
    cluster = plan(rendered(app, hook("h", "pre-install"), manifest("ConfigMap", "c")))
    assert [(each.name, each.depends_on) for each in cluster.objects] == [
        ("dev/a/h", ()),
        ("dev/b/h", ()),
        ("dev/a/c", (0, 1)),
        ("dev/b/c", (0, 1)),
    ]


TIMES = some.sampled_from([None, "pre-install", "post-install", "pre-install,post-upgrade", "test"])
KINDS = some.sampled_from(["Namespace", "ConfigMap", "Job", "Widget", "CustomResourceDefinition"])


@given(some.lists(some.tuples(KINDS, TIMES, some.integers(-2, 2), some.sampled_from(["a", "b"])), max_size=12))
def test_nothing_waits_for_what_comes_later(given_objects: list[tuple[str, str | None, int, str]]) -> None:
    """Whatever two applications have in each other's namespaces."""
    held: dict[str, list[Manifest]] = {"a": [], "b": []}
    for position, (kind, time, weight, app) in enumerate(given_objects):
        if kind == "CustomResourceDefinition":
            held[app].append(crd("example.com", f"Kind{position}"))
            continue
        name = {"Namespace": "ab"[position % 2]}.get(kind, f"o{position}")
        other = "b" if app == "a" else "a"
        namespace = None if kind == "Namespace" else other
        annotations = {} if time is None else {HELM: time, WEIGHT: str(weight)}
        version = {"Job": "batch/v1", "Widget": "example.com/v1"}.get(kind, "v1")
        held[app].append(manifest(kind, name, api_version=version, namespace=namespace, annotations=annotations))
    anything = SyncPolicy(allow_empty=True, prune=True)
    wanted = [
        each for name, manifests in held.items() for each in rendered(application(name, sync=anything), *manifests)
    ]
    try:
        (cluster,) = finish(wanted)
    except PlanError:
        return
    for position, planned in enumerate(cluster.objects):
        assert all(before < position for before in planned.depends_on)


@pytest.mark.parametrize(
    ("given_object", "expected"),
    [
        pytest.param(job(**{ARGO: "PreSync"}), True, id="a Job"),
        pytest.param(manifest("Pod", "p", annotations={ARGO: "PostSync"}), True, id="a Pod"),
        pytest.param(manifest("ConfigMap", "c", annotations={ARGO: "PreSync"}), False, id="a ConfigMap"),
        pytest.param(job(), False, id="a Job that is none"),
        pytest.param(
            manifest("Job", "j", api_version="example.com/v1", annotations={ARGO: "PreSync"}), False, id="other"
        ),
    ],
)
@pytest.mark.parametrize("sync", [SyncPolicy(prune=True), SyncPolicy(prune=False)])
def test_what_runs_once_makes_room_for_the_next(given_object: Manifest, expected: bool, sync: SyncPolicy) -> None:
    assert runs_once(given_object) is expected
    (planned,) = plan(rendered(application(sync=sync), given_object)).objects
    assert planned.replaces is expected
    assert planned.retain is (not expected and not sync.prune)
    assert planned.keep is False


def test_not_even_keep_keeps_what_runs_once() -> None:
    kept = {"argocd.argoproj.io/sync-options": "Delete=false,Prune=false", "helm.sh/resource-policy": "keep"}
    objects = by_name(plan(rendered(application(), job("a", **kept), job("b", **kept, **{ARGO: "PreSync"}))))
    assert [(each.retain, each.keep) for each in objects.values()] == [(False, False), (True, True)]


def test_a_hook_stays_on_record() -> None:
    spec = {"ttlSecondsAfterFinished": 0, "template": {}}
    hooked = manifest("Job", "a", api_version="batch/v1", annotations={ARGO: "PostSync"}, spec=spec)
    plain = manifest("Job", "b", api_version="batch/v1", spec=spec)
    objects = by_name(plan(rendered(application(), hooked, plain)))
    assert objects["Job.batch default/a"].manifest.body["spec"] == {"template": {}}
    assert objects["Job.batch default/b"].manifest.body["spec"] == spec
    assert hooked.body["spec"] == spec


def test_an_application_of_nothing_but_tests_holds_no_object() -> None:
    with pytest.raises(PlanError, match="holds no object"):
        plan(rendered(application(), hook("try", "test")))
