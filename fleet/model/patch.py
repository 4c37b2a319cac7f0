"""Patch: a change to objects after they were rendered, whatever rendered them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fleet.model import checks
from fleet.model.selector import parse_selector
from fleet.model.values import Values

# RFC 6902: operation → what it needs besides a path.
_OPERATIONS = MappingProxyType(
    {"add": ("value",), "remove": (), "replace": ("value",), "move": ("from",), "copy": ("from",), "test": ("value",)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchTarget:
    """Which objects a patch is for; every field that is given has to fit, an empty one always does.

    group, version, kind, name, namespace: regular expressions for the whole text, as in a kustomization.
    label_selector, annotation_selector: as for `kubectl -l`.
    """

    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    label_selector: str = ""
    annotation_selector: str = ""

    def __post_init__(self) -> None:
        for text in self.__slots__:
            checks.any_text("PatchTarget", text, getattr(self, text))
            if text not in ("label_selector", "annotation_selector"):
                checks.expression("PatchTarget", text, getattr(self, text))
        parse_selector(self.label_selector)
        parse_selector(self.annotation_selector)


@dataclass(frozen=True, slots=True)
class Patch:
    """A strategic merge patch or a JSON patch.

    patch: a mapping is a strategic merge patch (of a custom resource: a JSON merge patch), a list is a JSON patch
        (RFC 6902): `[{"op": "replace", "path": "/spec/replicas", "value": 3}]`.
    target: the objects to change. None leaves it to the patch's own apiVersion, kind and metadata.name, which a JSON
        patch has not.
    optional: True lets the patch match nothing; False makes that an error.
    """

    patch: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    target: PatchTarget | None = field(default=None, kw_only=True)
    optional: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        patch = Values("Patch", "patch", self.patch) if isinstance(self.patch, Mapping) else _operations(self.patch)
        object.__setattr__(self, "patch", patch)
        if self.target is not None and not isinstance(self.target, PatchTarget):
            raise checks.fail("Patch", "target", self.target, "a PatchTarget, or None")
        checks.flag("Patch", "optional", self.optional)
        if self.target is None:
            self._check_own_target()

    def _check_own_target(self) -> None:
        """Without a target the patch itself has to say what it is for."""
        if not isinstance(self.patch, Mapping):
            raise checks.fail("Patch", "target", None, "given: a JSON patch does not say what it is for")
        metadata = self.patch.get("metadata")
        named = isinstance(metadata, Mapping) and metadata.get("name")
        if not (self.patch.get("apiVersion") and self.patch.get("kind") and named):
            raise checks.fail("Patch", "target", None, "given, or the patch have apiVersion, kind and metadata.name")

    @property
    def is_json_patch(self) -> bool:
        """Whether it is a list of operations (RFC 6902)."""
        return not isinstance(self.patch, Mapping)

    @property
    def text(self) -> str:
        """The patch as JSON."""
        if isinstance(self.patch, Values):
            return self.patch.text
        return f"[{', '.join(each.text for each in self.patch if isinstance(each, Values))}]"


def _operations(value: object) -> tuple[Values, ...]:
    entries = checks.sequence("Patch", "patch", value, Mapping, "operations, or a mapping")
    operations = tuple(Values("Patch", f"patch[{position}]", each) for position, each in enumerate(entries))
    for position, operation in enumerate(operations):
        needed = _OPERATIONS.get(str(operation.get("op")))
        if needed is None or not {"path", *needed} <= operation.keys():
            allowed = "an operation: op (add, remove, replace, move, copy or test), path, and value or from"
            raise checks.fail("Patch", f"patch[{position}]", operation, allowed)
    return operations
