"""What the stack of these tests deploys, version by version: a dozen objects in each cluster, of the kinds that differ.

From one version to the next objects are made, changed, replaced because a field of theirs cannot change, deleted, and
retained. The program is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# With a namespace everything in it has to go; while kinds come and go, the garbage collector pauses.
SLOW = frozenset({"own", "definition"})
NOTHING, NEW, CHANGED, REPLACED = VERSIONS = ("nothing", "new", "changed", "replaced")

PROGRAM = """\
import json

import pulumi
from pulumi import ResourceOptions

with open("wanted.json") as file:
    stack = json.load(file)


def connect(name, cluster, **more):
    where = {"kubeconfig": stack["kubeconfigs"][cluster], "clusterIdentifier": cluster}
    return pulumi.ProviderResource("kubernetes", name, {**where, **more})


for cluster, objects in stack["wanted"].items():
    plain, adopting = connect(cluster, cluster), connect(f"{cluster}-adopting", cluster, upsertExistingObjects="true")
    made = {}
    for each in objects:
        opts = ResourceOptions(
            provider=adopting if each["adopts"] else plain,
            retain_on_delete=each["retained"],
            depends_on=[made[name] for name in each["needs"] if name in made],
        )
        made[each["name"]] = pulumi.CustomResource(each["type"], f"{cluster}/{each['name']}", each["body"], opts)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object. retained: it stays in the cluster when it leaves the program. adopts: it is taken over where it is.

    needs: names of objects before it.
    """

    name: str
    body: Mapping[str, Any]
    retained: bool = False
    adopts: bool = False
    needs: tuple[str, ...] = field(default=())

    @property
    def type(self) -> str:
        """The type token of its kind."""
        api_version = self.body["apiVersion"]
        return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{self.body['kind']}"

    def as_json(self) -> dict[str, Any]:
        """Return it as the program reads it."""
        return {
            "name": self.name,
            "type": self.type,
            "body": self.body,
            "retained": self.retained,
            "adopts": self.adopts,
            "needs": self.needs,
        }


def objects(version: str, namespace: str, keeps: Container[str] = SLOW) -> tuple[Wanted, ...]:
    """Return the objects of a version in each cluster. keeps: which of those that take long to delete are retained."""
    if version == NOTHING:
        return ()
    return tuple(_objects(VERSIONS.index(version), namespace, keeps))


def group(namespace: str) -> str:
    """Return the API group of the custom kind."""
    return f"{namespace}.example.com"


def own(namespace: str) -> str:
    """Return the namespace that the stack makes."""
    return f"{namespace}-own"


def _objects(number: int, namespace: str, keeps: Container[str]) -> Iterator[Wanted]:
    turn = str(min(number, 2))
    yield Wanted("own", _body("v1", "Namespace", own(namespace)), retained="own" in keeps, adopts=True)
    yield Wanted("definition", _definition(group(namespace)), retained="definition" in keeps, adopts=True)
    knot = _body(f"{group(namespace)}/v1", "Knot", "knot", namespace, spec={"turns": number})
    yield Wanted("knot", knot, needs=("definition",))
    yield Wanted("account", _body("v1", "ServiceAccount", "account", namespace))
    ports = [{"name": "http", "port": 80 + number}]
    yield Wanted("service", _body("v1", "Service", "service", namespace, spec={"selector": _APP, "ports": ports}))
    yield Wanted("web", _deployment(namespace, turn, "web" if number < 3 else "web-again"), needs=("account",))
    settings = _body("v1", "ConfigMap", "settings", own(namespace), data={f"turn-{turn}": turn, "always": "here"})
    yield Wanted("settings", settings, needs=("own",))
    yield Wanted("still", _body("v1", "ConfigMap", "still", namespace, data={"never": "changes"}))
    hidden = {"password": f"cGFzc3dvcmQ{turn}"}
    yield Wanted("hidden", _body("v1", "Secret", "hidden", namespace, data=hidden, type="Opaque"))
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
    yield Wanted("role", _body(_RBAC, "Role", "role", namespace, rules=rules))
    yield Wanted("binding", _binding(namespace, "role" if number < 3 else "other"), needs=("account", "role"))
    if number != 2:
        yield Wanted(
            "kept", _body("v1", "ConfigMap", "kept", namespace, data={"turn": turn}), retained=True, adopts=True
        )
    once = "first" if number == 1 else "second" if number == 2 else "third"
    yield Wanted(once, _body("v1", "ConfigMap", once, namespace, data={}), needs=("still",))


_APP = {"app": "web"}
_RBAC = "rbac.authorization.k8s.io/v1"


def _body(api_version: str, kind: str, name: str, namespace: str = "", **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def _definition(group_: str) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    spec = {
        "group": group_,
        "scope": "Namespaced",
        "names": {"plural": "knots", "singular": "knot", "kind": "Knot", "listKind": "KnotList"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
    }
    return _body("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"knots.{group_}", spec=spec)


def _deployment(namespace: str, turn: str, app: str) -> dict[str, Any]:
    """The selector cannot change."""
    container = {"name": "main", "image": "registry.example.com/main:1", "args": ["serve", turn]}
    template = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": app}}, "template": template}
    return _body("apps/v1", "Deployment", "web", namespace, spec=spec)


def _binding(namespace: str, role: str) -> dict[str, Any]:
    """What it refers to cannot change."""
    subjects = [{"kind": "ServiceAccount", "name": "account", "namespace": namespace}]
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}
    return _body(_RBAC, "RoleBinding", "binding", namespace, roleRef=ref, subjects=subjects)
