"""What the status of an object says, as small questions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from fleet.frozen import dataclass

Object = Mapping[str, Any]


class State(StrEnum):
    """FAILED: it does not become ready by itself any more, or those who look after it have said so."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it stands with an object. reason: why it is not ready, as the end of `it waits: …`; empty where it is."""

    state: State
    reason: str = ""


READY = Verdict(State.READY)


def waiting(reason: str) -> Verdict:
    """Return that an object is not ready yet."""
    return Verdict(State.WAITING, reason)


def failed(reason: str) -> Verdict:
    """Return that an object has failed."""
    return Verdict(State.FAILED, reason)


def find(live: Object, *path: str) -> Any:
    """Return what is at a path; None where there is nothing."""
    value: Any = live
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def count(live: Object, *path: str, default: int = 0) -> int:
    """Return the number at a path."""
    value = find(live, *path)
    return int(value) if isinstance(value, int | float) else default


def text(live: Object, *path: str) -> str:
    """Return the text at a path; empty where there is none."""
    value = find(live, *path)
    return "" if value is None else str(value)


def conditions(live: Object) -> dict[str, Object]:
    """Return the conditions of the status, by type."""
    found = find(live, "status", "conditions")
    entries = found if isinstance(found, list) else []
    return {str(each.get("type")): each for each in entries if isinstance(each, Mapping)}


def is_true(condition: Object | None) -> bool:
    """Return whether a condition is there, and holds."""
    return condition is not None and condition.get("status") == "True"


def is_false(condition: Object | None) -> bool:
    """Return whether a condition is there, and does not hold."""
    return condition is not None and condition.get("status") == "False"


def told(condition: Object | None) -> str:
    """Return what a condition says, `Unschedulable: 0/1 nodes are available`."""
    parts = (str((condition or {}).get(key) or "").strip() for key in ("reason", "message"))
    return ": ".join(part for part in parts if part)


def with_reason(summary: str, condition: Object | None) -> str:
    """Return a summary, with what a condition says where it says anything."""
    reason = told(condition)
    return f"{summary} ({reason})" if reason else summary


def is_behind(live: Object) -> bool:
    """Return whether those who look after an object have not seen its last change yet."""
    generation, observed = find(live, "metadata", "generation"), find(live, "status", "observedGeneration")
    return isinstance(generation, int) and isinstance(observed, int) and observed < generation
