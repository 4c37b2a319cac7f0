from __future__ import annotations

import pytest

from fleet import Cluster, Destination, SyncPolicy
from fleet.model.manifest import Manifest
from fleet.model.plan import Rendered
from fleet.plan.finish import finish
from fleet.plan.namespace import settled
from fleet.plan.wanted import Wanted
from tests.unit.plan.build import COMMIT, application, by_name, crd, manifest, plan, rendered, targets

CREATE = SyncPolicy(prune=True, create_namespace=True)


@pytest.mark.parametrize(
    ("given", "destination", "expected"),
    [
        pytest.param(manifest("ConfigMap", "a"), "shop", "shop", id="the destination's"),
        pytest.param(manifest("ConfigMap", "a"), None, "default", id="default"),
        pytest.param(manifest("ConfigMap", "a", namespace="own"), "shop", "own", id="its own"),
        pytest.param(manifest("ConfigMap", "a", namespace=""), "shop", "shop", id="an empty one is none"),
        pytest.param(manifest("Namespace", "a"), "shop", None, id="cluster-scoped"),
        pytest.param(manifest("Namespace", "a", namespace="own"), "shop", None, id="cluster-scoped with one"),
        pytest.param(
            manifest("Gadget", "a", api_version="example.com/v1", namespace="own"),
            "shop",
            None,
            id="custom, of a cluster",
        ),
        pytest.param(manifest("Widget", "a", api_version="example.com/v1"), "shop", "shop", id="custom, namespaced"),
        pytest.param(manifest("Thing", "a", api_version="example.com/v1"), "shop", "shop", id="unknown"),
        pytest.param(
            manifest("Thing", "a", api_version="example.com/v1"), None, "default", id="unknown, and nobody says"
        ),
    ],
)
def test_where_an_object_goes(given: Manifest, destination: str | None, expected: str | None) -> None:
    (target,) = targets(application("web", Destination("dev", namespace=destination)))
    scopes = {("example.com", "Widget"): True, ("example.com", "Gadget"): False}
    assert settled(Wanted(target, given), scopes).manifest.metadata.get("namespace") == expected


def test_a_definition_anywhere_in_the_fleet_tells_the_scope() -> None:
    gadget = manifest("Gadget", "a", api_version="example.com/v1", namespace="own")
    elsewhere = rendered(application("definitions", "other"), crd("example.com", "Gadget", scope="Cluster"))
    (mine,) = rendered(application("web", "dev"), gadget)
    dev, _ = finish([*elsewhere, mine])
    assert list(by_name(dev)) == ["Gadget.example.com a"]


@pytest.mark.parametrize(("defined", "expected"), [(None, "a"), ("Namespaced", "own/a")])
def test_what_is_known_of_a_cluster_counts_where_no_definition_is_at_hand(defined: str | None, expected: str) -> None:
    cluster = Cluster("dev", scopes={("example.com", "Gadget"): False, ("", "ConfigMap"): False})
    gadget = manifest("Gadget", "a", api_version="example.com/v1", namespace="own")
    definitions = [crd("example.com", "Gadget", scope=defined)] if defined else []
    (target,) = targets(application("web", "dev"), clusters=[cluster])
    (planned,) = finish([Rendered(target, (COMMIT,), (gadget, manifest("ConfigMap", "c"), *definitions))])
    found = [str(key) for key in by_name(planned)]
    assert f"Gadget.example.com {expected}" in found
    assert "ConfigMap default/c" in found


def test_create_namespace_makes_the_destinations_namespace() -> None:
    app = application("web", Destination("dev", namespace="shop"), sync=CREATE)
    made = by_name(plan(rendered(app, manifest("ConfigMap", "a"))))["Namespace shop"]
    assert made.manifest.body["apiVersion"] == "v1"
    assert (made.application, made.retain, made.adopt) == ("web", True, True)


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "kube-node-lease", None])
def test_a_namespace_that_is_always_there_is_not_made(name: str | None) -> None:
    app = application("web", Destination("dev", namespace=name), sync=CREATE)
    cluster = plan(rendered(app, manifest("ConfigMap", "a")))
    assert [each.manifest.kind for each in cluster.objects] == ["ConfigMap"]
    assert cluster.applications[0].required_namespaces == ()


def test_a_manifest_of_any_application_wins_over_a_made_namespace() -> None:
    asks = rendered(application("a", Destination("dev", namespace="shop"), sync=CREATE), manifest("ConfigMap", "a"))
    holds = rendered(application("b", "dev"), manifest("Namespace", "shop", labels={"team": "shop"}))
    found = by_name(plan(asks, holds))["Namespace shop"]
    assert (found.application, found.adopt) == ("b", False)


def test_a_namespace_that_several_ask_for_belongs_to_the_first_by_name() -> None:
    apps = [application(name, Destination("dev", namespace="shop"), sync=CREATE) for name in ("b", "a", "c")]
    cluster = plan(*(rendered(app, manifest("ConfigMap", app.name)) for app in apps))
    assert by_name(cluster)["Namespace shop"].application == "a"
    assert [each.manifest.kind for each in cluster.objects].count("Namespace") == 1


def test_namespaces_that_nobody_creates_are_required() -> None:
    app = application("web", Destination("dev", namespace="shop"))
    other = application("other", "dev")
    cluster = plan(
        rendered(app, manifest("ConfigMap", "a"), manifest("Secret", "a", namespace="vault")),
        rendered(other, manifest("ConfigMap", "a", namespace="made"), manifest("Namespace", "made")),
    )
    assert {each.application.name: each.required_namespaces for each in cluster.applications} == {
        "other": (),
        "web": ("shop", "vault"),
    }


def test_a_namespace_that_another_application_creates_is_not_required() -> None:
    creates = rendered(application("a", Destination("dev", namespace="shop"), sync=CREATE), manifest("ConfigMap", "a"))
    uses = rendered(application("b", Destination("dev", namespace="shop")), manifest("ConfigMap", "b"))
    assert all(each.required_namespaces == () for each in plan(creates, uses).applications)
