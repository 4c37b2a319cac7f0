"""Directory: which files of a path are manifests, and what Jsonnet among them is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fleet.errors import DeclarationError, Problem
from fleet.model import checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Jsonnet:
    """What the `*.jsonnet` files of a directory are evaluated with; Argo CD's `directory.jsonnet`.

    ext_vars, ext_code: `std.extVar(name)`: a text, or the value of a Jsonnet expression.
    tlas, tla_code: arguments of a file that evaluates to a function, in the same two ways.
    libs: directories that imports are looked for in, from the repository's root; the last one first, and after them
        all the source's own path. What is beside the importing file goes before them.
    """

    ext_vars: Mapping[str, str] = field(default_factory=dict, hash=False)
    ext_code: Mapping[str, str] = field(default_factory=dict, hash=False)
    tlas: Mapping[str, str] = field(default_factory=dict, hash=False)
    tla_code: Mapping[str, str] = field(default_factory=dict, hash=False)
    libs: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("ext_vars", "ext_code", "tlas", "tla_code"):
            object.__setattr__(self, name, checks.labels("Jsonnet", name, getattr(self, name)))
        for texts, code in (("ext_vars", "ext_code"), ("tlas", "tla_code")):
            twice = sorted(set(getattr(self, texts)) & set(getattr(self, code)))
            if twice:
                raise DeclarationError(Problem(f"Jsonnet: {twice[0]} is in {texts} and in {code}", hint="Keep one."))
        object.__setattr__(self, "libs", checks.sequence("Jsonnet", "libs", self.libs, str, "strings"))
        for position, path in enumerate(self.libs):
            checks.relative_path("Jsonnet", f"libs[{position}]", path.removeprefix("/") or ".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Which files of the path are manifests; Argo CD's `directory`.

    recurse: read subdirectories too.
    include, exclude: globs over the path below the source's path, `{a,b}` for alternatives, `*` crossing `/`; empty
        means all files and no file. `exclude` is looked at first.
    disable_extension_filter: True takes files of any name for manifests, not only those that end in `.yaml`, `.yml`,
        `.json` or `.jsonnet`; `include` and `exclude` then choose alone.
    jsonnet: for the files that end in `.jsonnet`.
    """

    recurse: bool = False
    include: str = ""
    exclude: str = ""
    disable_extension_filter: bool = False
    jsonnet: Jsonnet = field(default_factory=Jsonnet)

    def __post_init__(self) -> None:
        for flag in ("recurse", "disable_extension_filter"):
            checks.flag("Directory", flag, getattr(self, flag))
        for pattern in ("include", "exclude"):
            if not isinstance(getattr(self, pattern), str):
                raise checks.fail("Directory", pattern, getattr(self, pattern), "a glob, or an empty string")
        if not isinstance(self.jsonnet, Jsonnet):
            raise checks.fail("Directory", "jsonnet", self.jsonnet, "a Jsonnet")

    @property
    def is_zero(self) -> bool:
        """Whether nothing is said, so that what the path holds decides."""
        return self == _NOTHING


_NOTHING: Final = Directory()
