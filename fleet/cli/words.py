"""Words that several views use: pure functions from values to short text without colours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from fleet.engine.events import Drift, DriftKind, FieldChange, Operation, Subject
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """How an operation is written. plan: in a preview; done: afterwards; style: a Rich style."""

    symbol: str
    plan: str
    done: str
    style: str


VERBS = {
    Operation.CREATE: Verb("+", "create", "created", "green"),
    Operation.ADOPT: Verb("+", "adopt", "adopted", "green"),
    Operation.UPDATE: Verb("~", "update", "updated", "yellow"),
    Operation.REPLACE: Verb("+-", "replace", "replaced", "magenta"),
    Operation.DELETE: Verb("-", "delete", "deleted", "red"),
    Operation.RETAIN: Verb("=", "retain", "retained", "cyan"),
    Operation.FORGET: Verb("-", "forget", "forgotten", "cyan"),
    Operation.SKIP: Verb(">", "skip", "skipped", "yellow"),
    Operation.READ: Verb("?", "read", "read", "dim"),
    Operation.SAME: Verb(" ", "unchanged", "unchanged", "dim"),
}

# In seconds; a month has 30 days and a year 12 months.
_UNITS = (
    ("year", 31_104_000),
    ("month", 2_592_000),
    ("week", 604_800),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
    ("second", 1),
)
# Everything below a space but tab and newline, DEL, and the C1 range: what could move a terminal's cursor.
# Of a name, text and then a number, again and again.
_PARTS = re.compile(r"(\D*)(\d*)")
_CONTROL = {code: "�" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}
LONGEST_VALUE = 60
# Objects of which the same is to be said are named one by one up to this number; beyond it, it is said once.
FEW_ALIKE = 3
Item = TypeVar("Item")


def verb(operation: Operation, *, dry_run: bool) -> str:
    """Return `create` for a preview, `created` afterwards."""
    words = VERBS[operation]
    return words.plan if dry_run else words.done


def clean(text: str) -> str:
    """Return the text without control characters, so that nothing from a cluster can steer the terminal."""
    return text.replace("\r\n", "\n").translate(_CONTROL)


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `3 min 05 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def ago(seconds: float) -> str:
    """Return `now`, `5 seconds ago`, `3 hours ago`, `2 weeks ago`, as Pulumi words it."""
    if seconds < 1:
        return "now"
    name, size = next((name, size) for name, size in _UNITS if seconds >= size)
    number = int(seconds // size)
    return f"{number} {name}{'' if number == 1 else 's'} ago"


def moment(at: datetime) -> str:
    """Return `2026-11-22T18:55:27.676Z`, as Pulumi writes times in JSON."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 object`, `2,000 objects`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listing(names: Sequence[str], most: int = 5) -> str:
    """Return `dev, hub, prod`, or the first few `and 97 more`."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """Return what sorts `c2` before `c10`."""
    return tuple((text, int(number or 0)) for text, number in _PARTS.findall(name))


def place(cluster: str, application: str) -> str:
    """Return `hub/my-app`, or what there is of it."""
    return "/".join(part for part in (cluster, application) if part)


def titles(subjects: Sequence[Subject]) -> str:
    """Return `ConfigMap default/a`, or for many of a kind `ConfigMap default/a, default/b and 5 more`."""
    first = subjects[0]
    if len(subjects) == 1:
        return title(first)
    named = [f"{each.namespace}/{each.name}" if each.namespace else each.name for each in subjects]
    return clean(f"{first.kind} {listing(named, most=FEW_ALIKE)}")


def alike(items: Iterable[Item], identity: Callable[[Item], Hashable]) -> list[list[Item]]:
    """Return the items with those of which the same is to be said together, where that is many; in their order.

    identity: what is to be said of one; None for what is never said together.
    """
    groups: dict[Hashable, list[Item]] = {}
    for number, item in enumerate(items):
        found = identity(item)
        groups.setdefault((number,) if found is None else found, []).append(item)
    return [part for group in groups.values() for part in (_parts(group))]


def _parts(group: list[Item]) -> list[list[Item]]:
    return [group] if len(group) > FEW_ALIKE else [[item] for item in group]


def title(subject: Subject) -> str:
    """Return `Deployment.apps default/web`; the name alone for what is no object of Kubernetes."""
    return clean(str(subject) if subject.kind else subject.name or subject.urn)


def value(data: Any) -> str:
    """Return a field's value on one line, cut where it is long; `(absent)` for None."""
    if data is None:
        return "(absent)"
    text = clean(json.dumps(data, ensure_ascii=False))
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def change(field: FieldChange) -> str:
    """Return `spec.replicas: 2 → 3`."""
    return f"{clean(field.path)}: {value(field.before)} → {value(field.after)}"


def drift(found: Drift, most: int = 3) -> str:
    """Return what differs on one line: `spec.replicas: 2 → 5`, or that the object is gone."""
    if found.kind is DriftKind.DELETED:
        return "gone from the cluster"
    parts = [change(each) for each in found.changes[:most]]
    if len(found.changes) > most:
        parts.append(f"{len(found.changes) - most} more")
    return "; ".join(parts) or "changed"
