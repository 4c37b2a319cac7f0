"""From goals to what the state records of them. Pure but for the clock, which is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fleet.engine.goal import Goal
from fleet.engine.state import Resource


def record(
    goal: Goal,
    urn: str,
    old: Resource | None,
    *,
    id_: str = "",
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    init_errors: tuple[str, ...] | None = None,
    now: str,
) -> Resource:
    """Return the goal as the state records it. now: a timestamp, taken over only where something differs.

    inputs, outputs, init_errors: None keeps those of the goal, and of the old resource.
    old: what the state has of it so far, perhaps under another URN; None for nothing.
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
        # The SDK sends them in the order of a set, which is another one in each run.
        property_dependencies={key: tuple(sorted(urns)) for key, urns in goal.property_dependencies.items()},
        protect=bool(goal.protect),
        retain_on_delete=bool(goal.retain_on_delete),
        deleted_with=goal.deleted_with,
        ignore_changes=goal.ignore_changes,
        replace_on_changes=goal.replace_on_changes,
        additional_secret_outputs=goal.additional_secret_outputs,
        custom_timeouts=goal.timeouts,
        init_errors=(old.init_errors if old else ()) if init_errors is None else init_errors,
        created=old.created if old else now,
        modified=old.modified if old else now,
        # What the engine does not set itself, and so keeps as it found it.
        source_position=old.source_position if old else "",
        extra=old.extra if old else {},
        import_id=old.import_id if old else "",
    )
    if old is None:
        return recorded
    return old if recorded == old else replace(recorded, modified=now)
