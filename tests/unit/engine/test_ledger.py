"""The state while it changes."""

from dataclasses import replace

from fleet.engine.ledger import Ledger
from fleet.engine.state import Resource, Snapshot

A, B, C = (Resource(urn=name, type="t") for name in "abc")


class Notes:
    """A journal that only remembers."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str]] = []

    def put(self, resource: Resource) -> None:
        self.entries.append(("put", resource.urn))

    def remove(self, resource: Resource) -> None:
        self.entries.append(("remove", resource.urn))


def urns(ledger: Ledger) -> list[str]:
    return [each.urn for each in ledger.snapshot().resources]


def test_a_run_that_finds_everything_as_it_was_changes_nothing() -> None:
    notes = Notes()
    ledger = Ledger(Snapshot(resources=(A, B)), notes)
    ledger.put(A)
    ledger.put(B)
    assert (ledger.changed, notes.entries, urns(ledger)) == (False, [], ["a", "b"])


def test_what_the_run_has_not_come_to_stays_behind_what_it_has() -> None:
    ledger = Ledger(Snapshot(resources=(A, B, C)), None)
    ledger.put(C)
    assert urns(ledger) == ["c", "a", "b"]
    assert [each.urn for each in ledger.unregistered()] == ["a", "b"]


def test_every_change_is_journalled_at_once() -> None:
    notes = Notes()
    ledger = Ledger(Snapshot(resources=(A, B)), notes)
    ledger.put(replace(A, id="1"))
    ledger.remove(B)
    ledger.put(C)
    assert notes.entries == [("put", "a"), ("remove", "b"), ("put", "c")]
    assert urns(ledger) == ["a", "c"]


def test_what_a_refresh_finds_out_keeps_its_place() -> None:
    ledger = Ledger(Snapshot(resources=(A, B, C)), None)
    ledger.amend(replace(B, id="1"))
    assert urns(ledger) == ["a", "b", "c"]
    assert ledger.changed


def test_an_alias_takes_the_place_of_the_old_name() -> None:
    notes = Notes()
    ledger = Ledger(Snapshot(resources=(A,)), notes)
    ledger.put(replace(A, urn="b"), former="a")
    assert urns(ledger) == ["b"]
    assert notes.entries == [("put", "b"), ("remove", "a")]


def test_the_old_half_of_a_replacement_is_kept_until_it_is_deleted() -> None:
    ledger = Ledger(Snapshot(resources=(replace(A, id="old"),)), None)
    ledger.put(replace(A, id="new"))
    ledger.doom(replace(A, id="old"))
    assert [(each.id, each.delete) for each in ledger.snapshot().resources] == [("new", False), ("old", True)]
    ledger.remove(ledger.doomed()[0])
    assert [each.id for each in ledger.snapshot().resources] == ["new"]
