"""Goal: one resource as the program wants it, read from a request of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from fleet.engine import paths, values
from fleet.engine.durations import seconds
from fleet.engine.protocol import alias_pb2, resource_pb2
from fleet.engine.unsupported import unsupported
from fleet.errors import DeclarationError, FleetError, Problem
from fleet.frozen import dataclass


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

    delete_before_replace: None when the program does not say.
    ignore_changes, replace_on_changes: property paths (`fleet.engine.paths`), known to be well-formed.
    timeouts: `create`, `update`, `delete` → seconds. version: of the provider's package.
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
    timeouts: Mapping[str, float] = field(default_factory=dict)
    version: str = ""


def from_request(request: resource_pb2.RegisterResourceRequest) -> Goal:
    """Return the goal of a request.

    Raises UnsupportedError for what the embedded engine cannot carry out, DeclarationError for options that make no
    sense.
    """
    _refuse_unsupported(request)
    by_property = request.propertyDependencies
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        provider=request.provider,
        inputs=values.decode(request.object),
        dependencies=tuple(request.dependencies),
        property_dependencies={key: tuple(by_property[key].urns) for key in by_property},
        protect=request.protect if request.HasField("protect") else None,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        ignore_changes=_paths(request, "ignore_changes", request.ignoreChanges),
        replace_on_changes=_paths(request, "replace_on_changes", request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=(*map(_alias, request.aliases), *(AliasSpec(urn=urn) for urn in request.aliasURNs)),
        deleted_with=request.deletedWith,
        timeouts=_timeouts(request),
        version=request.version,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGoal:
    """Something that the program wants to know of and does not own: `Kind.get()`, a StackReference.

    id: what the provider knows it by; `values.UNKNOWN_ON_THE_WIRE` where a preview cannot know.
    """

    type: str
    name: str = ""
    id: str
    parent: str = ""
    provider: str = ""
    dependencies: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()


def from_read_request(request: resource_pb2.ReadResourceRequest) -> ReadGoal:
    """Return what a request wants to read. Raises UnsupportedError for parameterized packages."""
    _refuse_package(request)
    return ReadGoal(
        type=request.type,
        name=request.name,
        id=request.id,
        parent=request.parent,
        provider=request.provider,
        dependencies=tuple(request.dependencies),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
    )


def from_exists_request(request: resource_pb2.ExistsResourceRequest) -> ReadGoal:
    """Return what a request asks the existence of. Raises UnsupportedError for parameterized packages."""
    _refuse_package(request)
    return ReadGoal(type=request.type, id=request.id, parent=request.parent, provider=request.provider)


def _refuse_package(request: resource_pb2.ReadResourceRequest | resource_pb2.ExistsResourceRequest) -> None:
    if request.packageRef:
        raise unsupported(f"{request.type} {request.id!r}: the embedded engine does not support parameterized packages")


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


def _paths(request: resource_pb2.RegisterResourceRequest, option: str, given: Iterable[str]) -> tuple[str, ...]:
    texts = tuple(given)
    for text in texts:
        try:
            paths.parse(text)
        except ValueError as error:
            hint = 'Write it like `spec.replicas` or `metadata.annotations["example.com/key"]`.'
            raise DeclarationError(Problem(f"{_about(request)}: {option}: {error}", hint=hint)) from error
    return texts


def _timeouts(request: resource_pb2.RegisterResourceRequest) -> dict[str, float]:
    if not request.HasField("customTimeouts"):
        return {}
    timeouts = request.customTimeouts
    given = {"create": timeouts.create, "update": timeouts.update, "delete": timeouts.delete}
    try:
        return {operation: seconds(text) for operation, text in given.items() if text}
    except FleetError as error:
        (problem,) = error.problems
        summary = f"{_about(request)}: custom_timeouts: {problem.summary}"
        raise DeclarationError(Problem(summary, hint=problem.hint)) from error


def _about(request: resource_pb2.RegisterResourceRequest) -> str:
    return f"{request.type} {request.name!r}"


def _refuse_unsupported(request: resource_pb2.RegisterResourceRequest) -> None:
    features = {
        "remote components": request.remote,
        "the import option": bool(request.importId),
        "transforms": bool(request.transforms),
        "resource hooks": request.HasField("hooks") and _has_hooks(request.hooks),
        "replace_with": bool(request.replace_with),
        "replacement_trigger": request.HasField("replacement_trigger"),
        "parameterized packages": bool(request.packageRef),
        "state migrations": bool(request.state_migrations),
    }
    if any(features.values()):
        used = [feature for feature, is_used in features.items() if is_used]
        raise unsupported(f"{_about(request)}: the embedded engine does not support {' and '.join(used)}")


def _has_hooks(hooks: resource_pb2.RegisterResourceRequest.ResourceHooksBinding) -> bool:
    return any(getattr(hooks, binding.name) for binding in hooks.DESCRIPTOR.fields)
