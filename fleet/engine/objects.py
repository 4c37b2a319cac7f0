"""Kubernetes objects as resources: from a goal's inputs to the object that the cluster should hold, and back to state.

Pure. The conventions (ids, `__inputs`, autonames) are those of Pulumi's Kubernetes provider, so that either engine can
take over a state of the other (pulumi-kubernetes, provider/pkg/provider/provider.go: checkpointObject, Check).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fleet.engine import definitions, values
from fleet.engine.events import Subject
from fleet.engine.kubernetes.refs import Ref, group_of
from fleet.engine.kubernetes.secrets import LAST_APPLIED
from fleet.engine.state import Resource, Secret
from fleet.engine.unsupported import unsupported
from fleet.errors import DeclarationError, Problem

APPLICATION_TYPE: Final = "fleet:index:Application"
FIELD_MANAGER: Final = "fleet"
_MANAGER_ANNOTATION: Final = "pulumi.com/patchFieldManager"
_SECRET_TYPE: Final = "kubernetes:core/v1:Secret"  # noqa: S105 - a type, not a secret
_SECRET_FIELDS: Final = ("data", "stringData")
_AUTONAMED: Final = "pulumi.com/autonamed"
_PREFIX: Final = "kubernetes:"
# Resources of Pulumi's Kubernetes provider that are not one object of the cluster, components among them.
_NOT_OBJECTS: Final = ("kubernetes:helm.sh/", "kubernetes:yaml", "kubernetes:kustomize", "kubernetes:index:")
# What only a live object has; a preview of one that is not there yet cannot know it.
_SERVER_SIDE: Final = ("uid", "resourceVersion", "creationTimestamp", "generation")


def is_object(type_token: str) -> bool:
    """Return whether the type is an object of Kubernetes. Raises UnsupportedError for its provider's other types."""
    if not type_token.startswith(_PREFIX):
        return False
    if type_token.startswith(_NOT_OBJECTS) or _is_list(type_token):
        raise unsupported(f"The embedded engine does not support resources of type {type_token}")
    return True


def _is_list(type_token: str) -> bool:
    """Custom kinds may end in `List`; of the built-in ones, that is what lists of objects do."""
    api_version, kind = api_version_and_kind(type_token)
    group = group_of(api_version)
    return kind.endswith("List") and ("." not in group or group.endswith(".k8s.io"))


def is_patch(type_token: str, inputs: Mapping[str, Any]) -> bool:
    """Return whether a resource only patches an object: its type is that of its kind with `Patch` behind."""
    _, kind = api_version_and_kind(type_token)
    return kind == f"{values.reveal(inputs.get('kind'))}Patch"


def refuse_patch(type_token: str, name: str, inputs: Mapping[str, Any]) -> None:
    """Raise UnsupportedError for Pulumi's `…Patch` resources."""
    if is_patch(type_token, inputs):
        summary = f"{name!r} is a {type_token}: the embedded engine does not support resources that patch objects"
        raise unsupported(summary)


def api_version_and_kind(type_token: str) -> tuple[str, str]:
    """Return what `kubernetes:<group>/<version>:<Kind>` means; `core/v1` is `v1`."""
    _, group_version, kind = type_token.split(":")
    return group_version.removeprefix("core/"), kind


# What a manifest that was read from a cluster holds, and cannot be applied.
_READ_ONLY: Final = (
    *_SERVER_SIDE,
    "managedFields",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)


def body(
    type_token: str, name: str, inputs: Mapping[str, Any], old: Mapping[str, Any] | None, namespace: str | None
) -> dict[str, Any]:
    """Return the inputs as they are recorded: with apiVersion, kind and a name, without what only a cluster can set.

    What a Secret holds is secret.
    An object without `metadata.name` is named after its resource with a random suffix, and keeps that name.
    old: the inputs of the last deployment; None when there was none. namespace: for objects that name none; None for
    cluster-scoped ones. Raises DeclarationError for `generateName`.
    """
    api_version, kind = api_version_and_kind(type_token)
    metadata = {key: value for key, value in _metadata(inputs).items() if key not in _READ_ONLY}
    if not metadata.get("name"):
        _refuse_generate_name(type_token, name, metadata)
        metadata |= _autoname(name, metadata, _metadata(old or {}))
    if namespace and not metadata.get("namespace"):
        metadata["namespace"] = namespace
    named = {**inputs, "apiVersion": api_version, "kind": kind, "metadata": metadata}
    if definitions.is_definition(kind):
        return definitions.dashed(named)
    return _hidden(_encoded(named)) if type_token == _SECRET_TYPE else named


def _metadata(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of inputs: where all of it is secret, each field is; where it is unknown, the name is."""
    metadata = inputs.get("metadata")
    if isinstance(metadata, Secret):
        return {key: Secret(value) for key, value in (values.reveal(metadata) or {}).items()}
    return {"name": metadata} if isinstance(metadata, values.Unknown) else dict(metadata or {})


def _refuse_generate_name(type_token: str, name: str, metadata: Mapping[str, Any]) -> None:
    if metadata.get("generateName"):
        hint = "Leave it out: an object without a name gets that of its resource with a random suffix."
        raise DeclarationError(Problem(f"{type_token} {name!r}: metadata.generateName cannot be applied", hint=hint))


def _hidden(secret: dict[str, Any]) -> dict[str, Any]:
    """Mark what a Secret holds as secret, as Pulumi's provider does whatever the program says."""
    held = {field: secret[field] for field in _SECRET_FIELDS if secret.get(field) is not None}
    return {**secret, **{field: each if isinstance(each, Secret) else Secret(each) for field, each in held.items()}}


def _encoded(secret: dict[str, Any]) -> dict[str, Any]:
    """Move `stringData` into `data`, as Pulumi's provider records it."""
    plain, data = secret.get("stringData"), secret.get("data")
    opened = values.reveal(plain)
    if not isinstance(opened, Mapping) or values.holds(plain, values.Unknown):
        return secret
    texts = {key: base64.b64encode(str(text).encode()).decode() for key, text in opened.items()}
    merged = {**(values.reveal(data) or {}), **texts}
    return {key: value for key, value in secret.items() if key != "stringData"} | {"data": merged}


def _autoname(name: str, metadata: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    chosen = old.get("name") or f"{name.rpartition('/')[2].lower()}-{secrets.token_hex(4)}"
    return {"name": chosen, "annotations": {**(metadata.get("annotations") or {}), _AUTONAMED: "true"}}


def is_autonamed(inputs: Mapping[str, Any]) -> bool:
    """Return whether the object's name is one that an engine has found for it."""
    annotations = values.reveal(_metadata(inputs).get("annotations")) or {}
    return isinstance(annotations, Mapping) and annotations.get(_AUTONAMED) == "true"


def field_manager(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    """Return the field manager: the object's own annotation, else what the state remembers, else `fleet`."""
    annotations = values.reveal(_metadata(inputs).get("annotations"))
    own = annotations.get(_MANAGER_ANNOTATION) if isinstance(annotations, Mapping) else None
    return str(own or outputs.get("__fieldManager") or FIELD_MANAGER)


def object_id(live: Mapping[str, Any]) -> str:
    """Return `<namespace>/<name>`, or `<name>` where there is no namespace."""
    metadata = live["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def identity(inputs: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return what makes it this object in its cluster: group, kind, namespace, name."""
    metadata = values.reveal(inputs["metadata"])
    group, kind = group_of(str(values.reveal(inputs["apiVersion"]))), str(values.reveal(inputs["kind"]))
    return group, kind, str(metadata.get("namespace") or ""), str(metadata["name"])


def subject(urn: str, inputs: Mapping[str, Any], cluster: str, application: str) -> Subject:
    """Return the object as events name it."""
    group, kind, namespace, name = identity(inputs)
    return Subject(urn, cluster, application, f"{kind}.{group}" if group else kind, namespace, name)


def known_inputs(resource: Resource) -> Mapping[str, Any]:
    """Return the inputs of a resource of the state, with the name and the namespace that its object got."""
    metadata = _metadata(resource.inputs)
    live = values.reveal(resource.outputs.get("metadata")) or {}
    missing = {key: live[key] for key in ("name", "namespace") if live.get(key) and not metadata.get(key)}
    return {**resource.inputs, "metadata": {**metadata, **missing}} if missing else resource.inputs


def located(inputs: Mapping[str, Any], live: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the inputs with the namespace of the live object, where they name none."""
    namespace = live["metadata"].get("namespace")
    if not namespace or inputs["metadata"].get("namespace"):
        return inputs
    return {**inputs, "metadata": {**inputs["metadata"], "namespace": namespace}}


def outputs(
    inputs: Mapping[str, Any], live: Mapping[str, Any], manager: str, secret: Iterable[str] = ()
) -> dict[str, Any]:
    """Return what the state keeps of a live object: all but `managedFields`, and as secret as the inputs are.

    secret: further fields that are, as `additional_secret_outputs` has them.
    """
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    kept: dict[str, Any] = marked({**live, "metadata": metadata}, inputs)
    is_secret = live.get("apiVersion") == "v1" and live.get("kind") == "Secret"
    if is_secret:
        kept = _hidden(kept)
    if is_secret or values.holds(inputs, Secret):
        kept["metadata"] = _without_copy(kept["metadata"])
    kept |= {name: Secret(values.reveal(kept[name])) for name in secret if name in kept}
    recorded = kept | {"__inputs": inputs}
    if definitions.is_definition(str(live.get("kind"))):
        recorded = definitions.underscored(recorded)
    return recorded | {"__initialApiVersion": inputs["apiVersion"], "__fieldManager": manager}


def _without_copy(metadata: Any) -> Any:
    """Hide the copy of the whole object that `kubectl apply` keeps in an annotation."""
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    if not isinstance(annotations, Mapping) or LAST_APPLIED not in annotations:
        return metadata
    copy = Secret(values.reveal(annotations[LAST_APPLIED]))
    return {**metadata, "annotations": {**annotations, LAST_APPLIED: copy}}


def read_outputs(live: Mapping[str, Any], secret: Iterable[str] = ()) -> dict[str, Any]:
    """Return what the state keeps of a live object that the program only reads. secret: as for `outputs`."""
    kept = outputs({"apiVersion": live["apiVersion"]}, live, "", secret)
    return {key: value for key, value in kept.items() if not key.startswith("__")}


def expected(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs that a preview can tell of an object without asking its cluster."""
    return {**inputs, "metadata": {**dict.fromkeys(_SERVER_SIDE, values.UNKNOWN), **inputs["metadata"]}}


def marked(live: Any, inputs: Any) -> Any:
    """Return the value with everything wrapped in Secret that is Secret at the same place of the inputs.

    A list with something secret in it is so as a whole, because a cluster may put it into another order.
    """
    if not values.holds(inputs, Secret):
        return live
    if isinstance(live, dict) and isinstance(inputs, Mapping):
        return {key: marked(value, inputs[key]) if key in inputs else value for key, value in live.items()}
    return Secret(live)


def resource_version(outputs_: Mapping[str, Any]) -> str | None:
    """Return the version of the object that the state was taken from; None when it is not known."""
    version = (values.reveal(outputs_.get("metadata")) or {}).get("resourceVersion")
    return str(version) if version else None


def application(parent: Resource | None) -> str:
    """Return the application that an object belongs to: what its Application component says; empty without one."""
    if parent is None or parent.type != APPLICATION_TYPE:
        return ""
    return str(values.reveal(parent.inputs.get("application")) or parent.urn.rpartition("::")[2])


def destroyable(resource: Resource, parent: Resource | None) -> bool:
    """Return whether a retained object goes when the stack is destroyed: its application says which ones it `keeps`.

    Retained by itself is what leaves the program, so without such an application everything stays.
    """
    if parent is None or parent.type != APPLICATION_TYPE or "keeps" not in parent.inputs:
        return False
    return _name(resource.urn) not in values.reveal(parent.inputs["keeps"])


def is_paused(parent: Resource | None) -> bool:
    """Return whether the Application component says that its cluster is paused: drift is not even looked for there."""
    return parent is not None and parent.inputs.get("paused") is True


def heals(parent: Resource | None) -> bool:
    """Return whether drift is put right: always, unless the Application component says `selfHeal: false`, or paused."""
    return parent is None or (parent.inputs.get("selfHeal") is not False and not is_paused(parent))


def waits(urn: str, parent: Resource | None) -> bool:
    """Return whether the Application component says that an object is to become ready, whatever its kind."""
    if parent is None or parent.type != APPLICATION_TYPE:
        return False
    return parent.inputs.get("wait") is True or bool(awaited_by(urn, parent))


def awaited_by(urn: str, parent: Resource | None) -> str:
    """Return what of its application begins once the object is ready, as the Application component calls it."""
    if parent is None or parent.type != APPLICATION_TYPE:
        return ""
    names = parent.inputs.get("awaitedBy")
    found = names.get(_name(urn)) if isinstance(names, Mapping) else None
    return found if isinstance(found, str) else ""


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def head(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an object is and what its annotations say, nothing of it secret."""
    return {key: values.reveal(inputs[key]) for key in ("apiVersion", "kind", "metadata") if key in inputs}


def reference(resource: Resource) -> Ref:
    """Return the object that a resource of the state stands for, and no later one of the same name."""
    live = values.reveal(resource.outputs.get("metadata") or {})
    inputs = values.reveal(known_inputs(resource))
    _, kind, namespace, name = identity(inputs)
    return Ref(str(inputs["apiVersion"]), kind, name, namespace, str(live.get("uid") or ""))


def reference_by_id(type_token: str, id_: str) -> Ref:
    """Return the object that `<namespace>/<name>`, or `<name>` alone, means."""
    namespace, _, name = id_.rpartition("/")
    return Ref(*api_version_and_kind(type_token), name, namespace)
