"""The journal: what was entered is there after a crash, whenever it comes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import integrity, journal
from fleet.engine.codec import Codec
from fleet.engine.journal import Begin, End, Entry, Put, Remove, Replace, Touch, Untouched
from fleet.engine.secrets import Vault
from fleet.engine.state import Key, Operation, Resource, Secret, Snapshot
from fleet.errors import StateError
from tests.unit.engine_state.strategies import PASSPHRASE, doomed, graphs, urn


def resource(name: str, **fields: object) -> Resource:
    return Resource(urn=urn(name), type="kubernetes:core/v1:ConfigMap", custom=True, **fields)  # type: ignore[arg-type]


A, B = resource("a", id="1"), resource("b", inputs={"x": 1}, dependencies=(urn("a"),))
PROVIDER = Resource(
    urn=urn("p", "pulumi:providers:kubernetes"), type="pulumi:providers:kubernetes", custom=True, id="1"
)
ENTRIES: tuple[Entry, ...] = (
    Begin(Operation("creating", A)),
    Put(A, made=True),
    Begin(Operation("creating", B)),
    End(B.key),
    Put(B),
    Replace(resource("a", id="2"), doomed(A)),
    Touch("deleting", doomed(A).key),
    Remove(doomed(A).key),
    Touch("updating", B.key),
    Untouched(B.key),
)


@cache
def vault() -> Vault:
    return Vault("dev", environ={"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE})


def write(path: Path, entries: Sequence[Entry], base: str = "base") -> bytes:
    book = journal.Journal(path, base)
    futures = [book.append(journal.line(entry, Codec(vault().encrypt))) for entry in entries]
    book.close()
    assert all(future.done() for future in futures)
    return path.read_bytes()


def read(path: Path) -> journal.Content:
    content = journal.read(path, vault())
    assert content is not None
    return content


def test_what_was_entered_is_there(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal"
    write(path, ENTRIES)
    assert read(path) == journal.Content("base", ENTRIES, frozenset())


def test_cut_off_anywhere_it_holds_all_that_was_whole(tmp_path: Path) -> None:
    data = write(tmp_path / "whole", ENTRIES)
    path = tmp_path / "cut"
    for length in range(len(data) + 1):
        path.write_bytes(data[:length])
        whole = data[:length].count(b"\n")
        content = journal.read(path, vault())
        assert (content is None) == (whole == 0)
        assert content is None or content.entries == ENTRIES[: whole - 1]


def test_there_is_none(tmp_path: Path) -> None:
    assert journal.read(tmp_path / "journal", vault()) is None


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(b"garbage\n", id="no JSON"),
        pytest.param(b'{"put":{"type":"t"}}\n', id="no resource"),
        pytest.param(b'{"dance":1}\n', id="an unknown entry"),
        pytest.param(b'{"put":1,"remove":2}\n', id="two entries in one"),
        pytest.param(b"\x00\x00\x00\n", id="zeros"),
    ],
)
def test_damage_before_the_last_line_is_said(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "journal"
    header, _, rest = write(path, ENTRIES).partition(b"\n")
    path.write_bytes(header + b"\n" + damaged + rest)
    with pytest.raises(StateError, match="damaged") as caught:
        journal.read(path, vault())
    assert str(path) in str(caught.value)


def test_a_journal_of_another_version_is_said(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text('{"journal": 2, "base": ""}\n', encoding="utf-8")
    with pytest.raises(StateError, match="version 2"):
        journal.read(path, vault())


def test_a_second_journal_in_the_same_place_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "journal", [])
    with pytest.raises(StateError, match="could not be written"):
        journal.Journal(tmp_path / "journal", "")


def test_it_cannot_be_opened_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="could not be written"):
        journal.Journal(tmp_path / "file" / "journal", "")


def test_secrets_are_encrypted(tmp_path: Path) -> None:
    by, path = vault(), tmp_path / "journal"
    secret = resource("s", inputs={"data": Secret({"password": "hunter2"})})
    book = journal.Journal(path, "")
    text = journal.line(Put(secret), Codec(by.encrypt))
    book.append(journal.salt_line(by.salt))
    book.append(text)
    book.close()
    assert b"hunter2" not in path.read_bytes()
    assert read(path).entries == (Put(secret),)


def test_a_journal_left_behind_is_sealed_in_place_of_its_broken_line(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, ENTRIES)
    path.write_bytes(path.read_bytes() + b'{"put":{"urn":"urn:pulu')
    journal.seal(path, "digest")
    assert read(path) == journal.Content("base", ENTRIES, frozenset({"digest"}))


def test_folding() -> None:
    folded = journal.fold(Snapshot(resources=(resource("z"),)), ENTRIES)
    assert folded.resources == (resource("z"), resource("a", id="2"), B)
    assert folded.pending_operations == ()


@pytest.mark.parametrize(
    ("count", "pending"),
    [pytest.param(1, [A.key], id="begun"), pytest.param(2, [], id="done"), pytest.param(3, [B.key], id="another")],
)
def test_what_was_begun_and_not_ended_is_pending(count: int, pending: list[Key]) -> None:
    folded = journal.fold(Snapshot(), ENTRIES[:count])
    assert [operation.resource.key for operation in folded.pending_operations] == pending


@pytest.mark.parametrize(
    ("entries", "open_"),
    [
        pytest.param([Touch("updating", A.key)], [("updating", A)], id="touched"),
        pytest.param([Touch("updating", A.key), Put(resource("a", id="2"))], [], id="changed"),
        pytest.param([Touch("deleting", A.key), Remove(A.key)], [], id="gone"),
        pytest.param([Touch("deleting", A.key), Untouched(A.key)], [], id="refused"),
        pytest.param([Touch("updating", A.key), Put(resource("new", aliases=(A.urn,)))], [], id="renamed"),
        pytest.param([Touch("updating", B.key)], [], id="not there"),
        pytest.param(
            [Begin(Operation("creating", replace(A, id=""))), Put(A), Remove(A.key)],
            [("creating", replace(A, id=""))],
            id="put and removed while another object is created",
        ),
        pytest.param(
            [Begin(Operation("creating", replace(A, id=""))), Touch("updating", A.key), Untouched(A.key)],
            [("creating", replace(A, id=""))],
            id="beside the creation of another object",
        ),
    ],
)
def test_what_was_touched_is_uncertain_until_it_is_known(
    entries: Sequence[Entry], open_: list[tuple[str, Resource]]
) -> None:
    folded = journal.fold(Snapshot(resources=(A,)), entries)
    assert [(each.type, each.resource) for each in folded.pending_operations] == open_


def test_a_resource_under_a_new_urn_takes_the_place_of_the_old_one() -> None:
    child = resource("child", parent=A.urn)
    folded = journal.fold(Snapshot(resources=(A, child)), [Put(resource("new", aliases=(A.urn,)))])
    assert folded.resources == (resource("new"), resource("child", parent=urn("new")))


def test_a_provider_that_was_replaced_stays_for_those_who_still_use_it() -> None:
    user = resource("user", provider=PROVIDER.reference)
    new = replace(PROVIDER, id="2")
    folded = journal.fold(Snapshot(resources=(PROVIDER, user)), [Put(new)])
    assert folded.resources == (new, doomed(PROVIDER), user)


def test_of_several_former_providers_the_last_stands_for_their_name() -> None:
    second = replace(PROVIDER, id="2")
    users = (resource("first", provider=PROVIDER.reference), resource("second", provider=second.reference))
    entries: list[Entry] = [Put(second), Put(users[1]), Remove(second.key)]
    folded = journal.fold(Snapshot(resources=(PROVIDER, users[0])), entries)
    assert {(each.id, each.delete) for each in folded.resources if each.is_provider} == {
        (PROVIDER.id, True),
        ("2", False),
    }
    assert not list(integrity.violations(folded.resources))


def test_a_provider_that_is_still_used_stays() -> None:
    user = resource("user", provider=PROVIDER.reference)
    assert journal.fold(Snapshot(resources=(PROVIDER, user)), [Remove(PROVIDER.key)]).resources == (PROVIDER, user)
    both = [Remove(user.key), Remove(PROVIDER.key)]
    assert journal.fold(Snapshot(resources=(PROVIDER, user)), both).resources == ()


@given(graphs(), graphs(), st.data())
def test_whatever_happens_pulumi_would_take_the_result(
    before: tuple[Resource, ...], after: tuple[Resource, ...], data: st.DataObject
) -> None:
    known = [*before, *after]
    removed = data.draw(st.lists(st.sampled_from(known), max_size=3)) if known else []
    entries: list[Entry] = [*map(Put, after), *(Remove(each.key) for each in removed)]
    folded = journal.fold(Snapshot(resources=before), entries)
    assert not list(integrity.violations(folded.resources))


@given(graphs())
def test_folding_twice_is_folding_once(resources: tuple[Resource, ...]) -> None:
    once = journal.fold(Snapshot(), map(Put, resources))
    assert journal.fold(once, map(Put, resources)) == once


def test_lines_are_json_that_others_can_read() -> None:
    assert [json.loads(journal.line(entry, Codec(vault().encrypt)))["put"]["urn"] for entry in (Put(A),)] == [A.urn]


def test_a_line_is_in_the_file_once_its_future_is_done(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    book = journal.Journal(path, "")
    futures = {}
    for number in range(500):
        futures[f'"line {number}"'] = book.append(f'"line {number}"')
        if number % 50 == 0:
            futures[f'"line {number}"'].result()
            assert f'"line {number}"' in path.read_text().splitlines()
    book.close()
    assert path.read_text().splitlines()[1:] == list(futures)
    assert all(future.done() for future in futures.values())
