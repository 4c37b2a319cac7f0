"""What is known of objects and what a look at the cluster finds, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.engine.events import FieldChange
from fleet.errors import Problem
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Live:
    """An object as the API server returned it. adopted: it existed, and was not made by this create."""

    body: Mapping[str, Any]
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """An object to look for.

    key: the caller's. wanted: as it was last applied. resource_version: as it was last seen; None for never.
    manager: the field manager that applied it.
    """

    key: str
    wanted: Mapping[str, Any]
    resource_version: str | None
    manager: str


@dataclass(frozen=True, slots=True)
class Present:
    """The object is there; it drifted where there are changes.

    resource_version: to be kept, so that the next look is cheap.
    changes: from what applying the object would make of it (before) to what it is (after). Secret values are masked.
    live: the object, secret values and all; None where it is unchanged by resourceVersion and was not read.
    note: why the changes are an estimate, where the API server could not be asked; else empty.
    """

    resource_version: str
    changes: tuple[FieldChange, ...] = ()
    live: Mapping[str, Any] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """The object is not there, or the cluster does not know its kind any more."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nothing can be said about the object; what is known of it is kept."""

    problem: Problem

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        """None that are known of."""
        return ()

    @property
    def live(self) -> None:
        """Not read."""
        return


Observation = Present | Gone | Unreadable
