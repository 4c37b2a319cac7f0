"""Which kinds a cluster serves, read from its aggregated discovery documents. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any

from fleet.engine.kubernetes.refs import Resource, group_of
from fleet.frozen import dataclass

AGGREGATED_KIND = "APIGroupDiscoveryList"
_DISSOLVED = "extensions"
Kind = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The kinds of a cluster by (apiVersion, kind).

    stale: apiVersions of which the API server could not ask the server behind them: what they serve is not known.
    watchable: the kinds whose objects can be listed and watched.
    """

    resources: Mapping[Kind, Resource] = field(default_factory=lambda: MappingProxyType({}))
    stale: frozenset[str] = frozenset()
    watchable: frozenset[Kind] = frozenset()

    def versions(self, api_version: str, kind: str) -> tuple[str, ...]:
        """Return the apiVersions in which the kind is served: the same objects under other names.

        `extensions` was dissolved into other groups; its kinds are looked for in all of them.
        """
        group = group_of(api_version)
        return tuple(each for each in self.namesakes(kind) if group in (group_of(each), _DISSOLVED))

    def namesakes(self, kind: str) -> tuple[str, ...]:
        """Return the apiVersions of all groups that serve a kind of this name."""
        return tuple(sorted(version for version, served in self.resources if served == kind))

    def with_resources(self, added: Iterable[Resource]) -> Catalog:
        """Return the catalog with these kinds as well."""
        new = {(resource.api_version, resource.kind): resource for resource in added}
        return replace(self, resources=MappingProxyType({**self.resources, **new}))

    def without(self, removed: Iterable[Resource]) -> Catalog:
        """Return the catalog without these kinds."""
        gone = {(resource.api_version, resource.kind) for resource in removed}
        kept = {kind: resource for kind, resource in self.resources.items() if kind not in gone}
        return replace(self, resources=MappingProxyType(kept))


def read_catalog(documents: Iterable[Mapping[str, Any]]) -> Catalog:
    """Return what APIGroupDiscoveryLists say."""
    resources: dict[Kind, Resource] = {}
    stale: set[str] = set()
    watchable: set[Kind] = set()
    for api_version, version in _versions(documents):
        if version.get("freshness") == "Stale":
            stale.add(api_version)
        for resource, verbs in _resources(api_version, version):
            # Where two collections serve one kind, the one that can be applied to is meant.
            if "patch" in verbs or (api_version, resource.kind) not in resources:
                resources[api_version, resource.kind] = resource
            if {"list", "watch"}.issubset(verbs):
                watchable.add((api_version, resource.kind))
    return Catalog(MappingProxyType(resources), frozenset(stale), frozenset(watchable))


def defined_by(crd: Mapping[str, Any]) -> tuple[Resource, ...]:
    """Return the kinds that a CustomResourceDefinition makes its cluster serve."""
    spec = crd.get("spec") or {}
    names = spec.get("names") or {}
    return tuple(
        Resource(
            api_version=f"{spec.get('group')}/{version.get('name')}",
            kind=str(names.get("kind")),
            plural=str(names.get("plural")),
            namespaced=spec.get("scope") == "Namespaced",
        )
        for version in spec.get("versions") or ()
        if version.get("served")
    )


def _versions(documents: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for document in documents:
        for item in document.get("items") or ():
            group = (item.get("metadata") or {}).get("name") or ""
            for version in item.get("versions") or ():
                yield (f"{group}/{version['version']}" if group else str(version["version"])), version


def _resources(api_version: str, version: Mapping[str, Any]) -> Iterator[tuple[Resource, Iterable[str]]]:
    for served in version.get("resources") or ():
        kind = (served.get("responseKind") or {}).get("kind")
        if kind:
            namespaced = served.get("scope") == "Namespaced"
            yield Resource(api_version, str(kind), str(served["resource"]), namespaced), served.get("verbs") or ()
