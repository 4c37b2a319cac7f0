"""Definitions of kinds: the keys of their schemas that Pulumi's provider spells in two ways. Pure.

`x-kubernetes-…` is no name of a field in its typed classes, so they, and the outputs of a definition, have
`x_kubernetes_…`; what is applied and recorded as input has dashes (pulumi-kubernetes,
provider/pkg/provider/provider.go: underscoreToDashMap).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fleet.engine.state import Secret

_DASHED: Final = {
    f"x_kubernetes_{name}": f"x-kubernetes-{name.replace('_', '-')}"
    for name in (
        "embedded_resource",
        "int_or_string",
        "list_map_keys",
        "list_type",
        "map_type",
        "preserve_unknown_fields",
        "validations",
    )
}
_UNDERSCORED: Final = {dashed: underscored for underscored, dashed in _DASHED.items()}


def is_definition(kind: str) -> bool:
    """Return whether objects of the kind hold schemas: CustomResourceDefinition, and others that are named like it."""
    return kind.endswith("ResourceDefinition")


def dashed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest as the API server takes it."""
    renamed: dict[str, Any] = _renamed(manifest, _DASHED)
    return renamed


def underscored(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return outputs as Pulumi's typed classes read them."""
    renamed: dict[str, Any] = _renamed(outputs, _UNDERSCORED)
    return renamed


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {names.get(key, key): _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    return Secret(_renamed(value.value, names)) if isinstance(value, Secret) else value
