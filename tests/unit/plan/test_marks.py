from __future__ import annotations

import pytest

from fleet import SyncPolicy
from fleet.model.manifest import Manifest
from tests.unit.plan.build import application, crd, manifest, plan, rendered

PRUNED = SyncPolicy(prune=True)
KEPT = SyncPolicy(prune=False)


def marks(given: Manifest) -> dict[str, str]:
    (planned,) = plan(rendered(application(), given)).objects
    return dict(planned.manifest.annotations)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            manifest("ConfigMap", "a"), {"pulumi.com/patchFieldManager": "fleet"}, id="nobody waits for a ConfigMap"
        ),
        pytest.param(
            manifest("Deployment", "a", api_version="apps/v1"),
            {"pulumi.com/patchFieldManager": "fleet", "pulumi.com/waitFor": "jsonpath={.metadata.uid}"},
            id="the provider would wait for a Deployment",
        ),
        pytest.param(
            manifest("Service", "a", api_version="serving.knative.dev/v1"),
            {"pulumi.com/patchFieldManager": "fleet"},
            id="a kind of the same name",
        ),
        pytest.param(
            manifest("Job", "a", api_version="batch/v1", annotations={"pulumi.com/skipAwait": "false"}),
            {"pulumi.com/patchFieldManager": "fleet", "pulumi.com/skipAwait": "false"},
            id="a manifest may ask for waiting",
        ),
        pytest.param(
            manifest("Pod", "a", annotations={"pulumi.com/waitFor": "condition=Ready"}),
            {"pulumi.com/patchFieldManager": "fleet", "pulumi.com/waitFor": "condition=Ready"},
            id="and may say for what",
        ),
        pytest.param(
            manifest("ConfigMap", "a", annotations={"pulumi.com/patchFieldManager": "me", "team": "shop"}),
            {"pulumi.com/patchFieldManager": "me", "team": "shop"},
            id="what a manifest sets stays",
        ),
    ],
)
def test_what_the_provider_is_told(given: Manifest, expected: dict[str, str]) -> None:
    assert marks(given) == expected


@pytest.mark.parametrize(
    ("kind", "api_version", "expected"),
    [
        pytest.param("Job", "batch/v1", {"pulumi.com/replaceUnready": "true"}, id="until it is done"),
        pytest.param("Pod", "v1", {"pulumi.com/waitFor": "jsonpath={.status.phase}=Succeeded"}, id="likewise"),
        pytest.param("Deployment", "apps/v1", {}, id="until it is up"),
        pytest.param("Secret", "v1", {"pulumi.com/waitFor": "jsonpath={.metadata.uid}"}, id="until it is there"),
        pytest.param("ConfigMap", "v1", {}, id="until it is there, and nobody would wait for more"),
    ],
)
def test_what_a_hook_is_waited_for(kind: str, api_version: str, expected: dict[str, str]) -> None:
    annotations = {"helm.sh/hook": "pre-install"}
    found = marks(manifest(kind, "a", api_version=api_version, annotations=annotations))
    assert found == {"pulumi.com/patchFieldManager": "fleet", **expected, **annotations}


def test_a_hook_may_say_itself_that_nobody_waits() -> None:
    annotations = {"helm.sh/hook": "pre-install", "pulumi.com/skipAwait": "true"}
    found = marks(manifest("Job", "a", api_version="batch/v1", annotations=annotations))
    assert found == {"pulumi.com/patchFieldManager": "fleet", **annotations}


@pytest.mark.parametrize(
    ("sync", "retain", "options", "expected"),
    [
        pytest.param(PRUNED, (), None, False, id="pruned"),
        pytest.param(KEPT, (), None, True, id="prune is off"),
        pytest.param(PRUNED, ("ConfigMap",), None, True, id="the kind is retained"),
        pytest.param(PRUNED, ("Secret",), None, False, id="another kind is"),
        pytest.param(PRUNED, (), "Prune=false", True, id="Prune=false"),
        pytest.param(PRUNED, (), "ServerSideApply=true, Delete=false", True, id="Delete=false among others"),
        pytest.param(PRUNED, (), "Prune=true", False, id="Prune=true"),
    ],
)
def test_what_stays_in_the_cluster(
    sync: SyncPolicy, retain: tuple[str, ...], options: str | None, expected: bool
) -> None:
    annotations = None if options is None else {"argocd.argoproj.io/sync-options": options}
    app = application(sync=sync, retain=retain)
    (planned,) = plan(rendered(app, manifest("ConfigMap", "a", annotations=annotations))).objects
    assert planned.retain is expected


@pytest.mark.parametrize(("policy", "expected"), [("keep", True), ("other, keep", True), ("delete", False)])
def test_helm_s_resource_policy_keeps(policy: str, expected: bool) -> None:
    given = manifest("ConfigMap", "a", annotations={"helm.sh/resource-policy": policy})
    (planned,) = plan(rendered(application(sync=PRUNED, retain=()), given)).objects
    assert planned.retain is expected


def test_namespaces_and_definitions_stay_unless_asked() -> None:
    planned = plan(rendered(application(), manifest("Namespace", "a"))).objects[0]
    asked = plan(rendered(application(retain=()), manifest("Namespace", "a"))).objects[0]
    assert (planned.retain, asked.retain) == (True, False)


@pytest.mark.parametrize("adopt", [True, False])
def test_adopt_is_the_applications(adopt: bool) -> None:
    (planned,) = plan(rendered(application(adopt=adopt), manifest("ConfigMap", "a"))).objects
    assert planned.adopt is adopt


WAIT_FOR, SKIP, LIMIT = "pulumi.com/waitFor", "pulumi.com/skipAwait", "pulumi.com/timeoutSeconds"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(manifest("Deployment", "a", api_version="apps/v1"), None, id="the provider knows it"),
        pytest.param(manifest("ConfigMap", "a"), None, id="is ready at once"),
        pytest.param(manifest("Backup", "a", api_version="example.com/v1"), None, id="nobody knows it"),
        pytest.param(crd("example.com", "Backup"), "condition=Established", id="definition"),
        pytest.param(
            manifest("APIService", "a", api_version="apiregistration.k8s.io/v1"), "condition=Available", id="API"
        ),
        pytest.param(
            manifest("HorizontalPodAutoscaler", "a", api_version="autoscaling/v2"),
            "condition=AbleToScale",
            id="autoscaler",
        ),
        pytest.param(
            manifest("HorizontalPodAutoscaler", "a", api_version="autoscaling/v1"), None, id="autoscaler, version 1"
        ),
        pytest.param(
            manifest("ReplicaSet", "a", api_version="apps/v1", spec={"replicas": 3}),
            "jsonpath={.status.availableReplicas}=3",
            id="replica set",
        ),
        pytest.param(
            manifest("ReplicaSet", "a", api_version="apps/v1", spec={"replicas": 0}), None, id="replica set of none"
        ),
        pytest.param(
            manifest("Pod", "a", annotations={WAIT_FOR: "condition=Ready"}), "condition=Ready", id="it says itself"
        ),
    ],
)
def test_what_an_application_waits_for(given: Manifest, expected: str | None) -> None:
    (planned,) = plan(rendered(application(wait=True, wait_timeout_s=90, retain=()), given)).objects
    assert planned.manifest.annotations.get(WAIT_FOR) == expected
    assert (planned.waits, planned.wait_timeout_s) == (True, 90)


@pytest.mark.parametrize(
    ("wait", "annotations", "expected"),
    [
        pytest.param(True, {}, (True, 90), id="as the application says"),
        pytest.param(True, {LIMIT: "5"}, (True, None), id="as the object says"),
        pytest.param(True, {SKIP: "true"}, (False, None), id="the object wants nobody to wait"),
        pytest.param(True, {SKIP: "false"}, (True, 90), id="the object has nothing against it"),
        pytest.param(None, {}, (False, None), id="nothing comes after it"),
        pytest.param(False, {}, (False, None), id="never"),
        pytest.param(None, {"argocd.argoproj.io/hook": "PreSync"}, (True, 90), id="a hook"),
        pytest.param(False, {"argocd.argoproj.io/hook": "PreSync"}, (True, 90), id="a hook in any case"),
    ],
)
def test_how_long_is_waited(
    wait: bool | None, annotations: dict[str, str], expected: tuple[bool, float | None]
) -> None:
    given = manifest("Deployment", "a", api_version="apps/v1", annotations=annotations)
    (planned,) = plan(rendered(application(wait=wait, wait_timeout_s=90), given)).objects
    assert (planned.waits, planned.wait_timeout_s) == expected
