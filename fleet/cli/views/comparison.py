"""Comparison: the objects of two revisions → what differs, as the diff shows it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fleet.cli import words
from fleet.cli.rendered import RenderedObject
from fleet.cli.views.changes import Difference, of_step
from fleet.engine.events import FieldChange, Operation, Subject
from fleet.engine.kubernetes import diff

_OURS = frozenset({"pulumi.com/patchFieldManager", "pulumi.com/waitFor"})
_WORDS = ((Operation.CREATE, "created"), (Operation.UPDATE, "changed"), (Operation.DELETE, "deleted"))


def compared(before: Iterable[RenderedObject], after: Iterable[RenderedObject]) -> tuple[Difference, ...]:
    """Return what differs, per object and cluster; secret values are masked."""
    old = {each.identity: each for each in before}
    new = {each.identity: each for each in after}
    found = (_difference(old.get(identity), new.get(identity)) for identity in dict.fromkeys([*new, *old]))
    return tuple(each for each in found if each is not None)


def _difference(old: RenderedObject | None, new: RenderedObject | None) -> Difference | None:
    if old is None and new is not None:
        return of_step(_subject(new), Operation.CREATE, _all(new), dry_run=True)
    if old is not None and new is None:
        gone = of_step(_subject(old), Operation.DELETE, (), dry_run=True)
        note = "stays in the cluster" if old.retain else ""
        return Difference(gone.subject, gone.label, gone.style, gone.changes, note)
    assert old
    assert new
    changes = diff.field_changes(new.body, diff.differences(_given(old), _given(new)))
    note = "" if old.application == new.application else f"was in {old.application}"
    if not changes and not note:
        return None
    changed = of_step(_subject(new), Operation.UPDATE, changes, dry_run=True)
    return Difference(changed.subject, changed.label, changed.style, changed.changes, note)


def _given(rendered: RenderedObject) -> Mapping[str, Any]:
    """Return the manifest without the annotations by which the provider is told how to apply it: all have them."""
    metadata = dict(rendered.body["metadata"])
    annotations = metadata.pop("annotations", None) or {}
    given = {key: value for key, value in annotations.items() if key not in _OURS}
    return {**rendered.body, "metadata": {**metadata, **({"annotations": given} if given else {})}}


def _all(rendered: RenderedObject) -> tuple[FieldChange, ...]:
    """Return every field of an object that is new; what it is called is in the title."""
    given = _given(rendered)
    shown = {key: value for key, value in given.items() if key not in ("apiVersion", "kind")}
    metadata = {key: value for key, value in given["metadata"].items() if key not in ("name", "namespace")}
    found = diff.differences({}, {**shown, "metadata": metadata})
    return diff.field_changes(rendered.body, (each for each in found if each.after != {}))


def _subject(rendered: RenderedObject) -> Subject:
    return Subject(
        urn="",
        cluster=rendered.cluster,
        application=rendered.application,
        kind=rendered.shown_kind,
        namespace=rendered.namespace,
        name=rendered.name,
    )


def summary(found: Sequence[Difference], unchanged: int) -> str:
    """Return `2 created, 1 deleted, 40 unchanged, in 3 clusters`."""
    counts = Counter(each.label.split()[-1] for each in found)
    parts = [f"{counts[_label(operation)]} {done}" for operation, done in _WORDS if counts[_label(operation)]]
    clusters = {each.subject.cluster for each in found}
    where = f", in {words.count(len(clusters), 'cluster')}" if clusters else ""
    return ", ".join([*parts, f"{unchanged} unchanged"]) + where


def _label(operation: Operation) -> str:
    return words.verb(operation, dry_run=True)


def as_data(found: Iterable[Difference]) -> Iterator[dict[str, Any]]:
    """Yield the differences for programs, one per object and cluster."""
    for each in found:
        subject = each.subject
        yield {
            "operation": each.label.split()[-1],
            "cluster": subject.cluster,
            "application": subject.application,
            "kind": subject.kind,
            "namespace": subject.namespace,
            "name": subject.name,
            "note": each.note,
            "changes": [{"path": each.path, "before": each.before, "after": each.after} for each in each.changes],
        }
