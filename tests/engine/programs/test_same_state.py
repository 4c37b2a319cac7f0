"""One program deployed by either engine: the states are the same, and neither finds anything to do after the other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from fleet.engine.backend import Backend, StackRef
from fleet.engine.exchange import export
from fleet.engine.secrets import Vault
from fleet.engine.store import Store
from tests.engine.programs.desk import PROJECT, REPOSITORY, STACK, Desk, Embedded, Engine, Pulumi

# What differs from one run of the same engine to the next, too.
OF_ONE_RUN = frozenset(
    {
        "clusterIP",
        "clusterIPs",
        "created",
        "creationTimestamp",
        "lastTransitionTime",
        "lastUpdateTime",
        "modified",
        "resourceVersion",
        "uid",
    }
)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Who manages which field is not worth its size; where a resource is in the program is only told by Pulumi's SDK.
ONLY_PULUMIS = frozenset({"managedFields", "sourcePosition", "stackTrace"})

PROGRAM = """
GROUP = f"{NAMESPACE}.example.com"
hub, dev = connect(enable_patch_force=True), connect("dev", upsert_existing_objects=True)
app = pulumi.ComponentResource("fleet:index:Application", "app", {"cluster": "hub"})


def thing(type_, name, inputs, namespaced=True, **options):
    metadata = {"name": name, **({"namespace": NAMESPACE} if namespaced else {}), **inputs.pop("metadata", {})}
    metadata["annotations"] = {"pulumi.com/patchFieldManager": "fleet", **metadata.get("annotations", {})}
    options = ResourceOptions(**{"provider": hub, "parent": app, **options})
    return Thing(f"kubernetes:{type_}", name, {"metadata": metadata, **inputs}, options)


labelled = {"labels": {"a": "b"}, "annotations": {"c": "d"}}
plain = thing("core/v1:ConfigMap", "plain", {"data": DATA, "metadata": labelled})
thing("core/v1:ConfigMap", "empty", {}, depends_on=[plain])
thing("core/v1:ConfigMap", "elsewhere", {"data": {"uid": plain.metadata["labels"]["a"]}}, provider=dev)
thing("core/v1:ConfigMap", "kept", {"data": DATA}, retain_on_delete=True)
thing("core/v1:ConfigMap", "protected", {"data": DATA}, protect=PROTECT)
thing("core/v1:ConfigMap", "ignoring", {"data": DATA}, ignore_changes=["data.size"])
thing("core/v1:ConfigMap", "patient", {"data": DATA}, custom_timeouts=pulumi.CustomTimeouts(create="90s", delete="2m"))
thing("core/v1:ConfigMap", "hiding", {"data": DATA}, additional_secret_outputs=["data"])
thing("core/v1:Secret", "hidden", {"stringData": pulumi.Output.secret({"password": "hunter2"}), "type": "Opaque"})
thing("core/v1:Secret", "coded", {"data": {"password": "aHVudGVyMg=="}})
ports = [{"port": 80, "targetPort": "http", "name": "web"}]
thing("core/v1:Service", "service", {"spec": {"selector": {"app": "web"}, "ports": ports}})
container = {"name": "main", "image": "example.com/web:1", "resources": {"limits": {"cpu": "500m", "memory": "64Mi"}}}
template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
skip = {"annotations": {"pulumi.com/skipAwait": "true"}}
spec = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": template}
thing("apps/v1:Deployment", "web", {"metadata": skip, "spec": spec})
rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
thing("rbac.authorization.k8s.io/v1:ClusterRole", f"{NAMESPACE}-role", {"rules": rules}, namespaced=False)
own = thing("core/v1:Namespace", f"{NAMESPACE}-own", {}, namespaced=False)
inside = {"namespace": own.metadata["name"]}
thing("core/v1:ConfigMap", "inside", {"data": DATA, "metadata": inside}, deleted_with=own)
schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
definition = thing(
    "apiextensions.k8s.io/v1:CustomResourceDefinition",
    f"gadgets.{GROUP}",
    {
        "spec": {
            "group": GROUP,
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        }
    },
    namespaced=False,
)
thing(f"{GROUP}/v1:Gadget", "gadget", {"spec": {"size": 3, "ratio": 0.5, "on": True}}, depends_on=[definition])
pulumi.export("plain", plain.data)
pulumi.export("token", pulumi.Output.secret("hunter3"))
"""


def program(data: Mapping[str, str], *, protect: bool) -> str:
    return f"DATA, PROTECT = {data!r}, {protect!r}\n{PROGRAM}"


def state(desk: Desk) -> Any:
    """Return the deployment in the stack's state, its secrets readable, without what is of one run alone."""
    vault = Vault(STACK, environ=desk.environment)
    shown = json.loads(export(Store(Backend(desk.state), StackRef(PROJECT, STACK), vault), show_secrets=True))
    deployment = shown["deployment"]
    assert deployment.pop("manifest").keys() == {"time", "magic", "version"}
    assert deployment["secrets_providers"].pop("state").keys() == {"salt"}
    return plain(deployment)


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if key not in ONLY_PULUMIS}
        return {key: "…" if key in OF_ONE_RUN else plain(each) for key, each in kept.items()}
    if isinstance(value, str):
        return UUID.sub("…", value)
    return [plain(each) for each in value] if isinstance(value, list) else value


def by_urn(deployment: dict[str, Any]) -> dict[str, Any]:
    return {each["urn"]: comparable(each) for each in deployment.pop("resources")}


def comparable(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource without what says nothing, or is a matter of the moment at which a kind was looked at."""
    properties = {key: urns for key, urns in resource.pop("propertyDependencies", {}).items() if urns}
    if resource["type"].endswith(":CustomResourceDefinition"):
        del resource["outputs"]["status"]
    return {**resource, "propertyDependencies": properties}


def test_both_write_the_same(embedded: Desk) -> None:
    if missing := Pulumi.missing():
        pytest.skip(missing)
    theirs = Desk(embedded.root / "theirs", Pulumi(), embedded.clusters, embedded.namespace)
    states: list[list[Any]] = []
    for desk in (theirs, embedded):
        found = []
        for data, protect in (({"size": "1"}, True), ({"size": "2", "more": "x"}, False)):
            desk.deploy(program(data, protect=protect))
            found.append(state(desk))
        desk.run("refresh", "--yes", "--skip-preview")
        states.append([*found, state(desk)])
        desk.run("destroy", "--yes", "--skip-preview")
        desk.delete("configmaps/kept")
    for other, ours in zip(*states, strict=True):
        assert by_urn(ours) == by_urn(other)
        assert ours == other


# What a program may write in other ways than the API server does: nothing of it is a change.
SPELLINGS = """
resources = {"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {}}
ports = [{"containerPort": 8080.0, "name": "web"}]
container = {"name": "main", "image": "example.com/web:1", "resources": resources, "ports": ports, "env": []}
spec = {"containers": [container], "securityContext": {}, "volumes": [{"name": "scratch", "emptyDir": {}}]}
template = {"metadata": {"labels": {"app": "odd"}, "creationTimestamp": None}, "spec": spec}
spec = {"replicas": 0, "selector": {"matchLabels": {"app": "odd"}}, "template": template, "strategy": {}}
thing("apps/v1:Deployment", "odd", {"metadata": skip, "spec": spec})
thing("core/v1:ConfigMap", "nothing", {"data": {}, "metadata": {"labels": {}}})
k8s.apiextensions.v1.CustomResourceDefinition(
    "typed",
    metadata={"name": f"typed.{GROUP}"},
    spec={
        "group": GROUP,
        "scope": "Cluster",
        "names": {"plural": "typed", "singular": "typed", "kind": "Typed"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"open_apiv3_schema": {"type": "object", "x_kubernetes_preserve_unknown_fields": True}},
            }
        ],
    },
    opts=ResourceOptions(provider=hub),
)
"""


def test_neither_finds_anything_to_do_after_the_other(desk: Desk) -> None:
    """Whoever deploys it first, the other one takes it over as it is, protected and retained resources included."""
    if missing := Pulumi.missing():
        pytest.skip(missing)
    first, second = desk.engine, Embedded() if desk.engine.name == "pulumi" else Pulumi()
    desk.deploy(program({"size": "1"}, protect=True) + SPELLINGS)
    definition = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/typed.{desk.namespace}.example.com"
    (version,) = (desk.get(definition) or {})["spec"]["versions"]
    assert version["schema"]["openAPIV3Schema"] == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    for desk.engine in (second, first):
        desk.preview("--expect-no-changes")
        desk.run("refresh", "--preview-only", "--expect-no-changes")
        desk.up("--refresh", "--expect-no-changes")
        desk.preview("--expect-no-changes")
    for giver, taker in ((first, second), (second, first)):
        hand_over(desk, giver, taker)
        for desk.engine in (second, first):
            desk.preview("--expect-no-changes")
            desk.run("refresh", "--preview-only", "--expect-no-changes")
    desk.deploy(program({"size": "2"}, protect=False) + SPELLINGS)
    desk.run("destroy", "--yes", "--skip-preview")
    assert desk.names() == ["kept"]


def hand_over(desk: Desk, giver: Engine, taker: Engine) -> None:
    """Let the state go through `stack export` of one engine and `stack import` of the other."""
    file = str(desk.root / "state.json")
    for engine, word in ((giver, "export"), (taker, "import")):
        program = [sys.executable, "-m", "fleet"] if engine.name == "embedded" else ["pulumi", "--non-interactive"]
        command = [*program, "stack", word, "--stack", STACK, "--file", file]
        environment = {**desk.environment, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            command, cwd=desk.project, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
