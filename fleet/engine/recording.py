"""From goals to what the state records of them. Pure but for the clock, which is handed in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fleet.engine.goal import Goal
from fleet.engine.state import Resource
from fleet.errors import FleetError, Problem

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def record(
    goal: Goal,
    urn: str,
    old: Resource | None,
    *,
    id_: str = "",
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    now: str,
) -> Resource:
    """Return the goal as the state records it. now: a timestamp, taken over only where something differs.

    inputs, outputs: None keeps those of the goal and of the old resource.
    """
    recorded = Resource(
        urn=urn,
        type=goal.type,
        custom=goal.custom,
        id=id_,
        parent=goal.parent,
        provider=goal.provider if goal.custom else "",
        inputs=goal.inputs if inputs is None else inputs,
        outputs=(old.outputs if old else {}) if outputs is None else outputs,
        dependencies=tuple(sorted(goal.dependencies)),
        property_dependencies=goal.property_dependencies,
        protect=bool(goal.protect),
        retain_on_delete=bool(goal.retain_on_delete),
        deleted_with=goal.deleted_with,
        ignore_changes=goal.ignore_changes,
        replace_on_changes=goal.replace_on_changes,
        additional_secret_outputs=goal.additional_secret_outputs,
        custom_timeouts={operation: seconds(text) for operation, text in goal.timeouts.items()},
        created=old.created if old else now if goal.custom else "",
        modified=old.modified if old else now if goal.custom else "",
    )
    if old is None or replace(recorded, **_incomparable(old)) == old:
        return replace(recorded, **_incomparable(old)) if old else recorded
    return replace(recorded, modified=now)


def _incomparable(old: Resource) -> dict[str, Any]:
    """What the engine does not set itself, and so keeps as it found it."""
    kept = ("aliases", "source_position", "extra", "init_errors", "import_id", "external")
    return {name: getattr(old, name) for name in kept}


def seconds(text: str) -> float:
    """Return a duration as Go writes it, `1h30m`, in seconds. Raises FleetError where it is none."""
    parts = _DURATION.findall(text)
    if "".join(amount + unit for amount, unit in parts) != text or not parts:
        raise FleetError(Problem(f"{text!r} is not a duration", hint="Write it like `90s`, `10m` or `1h30m`."))
    return sum(float(amount) * _SECONDS[unit] for amount, unit in parts)
