from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from fleet import Destination, SyncPolicy
from fleet.model.manifest import Manifest
from fleet.model.plan import Rendered
from fleet.plan.finish import finish
from tests.unit.plan.build import COMMIT, application, crd, manifest, plan, rendered, targets

CREATE = SyncPolicy(prune=True, create_namespace=True)
MANIFESTS = (
    manifest("Widget", "w", api_version="example.com/v1"),
    crd("example.com", "Widget", versions=("v1", "v1beta1")),
    manifest("Deployment", "web", api_version="apps/v1", spec={"replicas": 2}),
    manifest("Service", "web"),
    manifest("ConfigMap", "b"),
    manifest("ConfigMap", "a"),
)
FLEET = (
    application("shop", Destination("dev", namespace="shop"), Destination("prod", namespace="shop"), sync=CREATE),
    application("blog", Destination("dev", namespace="blog"), Destination("dev", namespace="blog-2"), sync=CREATE),
    application("also-blog", Destination("dev", namespace="blog"), sync=CREATE),
)


def everything() -> list[Rendered]:
    held = {"shop": MANIFESTS, "blog": MANIFESTS[2:], "also-blog": (manifest("Secret", "only"),)}
    return [Rendered(target, (COMMIT,), held[target.application.name]) for target in targets(*FLEET)]


@given(some.data())
def test_the_order_of_what_comes_in_makes_no_difference(data: some.DataObject) -> None:
    shuffled = [
        Rendered(each.target, each.commits, tuple(data.draw(some.permutations(each.manifests))))
        for each in data.draw(some.permutations(everything()))
    ]
    assert finish(shuffled) == finish(everything())


@given(some.permutations(MANIFESTS))
def test_what_an_object_waits_for_comes_before_it(manifests: Sequence[Manifest]) -> None:
    for cluster in finish([Rendered(each.target, each.commits, tuple(manifests)) for each in everything()[:1]]):
        for position, planned in enumerate(cluster.objects):
            assert all(before < position for before in planned.depends_on)


def frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen(entry) for key, entry in value.items()})
    return tuple(frozen(entry) for entry in value) if isinstance(value, list) else value


def test_what_comes_in_is_left_as_it_is() -> None:
    before = copy.deepcopy([dict(each.body) for each in MANIFESTS])
    plans = finish(
        [
            Rendered(each.target, each.commits, tuple(Manifest(frozen(m.body)) for m in each.manifests))
            for each in everything()
        ]
    )
    assert plans
    finish(everything())
    assert [dict(each.body) for each in MANIFESTS] == before


def test_names_and_types_are_an_objects_identity() -> None:
    cluster = plan(rendered(application("web", Destination("dev", namespace="shop")), *MANIFESTS))
    assert [(each.name, each.type_token, each.application) for each in cluster.objects] == [
        ("dev/-/widgets.example.com", "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "web"),
        ("dev/shop/a", "kubernetes:core/v1:ConfigMap", "web"),
        ("dev/shop/b", "kubernetes:core/v1:ConfigMap", "web"),
        ("dev/shop/web", "kubernetes:core/v1:Service", "web"),
        ("dev/shop/web", "kubernetes:apps/v1:Deployment", "web"),
        ("dev/shop/w", "kubernetes:example.com/v1:Widget", "web"),
    ]


def test_a_cluster_has_each_application_once_with_all_its_commits() -> None:
    app = application("web", "dev", Destination("dev", namespace="shop", revision="v1"))
    first, second = targets(app)
    cluster = plan(
        (
            Rendered(second, ("2" * 40,), (manifest("Secret", "b"),)),
            Rendered(first, ("1" * 40,), (manifest("Secret", "a"),)),
        )
    )
    (planned,) = cluster.applications
    assert planned.name == "dev/web"
    assert planned.commits == (("", ("1" * 40,)), ("shop", ("2" * 40,)))


def test_the_body_keeps_the_order_of_its_keys() -> None:
    (planned,) = plan(rendered(application(), manifest("ConfigMap", "a", data={"b": "1", "a": "2"}))).objects
    assert list(planned.manifest.body) == ["apiVersion", "kind", "metadata", "data"]
    assert list(planned.manifest.body["data"]) == ["b", "a"]


def test_an_application_without_destinations_in_common_makes_a_plan_per_cluster() -> None:
    assert [each.cluster.name for each in finish(everything())] == ["dev", "prod"]
