"""Which kinds a cluster has to serve already."""

import pytest

from fleet.model.manifest import Manifest
from fleet.plan.finish import finish
from tests.unit.plan.build import application, crd, manifest, plan, rendered

SKIP = {"argocd.argoproj.io/sync-options": "SkipDryRunOnMissingResource=true"}
WIDGET = manifest("Widget", "a", api_version="example.com/v1")


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param((manifest("ConfigMap", "a"), manifest("ConfigMap", "b")), ("v1/ConfigMap",), id="each-once"),
        pytest.param((WIDGET,), ("example.com/v1/Widget",), id="custom"),
        pytest.param(
            (WIDGET, crd("example.com", "Widget")),
            ("apiextensions.k8s.io/v1/CustomResourceDefinition",),
            id="defined-here",
        ),
        pytest.param(
            (manifest("Widget", "a", api_version="example.com/v1", annotations=SKIP), manifest("ConfigMap", "a")),
            ("v1/ConfigMap",),
            id="brought-by-something-else",
        ),
    ],
)
def test_kinds_that_nothing_here_defines_are_required(
    manifests: tuple[Manifest, ...], expected: tuple[str, ...]
) -> None:
    (planned,) = plan(rendered(application("web", "dev"), *manifests)).applications
    assert planned.required_kinds == expected


def test_a_definition_of_another_application_counts_and_one_in_another_cluster_does_not() -> None:
    user = rendered(application("b", "dev", "other"), WIDGET)
    definer = rendered(application("a", "dev"), crd("example.com", "Widget"))
    found = {each.name: each.required_kinds for cluster in finish([*user, *definer]) for each in cluster.applications}
    assert found["dev/b"] == ()
    assert found["other/b"] == ("example.com/v1/Widget",)
