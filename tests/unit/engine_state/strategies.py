"""Property values, resources and snapshots for laws about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from fleet.engine.state import Key, Operation, Resource, Secret, Snapshot

PASSPHRASE = "correct horse"

TEXT = st.text(max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=3)
    mappings = st.dictionaries(TEXT, inner, max_size=3)
    return lists | mappings | st.builds(Secret, inner)


VALUES = st.recursive(SCALARS, _nested, max_leaves=8)
PROPERTIES = st.dictionaries(TEXT, VALUES, max_size=3)
NAMES = st.text(min_size=1, max_size=4)
TIMES = st.just("") | st.just("2026-11-22T15:18:04.266725654Z")


def urn(name: str, type_: str = "kubernetes:core/v1:ConfigMap") -> str:
    return f"urn:pulumi:dev::sample::{type_}::{name}"


@st.composite
def related(draw: st.DrawFn, name: str, earlier: tuple[Resource, ...] = ()) -> Resource:
    """A resource that needs some of the earlier ones, and has no properties."""
    known = [resource.urn for resource in earlier]
    some = st.lists(st.sampled_from(known), max_size=2, unique=True).map(tuple) if known else st.just(())
    one = st.just("") | st.sampled_from(known) if known else st.just("")
    providers = [resource.reference for resource in earlier if resource.is_provider]
    is_provider = draw(st.booleans())
    type_ = "pulumi:providers:kubernetes" if is_provider else "kubernetes:core/v1:ConfigMap"
    return Resource(
        urn=urn(name, type_),
        type=type_,
        custom=True,
        id=draw(NAMES) if is_provider else draw(TEXT),
        parent=draw(one),
        provider=draw(st.sampled_from(providers)) if providers and not is_provider else "",
        dependencies=draw(some),
        property_dependencies=draw(st.dictionaries(TEXT, some, max_size=2)),
        deleted_with=draw(one),
    )


@st.composite
def resources(draw: st.DrawFn, name: str, earlier: tuple[Resource, ...] = ()) -> Resource:
    """A resource with all that one can have."""
    return replace(
        draw(related(name, earlier)),
        inputs=draw(PROPERTIES),
        outputs=draw(PROPERTIES),
        protect=draw(st.booleans()),
        retain_on_delete=draw(st.booleans()),
        external=draw(st.booleans()),
        pending_replacement=draw(st.booleans()),
        init_errors=draw(st.lists(TEXT, max_size=2).map(tuple)),
        custom_timeouts=draw(st.dictionaries(st.sampled_from(("create", "update", "delete")), st.just(300))),
        created=draw(TIMES),
        modified=draw(TIMES),
        ignore_changes=draw(st.lists(TEXT, max_size=2).map(tuple)),
        extra=draw(st.dictionaries(st.sampled_from(("stackTrace", "hideDiff", "fromTheFuture")), VALUES, max_size=2)),
    )


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Resource, ...]:
    """Resources that either engine would take: none stands before one it needs."""
    found: tuple[Resource, ...] = ()
    for name in draw(st.lists(st.sampled_from("abcdefgh"), max_size=6, unique=True)):
        found = (*found, draw(related(name, found)))
    return found


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A snapshot that either engine would take."""
    found: tuple[Resource, ...] = ()
    for name in draw(st.lists(NAMES, max_size=3, unique=True)):
        found = (*found, draw(resources(name, found)))
    operations = [Operation("creating", draw(resources("pending")))] if draw(st.booleans()) else []
    return Snapshot(resources=found, pending_operations=tuple(operations), extra=draw(_extra()))


def _extra() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(("snippets", "extensions")), st.lists(SCALARS), max_size=1)


def doomed(resource: Resource) -> Resource:
    """The resource as the old half of a replacement."""
    return replace(resource, delete=True)


def keys(found: Iterable[Resource]) -> list[Key]:
    return [resource.key for resource in found]
