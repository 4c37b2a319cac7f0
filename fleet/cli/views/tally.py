"""Tally: how far a run is, counted from its events. The live view and the progress lines are made from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fleet.cli import words
from fleet.engine.events import (
    ClusterFailed,
    DriftFound,
    Event,
    Message,
    Operation,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
    StepWaiting,
    Subject,
)


@dataclass(slots=True)
class Row:
    """What happened so far in a cluster, or to an application there."""

    operations: Counter[Operation] = field(default_factory=Counter)
    drift: int = 0
    failed: int = 0

    @property
    def changed(self) -> int:
        """Objects that met with anything but staying the same."""
        return self.operations.total() - self.operations[Operation.SAME]

    def __iadd__(self, other: Row) -> Row:
        self.operations.update(other.operations)
        self.drift += other.drift
        self.failed += other.failed
        return self


@dataclass(slots=True)
class Tally:
    """All that was counted. rows: by (cluster, application); an empty application is the cluster itself.

    under_way: URN → what is being done to which object. waiting: URN → what its step waits for. saying: the last
    ephemeral message.
    """

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    under_way: dict[str, tuple[Subject, Operation]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    saying: str = ""

    def add(self, event: Event) -> None:
        """Count an event."""
        match event:
            case RunStarted(clusters=clusters):
                self.rows.update({(cluster, ""): Row() for cluster in clusters})
            case Message(ephemeral=True, text=text):
                self.saying = words.clean(text)
            case StepStarted(subject=subject, operation=operation):
                self.under_way[subject.urn] = (subject, operation)
            case StepWaiting(subject=subject, reason=reason):
                self.waiting[subject.urn] = words.clean(reason)
            case StepFinished(subject=subject, operation=operation):
                self._end(subject).operations[operation] += bool(subject.kind)
            case StepFailed(subject=subject):
                self._end(subject).failed += 1
            case DriftFound(drift=drift):
                self._row(drift.subject).drift += 1
            case ClusterFailed(cluster=cluster):
                self._row(Subject("", cluster)).failed += 1
            case _:
                pass

    def clusters(self) -> dict[str, Row]:
        """Return the counts per cluster, sorted by name; what belongs to no cluster is left out."""
        merged: dict[str, Row] = {}
        for (cluster, _), row in sorted(self.rows.items()):
            if cluster:
                merged[cluster] = merged.get(cluster, Row())
                merged[cluster] += row
        return merged

    def total(self) -> Row:
        """Return the counts of everything."""
        total = Row()
        for row in self.rows.values():
            total += row
        return total

    def activity(self, cluster: str = "", application: str = "") -> str:
        """Return what is under way, the longest first: `create ConfigMap default/a and 31 more`.

        With what it waits for, if it does: `create Deployment.apps default/web (0 of 2 pods are ready)`.
        cluster, application: only there; empty is everywhere, and then the first object's cluster is named.
        """
        steps = [
            (subject, operation)
            for subject, operation in self.under_way.values()
            if cluster in ("", subject.cluster) and application in ("", subject.application)
        ]
        if not steps:
            return ""
        subject, operation = steps[0]
        where = f" in {subject.cluster}" if subject.cluster and not cluster else ""
        more = f" and {len(steps) - 1:,} more" if len(steps) > 1 else ""
        reason = self.waiting.get(subject.urn, "")
        what = f"{words.VERBS[operation].plan} {words.title(subject)}{where}"
        return f"{what} ({reason}){more}" if reason else f"{what}{more}"

    def _end(self, subject: Subject) -> Row:
        self.under_way.pop(subject.urn, None)
        self.waiting.pop(subject.urn, None)
        return self._row(subject)

    def _row(self, subject: Subject) -> Row:
        place = subject.cluster, subject.application
        row = self.rows.get(place)
        if row is None:
            row = self.rows[place] = Row()
        return row


def counts(row: Row, *, dry_run: bool) -> str:
    """Return `12 created, 3 updated, 40 unchanged, 1 failed`; empty when there is nothing to count."""
    parts = [
        f"{row.operations[operation]:,} {words.VERBS[operation].done if not dry_run else _planned(operation)}"
        for operation in words.VERBS
        if row.operations[operation]
    ]
    parts += [f"{number:,} {name}" for number, name in ((row.drift, "drifted"), (row.failed, "failed")) if number]
    return ", ".join(parts)


def _planned(operation: Operation) -> str:
    return "unchanged" if operation is Operation.SAME else f"to {words.VERBS[operation].plan}"
