"""The state while it changes."""

from concurrent.futures import Future
from dataclasses import replace

from fleet.engine.roster import Roster
from fleet.engine.state import Key, Operation, Resource, Snapshot

A, B, C = (Resource(urn=name, type="t") for name in "abc")


class Notes:
    """A journal that only remembers."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str]] = []

    def begin(self, operation: Operation) -> Future[None]:
        self.entries.append(("begin", operation.resource.urn))
        durable: Future[None] = Future()
        durable.set_result(None)
        return durable

    def end(self, key: Key) -> None:
        self.entries.append(("end", key.urn))

    def touch(self, type_: str, key: Key) -> Future[None]:
        self.entries.append((type_, key.urn))
        durable: Future[None] = Future()
        durable.set_result(None)
        return durable

    def untouched(self, key: Key) -> None:
        self.entries.append(("untouched", key.urn))

    def put(self, resource: Resource, *, made: bool = False) -> None:
        self.entries.append(("made" if made else "put", resource.urn))
        self.last = resource

    def remove(self, key: Key) -> None:
        self.entries.append(("remove", key.urn))


def urns(roster: Roster) -> list[str]:
    return [each.urn for each in roster.snapshot().resources]


def test_a_run_that_finds_everything_as_it_was_changes_nothing() -> None:
    notes = Notes()
    roster = Roster(Snapshot(resources=(A, B)), notes)
    roster.put(A)
    roster.put(B)
    assert (notes.entries, urns(roster)) == ([], ["a", "b"])


def test_what_the_run_has_not_come_to_stays_behind_what_it_has() -> None:
    roster = Roster(Snapshot(resources=(A, B, C)), None)
    roster.put(C)
    assert urns(roster) == ["c", "a", "b"]
    assert [each.urn for each in roster.unregistered()] == ["a", "b"]


def test_every_change_is_journalled_at_once() -> None:
    notes = Notes()
    roster = Roster(Snapshot(resources=(A, B)), notes)
    roster.put(replace(A, id="1"))
    roster.remove(B)
    roster.put(C)
    assert notes.entries == [("put", "a"), ("remove", "b"), ("put", "c")]
    assert urns(roster) == ["a", "c"]


def test_what_a_refresh_finds_out_keeps_its_place() -> None:
    roster = Roster(Snapshot(resources=(A, B, C)), None)
    roster.amend(replace(B, id="1"))
    assert urns(roster) == ["a", "b", "c"]


def test_an_alias_takes_the_place_of_the_old_name() -> None:
    notes = Notes()
    roster = Roster(Snapshot(resources=(A,)), notes)
    roster.put(replace(A, urn="b"), former="a")
    assert urns(roster) == ["b"]
    assert notes.entries == [("put", "b")]
    assert notes.last.aliases == ("a",)


def test_the_old_half_of_a_replacement_is_kept_until_it_is_deleted() -> None:
    roster = Roster(Snapshot(resources=(replace(A, id="old"),)), None)
    roster.put(replace(A, id="new"))
    roster.doom(replace(A, id="old"))
    assert [(each.id, each.delete) for each in roster.snapshot().resources] == [("new", False), ("old", True)]
    roster.remove(roster.doomed()[0])
    assert [each.id for each in roster.snapshot().resources] == ["new"]


def left_open(*resources: Resource) -> Snapshot:
    """Return the state after a run that was cut off while it changed A."""
    return Snapshot(resources=resources, pending_operations=(Operation("updating", A),))


async def test_what_is_touched_and_then_as_it_was_is_recorded_all_the_same() -> None:
    notes = Notes()
    roster = Roster(Snapshot(resources=(A,)), notes)
    await roster.touching(A, "updating")
    roster.put(A)
    roster.put(A)
    assert notes.entries == [("updating", "a"), ("put", "a")]


async def test_what_was_refused_is_as_before() -> None:
    notes = Notes()
    roster = Roster(Snapshot(resources=(A,)), notes)
    roster.untouched(A)
    await roster.touching(A, "deleting")
    roster.untouched(A)
    assert notes.entries == [("deleting", "a"), ("untouched", "a")]


async def test_what_an_earlier_run_left_open_stays_so_until_something_is_known() -> None:
    notes = Notes()
    roster = Roster(left_open(A, B), notes)
    assert [roster.is_uncertain(each) for each in (A, B)] == [True, False]
    await roster.touching(A, "updating")
    roster.untouched(A)
    roster.keep(A, former="a")
    assert notes.entries == [("updating", "a"), ("updating", "a")]
    roster.put(A)
    assert notes.entries[2:] == [("put", "a")]


def test_what_is_kept_under_another_urn_stays_uncertain() -> None:
    notes = Notes()
    roster = Roster(left_open(A), notes)
    roster.keep(B, former="a")
    assert notes.entries == [("put", "b"), ("updating", "b")]


def test_what_is_left_open_about_nothing_is_dropped() -> None:
    notes = Notes()
    Roster(left_open(B), notes)
    assert notes.entries == [("untouched", "a")]


def test_what_a_refresh_finds_as_it_was_is_certain() -> None:
    notes = Notes()
    roster = Roster(left_open(A, B), notes)
    roster.amend(A)
    roster.amend(B)
    assert notes.entries == [("put", "a")]
