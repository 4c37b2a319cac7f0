"""Paths: fields of the DSL → the key paths by which the same is said in YAML, for messages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fleet.argo.keys import ADOPT, WAIT, WAIT_TIMEOUT

_Path = tuple[str | int, ...]

# What is called otherwise in YAML than the field, or is at another place; of the longest that fits, the rest is kept.
_APPLICATION: Final[Mapping[_Path, str]] = MappingProxyType(
    {
        (): "spec",
        ("namespace",): "spec.destination.namespace",
        ("project",): "spec.project",
        ("sync",): "spec.syncPolicy",
        ("sync", "automated"): "spec.syncPolicy.automated",
        ("sync", "prune"): "spec.syncPolicy.automated.prune",
        ("sync", "self_heal"): "spec.syncPolicy.automated.selfHeal",
        ("sync", "allow_empty"): "spec.syncPolicy.automated.allowEmpty",
        ("sync", "create_namespace"): "spec.syncPolicy.syncOptions",
        ("adopt",): f"metadata.annotations.{ADOPT}",
        ("wait",): f"metadata.annotations.{WAIT}",
        ("wait_timeout_s",): f"metadata.annotations.{WAIT_TIMEOUT}",
    }
)
_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "repo": "repoURL",
        "revision": "targetRevision",
        "version": "targetRevision",
        "values": "valuesObject",
        "string_parameters": "parameters",
        "ext_code": "extVars",
        "tla_code": "tlas",
    }
)
# Below these the keys are the user's own.
_OWN_KEYS: Final = frozenset({"labels", "annotations", "values", "common_labels", "common_annotations"})
# Lists in YAML whose entries are found by a name in them, not by their position.
_NAMED: Final = frozenset(
    {
        *("images", "replicas"),
        *("parameters", "string_parameters", "file_parameters"),
        *("ext_vars", "ext_code", "tlas", "tla_code"),
    }
)


def of_application(path: _Path) -> str:
    """Return where an Application says what a field of the DSL says: `spec.source.targetRevision`."""
    for length in range(len(path), -1, -1):
        if path[:length] in _APPLICATION:
            return _joined(_APPLICATION[path[:length]], of_changes(path[length:]))
    raise AssertionError(path)


def of_changes(path: _Path) -> str:
    """Return where an entry of `overrides` or `servers` says it, below the entry: `helm.valuesObject.replicas`."""
    parts = ""
    for position, part in enumerate(path):
        if isinstance(part, int):
            parts += f"[{part}]"
            continue
        parts = _joined(parts, _FIELDS.get(part) or _camel(part))
        if part in _NAMED:
            break
        if part in _OWN_KEYS:
            return "".join((parts, *(f".{key}" for key in path[position + 1 :])))
    return parts


def _joined(first: str, second: str) -> str:
    return first + second if second.startswith("[") or not (first and second) else f"{first}.{second}"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
