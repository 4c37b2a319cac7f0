"""Hiding: secret values out of what people read, wherever they turn up: in an API server's refusal, in the program's
own words. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fleet.engine import values
from fleet.engine.events import (
    ClusterFailed,
    DriftFound,
    Event,
    FieldChange,
    Message,
    StepFailed,
    StepFinished,
    StepWaiting,
)
from fleet.engine.stack_config import Configuration
from fleet.engine.state import Secret
from fleet.errors import Problem

MASK: Final = "[secret]"
# Shorter ones would be found everywhere, and give nothing away. Pulumi draws the same line.
_SHORTEST: Final = 3


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in a value, whether it is secret or not."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from texts_in(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from texts_in(entry)


def secrets_in(value: Any) -> Iterator[str]:
    """Yield the texts that are secret in a value."""
    if isinstance(value, Secret):
        yield from texts_in(values.reveal(value))
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from secrets_in(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from secrets_in(entry)


def secrets_of(configuration: Configuration) -> Iterator[str]:
    """Yield the texts that are secret in a configuration."""
    for key in configuration.secret_keys:
        recorded, text = configuration.recorded.get(key), configuration.values[key]
        if isinstance(recorded, (list, dict)) and not _is_ciphertext(recorded):
            yield from _opened(recorded, json.loads(text))
        else:
            yield text


def _opened(recorded: Any, value: Any) -> Iterator[str]:
    """Yield what is encrypted in one, as it is in the other."""
    if _is_ciphertext(recorded):
        yield from texts_in(value)
    elif isinstance(recorded, Mapping) and isinstance(value, Mapping):
        for key, entry in recorded.items():
            yield from _opened(entry, value.get(key))
    elif isinstance(recorded, list) and isinstance(value, list):
        for entry, opened in zip(recorded, value, strict=False):
            yield from _opened(entry, opened)


def _is_ciphertext(recorded: Any) -> bool:
    return isinstance(recorded, Mapping) and set(recorded) == {"secure"}


def hider(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return what takes secrets out of a text."""
    # A secret may be part of another one.
    ordered = sorted({each for each in secrets if len(each) >= _SHORTEST}, key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in ordered:
            text = text.replace(secret, MASK)
        return text

    return hide


def settled(event: Event, *, show: bool) -> Event:
    """Return the event with what is secret in its fields' values masked, or, with `show`, in plain text."""
    match event:
        case StepFinished(changes=changes) if changes:
            return replace(event, changes=tuple(_settled(each, show=show) for each in changes))
        case DriftFound(drift=drift):
            changes = tuple(_settled(each, show=show) for each in drift.changes)
            return replace(event, drift=replace(drift, changes=changes))
        case _:
            return event


def _settled(change: FieldChange, *, show: bool) -> FieldChange:
    sides = (change.before, change.after)
    if not any(isinstance(side, Secret) for side in sides):
        return change
    return FieldChange(change.path, *(values.mask(values.reveal(side) if show else side) for side in sides))


def in_problem(problem: Problem, hide: Callable[[str], str]) -> Problem:
    """Return the problem without secrets."""
    return replace(problem, summary=hide(problem.summary), detail=hide(problem.detail), hint=hide(problem.hint))


def in_event(event: Event, hide: Callable[[str], str]) -> Event:
    """Return the event with its words, its problem and its fields' values without secrets."""
    match event:
        case Message(text=text):
            return replace(event, text=hide(text))
        case StepWaiting(reason=reason):
            return replace(event, reason=hide(reason))
        case StepFailed(problem=problem) | ClusterFailed(problem=problem):
            return replace(event, problem=in_problem(problem, hide))
        case StepFinished(changes=changes):
            return replace(event, changes=tuple(_in_change(each, hide) for each in changes))
        case DriftFound(drift=drift):
            return replace(event, drift=replace(drift, changes=tuple(_in_change(each, hide) for each in drift.changes)))
        case _:
            return event


def _in_change(change: FieldChange, hide: Callable[[str], str]) -> FieldChange:
    return replace(change, before=_in_value(change.before, hide), after=_in_value(change.after, hide))


def _in_value(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {key: _in_value(entry, hide) for key, entry in value.items()}
    return [_in_value(entry, hide) for entry in value] if isinstance(value, (list, tuple)) else value
