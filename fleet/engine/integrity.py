"""Integrity: what must hold between the resources of a snapshot, and putting them into an order in which it does.

Pure. The rules are those by which Pulumi refuses a snapshot (VerifyIntegrity in its pkg/resource/deploy/snapshot.go).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from fleet.engine.state import Resource


def violations(resources: Iterable[Resource]) -> Iterator[str]:
    """Yield what Pulumi would refuse the resources for, in words."""
    resources = tuple(resources)
    everywhere = {resource.urn for resource in resources}
    seen: set[str] = set()
    providers: set[str] = set()
    for resource in resources:
        yield from _alone(resource)
        for urn in dict.fromkeys(resource.needs()):
            if urn not in seen and urn != resource.provider_urn:
                yield f"{resource.urn} needs {urn}, which {'comes after it' if urn in everywhere else 'is missing'}"
        if resource.is_provider:
            providers.add(resource.reference)
        if resource.provider and resource.provider not in providers and not resource.pending_replacement:
            yield f"{resource.urn} belongs to the provider {resource.provider}, which does not come before it"
        seen.add(resource.urn)
    alive = Counter(resource.urn for resource in resources if not resource.delete)
    yield from (f"{urn} is there {count} times" for urn, count in alive.items() if count > 1)


def _alone(resource: Resource) -> Iterator[str]:
    if not resource.urn or not resource.type:
        yield f"{resource.urn or 'a resource'} has no {'type' if resource.urn else 'urn'}"
    if resource.id and not resource.custom:
        yield f"{resource.urn} has an id, and is no custom resource"
    if resource.is_provider and not resource.id:
        yield f"{resource.urn} is a provider without an id"


def settle(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Return the resources so that each stands behind all it needs, otherwise in the given order.

    What a resource needs and is not there is no longer needed: such references go. Only a missing provider stays,
    because a resource without one means nothing.
    """
    resources = tuple(resources)
    if _is_settled(resources):
        return resources
    present = {resource.urn for resource in resources}
    return _ordered(tuple(_without_dangling(resource, present) for resource in resources))


def _is_settled(resources: Iterable[Resource]) -> bool:
    """Return whether nothing is to be done, as after most runs. Of two with one URN it is not told which is meant."""
    seen: set[str] = set()
    for resource in resources:
        if resource.urn in seen or not seen.issuperset(resource.needs()):
            return False
        seen.add(resource.urn)
    return True


def without_aliases(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Return the resources with every reference to an alias turned into one to the resource that has it.

    A resource that was not dealt with since may still name another by a URN which that one had before. Afterwards
    nobody does, and the aliases go: they are not for the next run.
    """
    resources = tuple(resources)
    renamed = {alias: resource.urn for resource in resources for alias in resource.aliases}
    return tuple(_renamed(resource, renamed) for resource in resources) if renamed else resources


def _renamed(resource: Resource, renamed: Mapping[str, str]) -> Resource:
    if not resource.aliases and renamed.keys().isdisjoint(resource.needs()):
        return resource

    def current(urns: Iterable[str]) -> tuple[str, ...]:
        return tuple(renamed.get(urn, urn) for urn in urns)

    (parent, deleted_with, provider) = current((resource.parent, resource.deleted_with, resource.provider_urn))
    return replace(
        resource,
        parent=parent,
        deleted_with=deleted_with,
        provider=f"{provider}::{resource.provider.rpartition('::')[2]}" if provider else "",
        dependencies=current(resource.dependencies),
        property_dependencies={key: current(urns) for key, urns in resource.property_dependencies.items()},
        aliases=(),
    )


def _without_dangling(resource: Resource, present: set[str]) -> Resource:
    if all(urn in present for urn in resource.needs()):
        return resource

    def kept(urns: Iterable[str]) -> tuple[str, ...]:
        return tuple(urn for urn in urns if urn in present)

    return replace(
        resource,
        parent=resource.parent if resource.parent in present else "",
        deleted_with=resource.deleted_with if resource.deleted_with in present else "",
        dependencies=kept(resource.dependencies),
        property_dependencies={key: kept(urns) for key, urns in resource.property_dependencies.items()},
    )


def _ordered(resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """Sort by depth-first search with a stack of its own: chains of dependencies can be longer than Python's."""
    needed = _Needed(resources)
    done: dict[int, Resource] = {}
    for resource in resources:
        path = [resource]
        on_path: set[int] = set()
        while path:
            current = path[-1]
            missing = [] if id(current) in on_path else [each for each in needed(current) if id(each) not in done]
            on_path.add(id(current))
            following = [each for each in missing if id(each) not in on_path]
            if following:
                path += reversed(following)
            else:
                done.setdefault(id(current), path.pop())
    return tuple(done.values())


class _Needed:
    """Finds the resources behind URNs, those pending deletion among those pending deletion first, as Pulumi does."""

    def __init__(self, resources: tuple[Resource, ...]) -> None:
        self._old = {resource.urn: resource for resource in resources if resource.delete}
        self._new = {resource.urn: resource for resource in resources if not resource.delete}
        self._providers = {resource.reference: resource for resource in resources if resource.is_provider}

    def __call__(self, resource: Resource) -> list[Resource]:
        first, second = (self._old, self._new) if resource.delete else (self._new, self._old)
        found = (first.get(urn) or second.get(urn) for urn in dict.fromkeys(resource.needs()))
        return [each for each in (self._providers.get(resource.provider), *found) if each is not None]
