from __future__ import annotations

import pytest

from fleet.model.manifest import ObjectKey
from fleet.plan.definitions import defined
from fleet.plan.tokens import aliases, resource_name, type_token
from tests.unit.plan.build import crd, manifest


@pytest.mark.parametrize(
    ("api_version", "expected"),
    [
        ("v1", "kubernetes:core/v1:Thing"),
        ("apps/v1", "kubernetes:apps/v1:Thing"),
        ("networking.k8s.io/v1beta1", "kubernetes:networking.k8s.io/v1beta1:Thing"),
    ],
)
def test_the_type_is_the_api_version_and_the_kind(api_version: str, expected: str) -> None:
    assert type_token(api_version, "Thing") == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (ObjectKey("apps", "Deployment", "shop", "web"), "dev/shop/web"),
        (ObjectKey("", "Namespace", "", "shop"), "dev/-/shop"),
    ],
)
def test_the_name_is_the_place_in_the_fleet(key: ObjectKey, expected: str) -> None:
    assert resource_name("dev", key) == expected


@pytest.mark.parametrize(
    ("api_version", "kind", "expected"),
    [
        ("v1", "ConfigMap", ()),
        ("autoscaling/v2", "HorizontalPodAutoscaler", ("autoscaling/v2beta2", "autoscaling/v2beta1", "autoscaling/v1")),
        ("batch/v1beta1", "CronJob", ("batch/v1", "batch/v2alpha1")),
        ("networking.k8s.io/v1", "Ingress", ("networking.k8s.io/v1beta1", "extensions/v1beta1")),
        ("extensions/v1beta1", "Ingress", ("networking.k8s.io/v1", "networking.k8s.io/v1beta1")),
        ("example.com/v1", "Ingress", ()),
        ("example.com/v1", "Widget", ("example.com/v1beta1",)),
    ],
)
def test_the_other_versions_of_a_kind_are_aliases(api_version: str, kind: str, expected: tuple[str, ...]) -> None:
    definitions = defined([crd("example.com", "Widget", versions=("v1beta1", "v1"))])
    found = aliases(manifest(kind, "a", api_version=api_version), definitions)
    assert found == tuple(f"kubernetes:{each}:{kind}" for each in expected)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(None, id="no spec"),
        pytest.param({"group": 1, "names": {"kind": "Widget"}}, id="a group that is no string"),
        pytest.param({"group": "example.com", "names": []}, id="names that are no mapping"),
    ],
)
def test_a_malformed_definition_defines_nothing(spec: object) -> None:
    broken = manifest("CustomResourceDefinition", "a", api_version="apiextensions.k8s.io/v1", spec=spec)
    assert defined([broken]) == {}


def test_the_old_form_of_a_definition_has_one_version() -> None:
    old = manifest(
        "CustomResourceDefinition",
        "widgets.example.com",
        api_version="apiextensions.k8s.io/v1beta1",
        spec={"group": "example.com", "version": "v1alpha1", "names": {"kind": "Widget"}, "scope": "Cluster"},
    )
    (definition,) = defined([old]).values()
    assert (definition.namespaced, definition.versions) == (False, ("v1alpha1",))
