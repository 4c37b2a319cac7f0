"""Directory: which files of a path are manifests."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.model import checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Which files of the path are manifests; Argo CD's `directory`.

    recurse: read subdirectories too.
    include, exclude: globs over the path below the source's path, `{a,b}` for alternatives, `*` crossing `/`; empty
        means all files and no file. `exclude` is looked at first.
    """

    recurse: bool = False
    include: str = ""
    exclude: str = ""

    def __post_init__(self) -> None:
        checks.flag("Directory", "recurse", self.recurse)
        for pattern in ("include", "exclude"):
            if not isinstance(getattr(self, pattern), str):
                raise checks.fail("Directory", pattern, getattr(self, pattern), "a glob, or an empty string")

    @property
    def is_zero(self) -> bool:
        """Whether nothing is said, so that what the path holds decides."""
        return self == Directory()
