"""Goal: one resource as the program wants it, read from a RegisterResource request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import alias_pb2, resource_pb2

from fleet.engine import values
from fleet.errors import Problem, UnsupportedError


@dataclass(frozen=True, slots=True)
class AliasSpec:
    """Another name that the resource may have in the state. Empty parts are those of the resource itself.

    urn: when given, nothing else counts. parent: a URN. no_parent: the resource was at the top of the stack.
    """

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """One resource as the program wants it. parent, provider and dependencies are URNs; provider has `::<id>` behind.

    providers: package name → provider, for components; their children inherit them on the SDK's side.
    delete_before_replace: None when the program does not say.
    timeouts: `create`, `update`, `delete` → text such as `10m`. version: of the provider's package.
    """

    type: str
    name: str
    custom: bool
    parent: str = ""
    provider: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[AliasSpec, ...] = ()
    deleted_with: str = ""
    timeouts: Mapping[str, str] = field(default_factory=dict)
    version: str = ""


def from_request(request: resource_pb2.RegisterResourceRequest) -> Goal:
    """Return the goal of a request. Raises UnsupportedError for what the embedded engine cannot carry out."""
    _refuse_unsupported(request)
    dependencies = {key: tuple(each.urns) for key, each in request.propertyDependencies.items()}
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        provider=request.provider,
        inputs=values.decode(request.object),
        dependencies=tuple(request.dependencies),
        property_dependencies=dependencies,
        protect=request.protect if request.HasField("protect") else None,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=(*map(_alias, request.aliases), *(AliasSpec(urn=urn) for urn in request.aliasURNs)),
        deleted_with=request.deletedWith,
        timeouts=_timeouts(request.customTimeouts),
        version=request.version,
    )


def _alias(alias: alias_pb2.Alias) -> AliasSpec:
    if alias.urn:
        return AliasSpec(urn=alias.urn)
    spec = alias.spec
    return AliasSpec(
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
    )


def _timeouts(timeouts: resource_pb2.RegisterResourceRequest.CustomTimeouts) -> dict[str, str]:
    given = {"create": timeouts.create, "update": timeouts.update, "delete": timeouts.delete}
    return {operation: text for operation, text in given.items() if text}


def _refuse_unsupported(request: resource_pb2.RegisterResourceRequest) -> None:
    hooks = any(getattr(request.hooks, binding.name) for binding in request.hooks.DESCRIPTOR.fields)
    features = {
        "remote components": request.remote,
        "the import option": bool(request.importId),
        "transforms": bool(request.transforms),
        "resource hooks": hooks,
        "replace_with": bool(request.replace_with),
        "replacement_trigger": request.HasField("replacement_trigger"),
        "parameterized packages": bool(request.packageRef),
        "state migrations": bool(request.state_migrations),
    }
    used = [feature for feature, is_used in features.items() if is_used]
    if used:
        raise UnsupportedError(
            Problem(
                f"{request.type} {request.name!r}: the embedded engine does not support {' and '.join(used)}",
                hint="Deploy this program with Pulumi: `pulumi up`.",
            )
        )
