"""Patch targets: which objects a patch is for, and what to say if there are none. Pure.

As kustomize decides it (api/types/selector.go): expressions are for the whole text, an empty field fits everything.
Different from it, an object without a namespace is in none, not in `default`: which one it gets is decided later.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fleet.errors import Problem
from fleet.model.manifest import Manifest
from fleet.model.patch import Patch, PatchTarget
from fleet.model.selector import parse_selector

_SHOWN = 3
_NEAR = 5


def positions(patch: Patch, manifests: Sequence[Manifest]) -> tuple[int, ...]:
    """Return the positions of the objects that a patch is for."""
    wanted = patch.target
    if wanted is None:
        return tuple(position for position, each in enumerate(manifests) if _is_own(patch.patch, each))
    labels, annotations = parse_selector(wanted.label_selector), parse_selector(wanted.annotation_selector)
    return tuple(
        position
        for position, each in enumerate(manifests)
        if _fits(wanted, each)
        and labels.matches(each.metadata.get("labels") or {})
        and annotations.matches(each.annotations)
    )


def is_delete(patch: Patch) -> bool:
    """Return whether a patch removes the whole object."""
    return isinstance(patch.patch, Mapping) and patch.patch.get("$patch") == "delete"


def shown(patch: Patch) -> str:
    """Return the patch in a few words, without its values: `spec.replicas of Deployment web`."""
    if patch.is_json_patch:
        changes = [f"{each.get('op')} {each.get('path')}" for each in patch.patch if isinstance(each, Mapping)]
    elif is_delete(patch):
        changes = ["$patch: delete"]
    else:
        changes = list(_changes(patch.patch, "")) or ["nothing"]
    more = ", …" if len(changes) > _SHOWN else ""
    return f"{', '.join(changes[:_SHOWN])}{more} of {target(patch)}"


def target(patch: Patch) -> str:
    """Return which objects a patch is for, in words."""
    if patch.target is None:
        own: Mapping[str, Any] = patch.patch  # type: ignore[assignment] # without a target it is a mapping
        namespace = own["metadata"].get("namespace")
        return f"{own['kind']} {f'{namespace}/' if namespace else ''}{own['metadata']['name']} ({own['apiVersion']})"
    said = {name.replace("_", " "): getattr(patch.target, name) for name in patch.target.__slots__}
    return ", ".join(f"{name} {value}" for name, value in said.items() if value) or "every object"


def unmatched(patch: Patch, manifests: Sequence[Manifest]) -> Problem:
    """Return the problem of a patch that is for none of the objects."""
    kind, name = _kind_and_name(patch)
    of_kind = [each for each in manifests if not kind or re.fullmatch(kind, each.kind)]
    if of_kind:
        keys = {str(each.key): each.name for each in of_kind}
        near = sorted(keys, key=lambda key: -difflib.SequenceMatcher(None, keys[key], name).ratio())
        detail = f"There {'is' if len(keys) == 1 else 'are'} {_listed(near)}."
    elif manifests:
        detail = f"No object is of that kind; there are {_listed(sorted({each.kind for each in manifests}))}."
    else:
        detail = "There are no objects at all."
    hint = "If it may match none: optional=True, in YAML optional: true."
    return Problem(f"a patch matches no object: {shown(patch)}", detail=detail, hint=hint)


def _is_own(patch: object, manifest: Manifest) -> bool:
    """Without a target, a patch is for the object that it names."""
    assert isinstance(patch, Mapping)
    metadata = patch["metadata"]
    return bool(
        (patch["apiVersion"], patch["kind"], metadata["name"], metadata.get("namespace") or "")
        == (manifest.api_version, manifest.kind, manifest.name, manifest.namespace)
    )


def _fits(wanted: PatchTarget, manifest: Manifest) -> bool:
    return all(
        not expression or re.fullmatch(expression, text)
        for expression, text in (
            (wanted.group, manifest.group),
            (wanted.version, manifest.version),
            (wanted.kind, manifest.kind),
            (wanted.name, manifest.name),
            (wanted.namespace, manifest.namespace),
        )
    )


def _changes(patch: object, path: str) -> Iterator[str]:
    """Yield the paths of what a strategic merge patch sets, without what says which object it is for."""
    if not isinstance(patch, Mapping) or not patch:
        yield path
        return
    for key, value in patch.items():
        place = f"{path}.{key}".removeprefix(".")
        if place not in {"apiVersion", "kind", "metadata.name", "metadata.namespace"}:
            inner = list(_changes(value, place))
            yield from inner if place != "metadata" or inner != [place] else ()


def _kind_and_name(patch: Patch) -> tuple[str, str]:
    if patch.target is not None:
        return patch.target.kind, patch.target.name
    own: Mapping[str, Any] = patch.patch  # type: ignore[assignment] # as above
    return re.escape(own["kind"]), own["metadata"]["name"]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:_NEAR]) + (f" and {len(words) - _NEAR} more" if len(words) > _NEAR else "")
