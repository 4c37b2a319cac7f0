"""Kubernetes objects as resources: from a goal's inputs to the object that the cluster should hold, and back to state.

Pure. The conventions (ids, `__inputs`, autonames) are those of Pulumi's Kubernetes provider, so that either engine can
take over a state of the other (pulumi-kubernetes, provider/pkg/provider/provider.go: checkpointObject, Check).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any, Final

from fleet.engine import values
from fleet.engine.events import Subject
from fleet.engine.kubernetes.refs import Ref
from fleet.engine.state import Resource, Secret
from fleet.errors import Problem, UnsupportedError

APPLICATION_TYPE: Final = "fleet:index:Application"
FIELD_MANAGER: Final = "fleet"
_MANAGER_ANNOTATION: Final = "pulumi.com/patchFieldManager"
_SECRET_TYPE: Final = "kubernetes:core/v1:Secret"  # noqa: S105 - a type, not a secret
_AUTONAMED: Final = "pulumi.com/autonamed"
_PREFIX: Final = "kubernetes:"
# Resources of Pulumi's Kubernetes provider that are not one object of the cluster.
_NOT_OBJECTS: Final = ("kubernetes:helm.sh/", "kubernetes:yaml", "kubernetes:kustomize", "kubernetes:index:")


def is_object(type_token: str) -> bool:
    """Return whether the type is an object of Kubernetes. Raises UnsupportedError for its provider's other types."""
    if not type_token.startswith(_PREFIX):
        return False
    kind = type_token.rpartition(":")[2]
    if type_token.startswith(_NOT_OBJECTS) or (kind.endswith("Patch") and kind != "Patch"):
        raise UnsupportedError(
            Problem(
                f"The embedded engine does not support resources of type {type_token}",
                hint="Deploy this program with Pulumi: `pulumi up`.",
            )
        )
    return True


def _api_version(type_token: str) -> tuple[str, str]:
    _, group_version, kind = type_token.split(":")
    return group_version.removeprefix("core/"), kind


def body(
    type_token: str, name: str, inputs: Mapping[str, Any], old: Mapping[str, Any] | None, namespace: str | None
) -> dict[str, Any]:
    """Return the inputs as they are recorded: with apiVersion, kind and a name.

    An object without `metadata.name` is named after its resource with a random suffix, and keeps that name.
    old: the inputs of the last deployment; None when there was none. namespace: the provider's default; None for none.
    """
    api_version, kind = _api_version(type_token)
    metadata = dict(inputs.get("metadata") or {})
    if not metadata.get("name"):
        metadata |= _autoname(name, metadata, (old or {}).get("metadata") or {})
    if namespace and not metadata.get("namespace"):
        metadata["namespace"] = namespace
    named = {**inputs, "apiVersion": api_version, "kind": kind, "metadata": metadata}
    return _encoded(named) if type_token == _SECRET_TYPE else named


def _encoded(secret: dict[str, Any]) -> dict[str, Any]:
    """Move `stringData` into `data`, as Pulumi's provider records it; as secret as either was."""
    plain, data = secret.get("stringData"), secret.get("data")
    opened = values.reveal(plain)
    if not isinstance(opened, Mapping) or values.holds(plain, values.Unknown):
        return secret
    texts = {key: base64.b64encode(str(text).encode()).decode() for key, text in opened.items()}
    merged = {**(values.reveal(data) or {}), **texts}
    is_secret = values.holds(plain, Secret) or values.holds(data, Secret)
    rest = {key: value for key, value in secret.items() if key != "stringData"}
    return rest | {"data": Secret(merged) if is_secret else merged}


def _autoname(name: str, metadata: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    chosen = old.get("name") or f"{name.rpartition('/')[2].lower()}-{secrets.token_hex(4)}"
    return {"name": chosen, "annotations": {**(metadata.get("annotations") or {}), _AUTONAMED: "true"}}


def field_manager(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    """Return the field manager: the object's own annotation, else what the state remembers, else `fleet`."""
    annotations = values.reveal((inputs.get("metadata") or {}).get("annotations") or {})
    return str(annotations.get(_MANAGER_ANNOTATION) or outputs.get("__fieldManager") or FIELD_MANAGER)


def object_id(live: Mapping[str, Any]) -> str:
    """Return `<namespace>/<name>`, or `<name>` where there is no namespace."""
    metadata = live["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def identity(inputs: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return what makes it this object in its cluster: group, kind, namespace, name."""
    group = str(values.reveal(inputs["apiVersion"])).rpartition("/")[0]
    metadata = values.reveal(inputs["metadata"])
    return group, str(values.reveal(inputs["kind"])), str(metadata.get("namespace") or ""), str(metadata["name"])


def subject(urn: str, inputs: Mapping[str, Any], cluster: str, application: str) -> Subject:
    """Return the object as events name it."""
    group, kind, namespace, name = identity(inputs)
    return Subject(urn, cluster, application, f"{kind}.{group}" if group else kind, namespace, name)


def outputs(inputs: Mapping[str, Any], live: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """Return what the state keeps of a live object: all but `managedFields`, and as secret as the inputs are."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    kept: dict[str, Any] = _marked({**live, "metadata": metadata}, inputs)
    return kept | {
        "__inputs": inputs,
        "__initialApiVersion": inputs["apiVersion"],
        "__fieldManager": manager,
    }


def _marked(live: Any, inputs: Any) -> Any:
    """Wrap in Secret what is Secret at the same place of the inputs."""
    if isinstance(inputs, Secret):
        return Secret(live)
    if isinstance(live, dict) and isinstance(inputs, Mapping):
        return {key: _marked(value, inputs[key]) if key in inputs else value for key, value in live.items()}
    if isinstance(live, list) and isinstance(inputs, list):
        return [_marked(value, inputs[at]) if at < len(inputs) else value for at, value in enumerate(live)]
    return live


def resource_version(outputs_: Mapping[str, Any]) -> str | None:
    """Return the version of the object that the state was taken from; None when it is not known."""
    version = (outputs_.get("metadata") or {}).get("resourceVersion")
    return str(version) if version else None


def application(parent: Resource | None) -> str:
    """Return the application that an object belongs to: what its Application component says; empty without one."""
    if parent is None or parent.type != APPLICATION_TYPE:
        return ""
    return str(values.reveal(parent.inputs.get("application")) or parent.urn.rpartition("::")[2])


def heals(parent: Resource | None) -> bool:
    """Return whether drift is put right: always, unless the Application component says `selfHeal: false`."""
    return parent is None or parent.inputs.get("selfHeal") is not False


def reference(resource: Resource) -> Ref:
    """Return the object that a resource of the state stands for, and no later one of the same name."""
    live = values.reveal(resource.outputs.get("metadata") or {})
    inputs = values.reveal(resource.inputs)
    _, kind, namespace, name = identity(inputs)
    return Ref(
        str(inputs["apiVersion"]), kind, name, namespace or str(live.get("namespace") or ""), str(live.get("uid") or "")
    )
