"""The diff: what changes in each object, field by field; equal changes in several clusters, or of many objects, are
shown once.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from rich.text import Text

from fleet import yamlio
from fleet.cli import words
from fleet.engine.events import Drift, DriftKind, FieldChange, Operation, Subject
from fleet.frozen import dataclass

STYLES = {"-": "red", "+": "green", " ": "", "@": "dim"}
DRIFT_STYLE = "magenta"


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that changes, or that drifted. label: what happens to it, with its symbol: `~ update`.

    note: what else there is to say of it; empty for nothing.
    """

    subject: Subject
    label: str
    style: str
    changes: tuple[FieldChange, ...] = ()
    note: str = ""

    @property
    def sort_key(self) -> tuple[str, ...]:
        """Objects in the order in which a reader looks for them."""
        subject = self.subject
        return (subject.application, subject.kind, subject.namespace, subject.name, self.label, subject.cluster)


def of_step(subject: Subject, operation: Operation, changes: tuple[FieldChange, ...], *, dry_run: bool) -> Difference:
    """Return what a step does, or would do, to its object."""
    symbol, style = words.VERBS[operation].symbol, words.VERBS[operation].style
    return Difference(subject, f"{symbol} {words.verb(operation, dry_run=dry_run)}", style, changes)


def of_drift(drift: Drift) -> Difference:
    """Return how an object differs from what was last applied: `-` is what is wanted, `+` what is there."""
    gone = "gone from the cluster" if drift.kind is DriftKind.DELETED else ""
    left = "" if drift.heals else "left alone: self_heal is off"
    note = " · ".join(part for part in (gone, left) if part)
    return Difference(drift.subject, "! drift in", DRIFT_STYLE, drift.changes, note)


def render(differences: Iterable[Difference]) -> Iterator[Text]:
    """Yield the lines of the diff, sorted by application and object."""
    for alike in words.alike(_grouped(differences), _change):
        first = alike[0][0]
        clusters = ", ".join(_clusters(alike[0]))
        where = " · ".join(part for part in (clusters, first.subject.application, first.note) if part)
        title = Text(f"{first.label} {words.titles([same[0].subject for same in alike])}", f"bold {first.style}")
        yield title.append(f"  ({where})", "not bold dim") if where else title
        for change in first.changes:
            yield from _field(change)


def _clusters(same: Sequence[Difference]) -> list[str]:
    return sorted((each.subject.cluster for each in same if each.subject.cluster), key=words.natural)


def _change(same: Sequence[Difference]) -> Hashable:
    """Return what is equal where the change of one object is that of another; None where nothing is to be shown."""
    first = same[0]
    if not first.changes:
        return None
    fields = json.dumps([(each.path, each.before, each.after) for each in first.changes], default=str)
    return (first.subject.application, first.subject.kind, first.label, first.note, fields, *_clusters(same))


def _grouped(differences: Iterable[Difference]) -> list[list[Difference]]:
    groups: dict[str, list[Difference]] = {}
    for each in sorted(differences, key=lambda difference: difference.sort_key):
        subject = each.subject
        identity = (subject.application, subject.kind, subject.namespace, subject.name, each.label, each.note)
        fields = [(change.path, change.before, change.after) for change in each.changes]
        groups.setdefault(json.dumps((identity, fields), default=str), []).append(each)
    return list(groups.values())


def _field(change: FieldChange) -> Iterator[Text]:
    path = words.clean(change.path)
    before, after = lines(change.before), lines(change.after)
    if len(before) <= 1 and len(after) <= 1 and not any(map(_is_structure, (change.before, change.after))):
        yield from (_line("-", f"{path}: {each}") for each in before)
        yield from (_line("+", f"{path}: {each}") for each in after)
        return
    yield _line(" ", f"{path}:")
    for each in _compare(before, after):
        yield _line(each[0], f"  {each[1:]}")


def _is_structure(data: Any) -> bool:
    return isinstance(data, dict | list) and bool(data)


def _compare(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a unified diff, a line of dots in place of each hunk's head but the first."""
    compared = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    for position, each in enumerate(compared):
        if not each.startswith("@@"):
            yield each
        elif position:
            yield "@…"


def lines(data: Any) -> list[str]:
    """Return a value as lines: text as it is, structures as YAML, anything else as JSON; nothing for None."""
    if data is None:
        return []
    if isinstance(data, str) and "\n" in data.rstrip("\n"):
        return words.clean(data).splitlines()
    if isinstance(data, dict | list) and data:
        return words.clean(yamlio.dump(data)).splitlines()
    return [words.clean(json.dumps(data, ensure_ascii=False))]


def _line(sign: str, text: str) -> Text:
    return Text(f"  {' ' if sign == '@' else sign} {text}", STYLES[sign])
