"""What holds for an application in a cluster, of what it says itself, its overrides, and the destination."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fleet import (
    Application,
    Cluster,
    Destination,
    Fleet,
    GitSource,
    Helm,
    Kustomize,
    Override,
    Patch,
    PatchTarget,
)
from fleet.errors import DeclarationError, Where
from fleet.model.plan import Target
from fleet.plan.expand import expand
from fleet.plan.layers import layers
from fleet.plan.reference import unknown_references

REPO = "https://example.com/repo.git"
DEV = Cluster("dev", labels={"env": "dev", "region": "eu"})
PROD = Cluster("prod-eu", labels={"env": "prod", "region": "eu"}, server="https://prod.example.com")
US = Cluster("prod-us", labels={"env": "prod", "region": "us"}, in_cluster=True)
CLUSTERS = (DEV, PROD, US)


def application(*overrides: Override, destination: Destination | None = None, **fields: Any) -> Application:
    source = fields.pop("source", None) or GitSource(REPO, path="app")
    return Application("web", source=source, destinations=[destination or PROD], overrides=overrides, **fields)


def target(*overrides: Override, **fields: Any) -> Target:
    (found,) = expand(Fleet(clusters=CLUSTERS, applications=[application(*overrides, **fields)]), {})
    return found


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        pytest.param(Override(), {"dev", "prod-eu", "prod-us"}, id="neither"),
        pytest.param(Override(clusters=["prod-eu"]), {"prod-eu"}, id="name"),
        pytest.param(Override(clusters=[PROD, "dev"]), {"prod-eu", "dev"}, id="a Cluster, and a name"),
        pytest.param(Override(clusters=["https://prod.example.com/"]), {"prod-eu"}, id="URL"),
        pytest.param(Override(clusters=["in-cluster"]), {"prod-us"}, id="the cluster that Argo CD runs in"),
        pytest.param(Override(clusters=["prod-*"]), {"prod-eu", "prod-us"}, id="glob"),
        pytest.param(Override(clusters=["prod-?[!u]", "{dev,test}"]), {"dev", "prod-us"}, id="globs"),
        pytest.param(Override(clusters=["prod"]), set(), id="a name is matched whole"),
        pytest.param(Override(clusters=[]), set(), id="an empty list is no cluster"),
        pytest.param(Override(selector="env=prod"), {"prod-eu", "prod-us"}, id="selector"),
        pytest.param(Override(selector="env=prod,region in (us,ap)"), {"prod-us"}, id="two requirements"),
        pytest.param(Override(selector="!env"), set(), id="a selector that no cluster fits"),
        pytest.param(Override(clusters=["*-eu"], selector="env=prod"), {"prod-eu"}, id="both"),
        pytest.param(Override(clusters=["dev"], selector="env=prod"), set(), id="both, and only one fits"),
    ],
)
def test_an_override_is_about_clusters(override: Override, expected: set[str]) -> None:
    assert {cluster.name for cluster in CLUSTERS if override.means(cluster)} == expected


def test_layers_come_in_the_order_in_which_they_are_written_the_destination_last() -> None:
    app = application(
        Override(selector="env=prod", namespace="one"),
        Override(clusters=["dev"], namespace="two"),
        Override(namespace="three"),
        Override(clusters=["prod-*"], selector="region", namespace="four"),
        Override(clusters=[], namespace="five"),
        destination=Destination(PROD, namespace="six"),
    )
    assert [(each.name, each.override.namespace) for each in layers(app, app.targets[0], PROD)] == [
        ("override 1 (env=prod)", "one"),
        ("override 3 (all clusters)", "three"),
        ("override 4 (prod-*; region)", "four"),
        ("destination", "six"),
    ]
    assert str(app.overrides[4]) == "no cluster"


FIELDS: Mapping[str, tuple[Callable[[Target], str | None], tuple[str, str, str]]] = {
    "namespace": (lambda each: each.namespace, ("a", "b", "c")),
    "revision": (lambda each: each.sources[0].revision.name, ("v1", "v2", "v3")),
    "path": (lambda each: each.sources[0].path, ("one", "two", "three")),
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("said", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)], ids=str)
def test_the_last_word_wins(field: str, said: tuple[int, ...]) -> None:
    got, words = FIELDS[field]
    said_by: list[dict[str, Any]] = [({field: words[place]} if place in said else {}) for place in range(3)]
    found = target(
        Override(selector="env", **said_by[0]),
        Override(**said_by[1]),
        destination=Destination(PROD, **said_by[2]),
    )
    assert got(found) == words[said[-1]]


def test_what_nobody_replaces_is_the_applications() -> None:
    found = target(Override(labels={"a": "b"}), source=GitSource(REPO, path="app", revision="v1"), namespace="shop")
    assert (found.sources[0].path, found.sources[0].revision.name, found.namespace) == ("app", "v1", "shop")


def test_helm_values_are_merged_at_any_depth() -> None:
    found = target(
        Override(helm=Helm(values={"a": {"b": {"c": 2}}, "list": [2], "gone": None})),
        Override(helm=Helm(values={"a": {"b": {"d": 3}}}, parameters={"p": "3"})),
        destination=Destination(PROD, helm=Helm(values={"a": {"b": {"d": 4}}, "flat": {"now": "a mapping"}})),
        source=GitSource(
            REPO, path="app", helm=Helm(values={"a": {"b": {"c": 1, "z": 1}}, "list": [1, 1], "gone": 1, "flat": 1})
        ),
    )
    assert found.sources[0].tool == Helm(
        values={"a": {"b": {"c": 2, "d": 4, "z": 1}}, "list": [2], "gone": None, "flat": {"now": "a mapping"}},
        parameters={"p": "3"},
    )


def test_kustomize_is_put_on_top_field_by_field() -> None:
    found = target(
        Override(kustomize=Kustomize(images=["web:2"], replicas={"web": 2}, patches=[{"patch": "second"}])),
        destination=Destination(PROD, kustomize=Kustomize(images=["db:3"], components=["ha"])),
        source=GitSource(
            REPO,
            path="app",
            kustomize=Kustomize(images=["web:1"], name_prefix="x-", replicas={"db": 1}, patches=[{"patch": "first"}]),
        ),
    )
    assert found.sources[0].tool == Kustomize(
        name_prefix="x-",
        images=["web:2", "db:3"],
        replicas={"db": 1, "web": 2},
        patches=[{"patch": "first"}, {"patch": "second"}],
        components=["ha"],
    )


@pytest.mark.parametrize(
    ("base", "own", "expected"),
    [
        pytest.param(
            Kustomize(common_labels={"a": "b"}),
            Kustomize(force_common_labels=True),
            Kustomize(common_labels={"a": "b"}, force_common_labels=True),
            id="of an override, where there is a kustomization",
        ),
        pytest.param(
            Kustomize(force_common_labels=True),
            Kustomize(common_labels={"a": "b"}),
            Kustomize(common_labels={"a": "b"}, force_common_labels=True),
            id="of the source, where an override makes it a kustomization",
        ),
    ],
)
def test_flags_count_where_something_else_is_said(base: Kustomize, own: Kustomize, expected: Kustomize) -> None:
    found = target(Override(kustomize=own), source=GitSource(REPO, path="app", kustomize=base))
    assert found.sources[0].tool == expected


def test_flags_alone_make_no_kustomization() -> None:
    assert target(Override(kustomize=Kustomize(force_common_labels=True))).sources[0].tool.is_zero


def patch(name: str) -> Patch:
    return Patch({"spec": {name: True}}, target=PatchTarget(kind="Deployment"))


def test_patches_are_appended() -> None:
    found = target(
        Override(patches=[patch("one"), patch("two")]),
        Override(clusters=["dev"], patches=[patch("elsewhere")]),
        Override(patches=[patch("three")]),
        destination=Destination(PROD, patches=[patch("four")]),
    )
    assert found.patches == tuple(map(patch, ("one", "two", "three", "four")))


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_labels_and_annotations_are_merged(field: str) -> None:
    said: list[dict[str, Any]] = [{field: each} for each in ({"a": "1", "b": "1"}, {"b": "2", "c": "2"}, {"c": "3"})]
    found = target(Override(**said[0]), Override(**said[1]), destination=Destination(PROD, **said[2]))
    assert getattr(found, field) == {"a": "1", "b": "2", "c": "3"}


def test_the_applications_own_labels_are_no_labels_of_objects() -> None:
    assert target(labels={"team": "web"}).labels == {}


@pytest.mark.parametrize(
    ("said", "own", "deployed"),
    [
        ((), None, True),
        ((True,), None, False),
        ((True, False), None, True),
        ((False, True), None, False),
        ((True, None), None, False),
        ((True,), False, True),
        ((False,), True, False),
        ((), True, False),
    ],
)
def test_skip_is_said_and_taken_back(said: Sequence[bool | None], own: bool | None, deployed: bool) -> None:
    app = application(*(Override(skip=each) for each in said), destination=Destination(PROD, skip=own))
    assert bool(expand(Fleet(clusters=CLUSTERS, applications=[app]), {})) is deployed


def test_where_an_application_is_skipped_nothing_needs_to_fit() -> None:
    unfit = Override(kustomize=Kustomize(name_prefix="x-"))
    app = application(Override(skip=True), unfit, source=GitSource(REPO, helm=Helm(skip_crds=True)))
    assert expand(Fleet(clusters=CLUSTERS, applications=[app]), {}) == ()


def test_a_skipped_destination_leaves_its_namespace_to_another() -> None:
    app = Application(
        "web",
        source=GitSource(REPO),
        destinations=[Destination(PROD, skip=True), Destination(PROD, revision="v2")],
    )
    (found,) = expand(Fleet(clusters=CLUSTERS, applications=[app]), {})
    assert found.sources[0].revision.name == "v2"


def test_stacks_share_overrides_that_name_clusters_of_others() -> None:
    override = Override(clusters=["prod-eu", "elsewhere", "x-*", "https://nowhere.example.com"], namespace="a")
    assert target(override).namespace == "a"
    assert unknown_references(override, CLUSTERS) == ("elsewhere", "https://nowhere.example.com")


def test_a_tool_that_does_not_fit_is_told_per_cluster_with_the_place_of_the_override() -> None:
    where = Where("a.yaml", key="spec.overrides[0]")
    override = Override(selector="env=prod", kustomize=Kustomize(name_prefix="x-"), where=where)
    app = Application(
        "web", source=GitSource(REPO, helm=Helm(skip_crds=True)), destinations=CLUSTERS, overrides=[override]
    )
    with pytest.raises(DeclarationError) as caught:
        expand(Fleet(clusters=CLUSTERS, applications=[app]), {})
    assert [str(problem).splitlines()[0] for problem in caught.value.problems] == [
        f"a.yaml, application web, cluster {cluster}, spec.overrides[0]: "
        "kustomize is given here, and the source is one for helm"
        for cluster in ("prod-eu", "prod-us")
    ]


names = some.sampled_from(["a", "b", "c"])
changes = some.fixed_dictionaries(
    {},
    optional={
        "namespace": names,
        "revision": names,
        "path": names,
        "helm": some.dictionaries(names, some.integers() | some.dictionaries(names, some.integers())).map(
            lambda values: Helm(values=values)
        ),
        "patches": some.lists(names.map(patch), max_size=2),
        "labels": some.dictionaries(names, names),
        "annotations": some.dictionaries(names, names),
        "skip": some.none() | some.booleans(),
    },
)
elsewhere: some.SearchStrategy[dict[str, Any]] = some.sampled_from(
    [
        {"clusters": []},
        {"clusters": ["x-*", "elsewhere"]},
        {"selector": "env=test"},
        {"clusters": ["*"], "selector": "!env"},
    ]
)
SOMEWHERE: some.SearchStrategy[dict[str, Any]] = some.sampled_from(
    [{}, {"clusters": ["prod-*"]}, {"selector": "region=eu"}, {"clusters": ["dev"]}]
)
overrides = some.builds(
    lambda which, said: Override(**which, **said),
    SOMEWHERE,
    changes,
)
absent = some.builds(lambda which, said: Override(**which, **said), elsewhere, changes)
applications = some.lists(overrides, max_size=4).map(
    lambda said: Application("web", source=GitSource(REPO, path="app"), destinations=CLUSTERS, overrides=said)
)


def outcome(app: Application) -> list[tuple[object, ...]]:
    """Return what holds in each cluster, whatever the application says to bring it about."""
    found = expand(Fleet(clusters=CLUSTERS, applications=[app]), {})
    return [(e.cluster, e.sources, e.namespace, e.patches, dict(e.labels), dict(e.annotations)) for e in found]


@given(some.data(), applications)
def test_overrides_that_are_about_no_cluster_change_nothing(data: some.DataObject, app: Application) -> None:
    said = list(app.overrides)
    for override in data.draw(some.lists(absent, min_size=1, max_size=3)):
        said.insert(data.draw(some.integers(0, len(said))), override)
    more = Application("web", source=app.source, destinations=CLUSTERS, overrides=said)
    assert outcome(more) == outcome(app)


@given(applications, changes)
def test_a_destination_says_what_a_last_override_would(app: Application, said: dict[str, Any]) -> None:
    source = app.source
    at_destinations = Application(
        "web",
        source=source,
        destinations=[Destination(each, **said) for each in CLUSTERS],
        overrides=app.overrides,
    )
    as_override = Application("web", source=source, destinations=CLUSTERS, overrides=[*app.overrides, Override(**said)])
    assert outcome(at_destinations) == outcome(as_override)


@given(some.data(), some.lists(applications, min_size=2, max_size=4))
def test_the_order_of_applications_makes_no_difference(data: some.DataObject, apps: list[Application]) -> None:
    named = [
        Application(f"app-{n}", source=each.source, destinations=each.destinations, overrides=each.overrides)
        for n, each in enumerate(apps)
    ]
    shuffled = data.draw(some.permutations(named))
    assert expand(Fleet(clusters=CLUSTERS, applications=shuffled), {}) == expand(
        Fleet(clusters=CLUSTERS, applications=named), {}
    )
