from __future__ import annotations

from fleet import Destination, SyncPolicy
from tests.unit.plan.build import application, crd, manifest, plan, rendered


def test_namespaces_come_first_then_definitions_then_argo_cds_kinds_then_the_rest() -> None:
    given = [
        manifest("Widget", "w", api_version="example.com/v1"),
        manifest("Ingress", "i", api_version="networking.k8s.io/v1"),
        manifest("Deployment", "d", api_version="apps/v1"),
        manifest("Service", "s"),
        manifest("ConfigMap", "c"),
        manifest("Secret", "s"),
        manifest("ServiceAccount", "a"),
        manifest("NetworkPolicy", "n", api_version="networking.k8s.io/v1"),
        crd("example.com", "Widget"),
        manifest("Namespace", "n"),
        manifest("Apple", "a", api_version="example.com/v1"),
    ]
    assert [each.manifest.kind for each in plan(rendered(application(), *given)).objects] == [
        "Namespace",
        "CustomResourceDefinition",
        "NetworkPolicy",
        "ServiceAccount",
        "Secret",
        "ConfigMap",
        "Service",
        "Deployment",
        "Ingress",
        "Apple",
        "Widget",
    ]


def test_within_a_kind_they_come_by_namespace_and_name() -> None:
    given = [manifest("ConfigMap", name, namespace=space) for space, name in (("b", "a"), ("a", "b"), ("a", "a"))]
    objects = plan(rendered(application(), *given)).objects
    assert [each.name for each in objects] == ["dev/a/a", "dev/a/b", "dev/b/a"]


def test_a_namespace_and_a_definition_are_waited_for() -> None:
    sync = SyncPolicy(create_namespace=True)
    objects = plan(
        rendered(
            application("web", Destination("dev", namespace="shop"), sync=sync),
            manifest("Widget", "w", api_version="example.com/v1"),
            manifest("ConfigMap", "c", namespace="elsewhere"),
            crd("example.com", "Widget"),
        )
    ).objects
    names = {position: str(each.manifest.key) for position, each in enumerate(objects)}
    waits = {str(each.manifest.key): [names[before] for before in each.depends_on] for each in objects}
    assert waits == {
        "Namespace shop": [],
        "CustomResourceDefinition.apiextensions.k8s.io widgets.example.com": [],
        "ConfigMap elsewhere/c": [],
        "Widget.example.com shop/w": [
            "Namespace shop",
            "CustomResourceDefinition.apiextensions.k8s.io widgets.example.com",
        ],
    }


def test_a_kind_of_the_same_name_in_another_group_waits_for_nothing() -> None:
    widget = manifest("Widget", "w", api_version="other.example/v1")
    objects = plan(rendered(application(), crd("example.com", "Widget"), widget)).objects
    assert objects[1].depends_on == ()
