"""A run that changes the state, from its lock to its history, and what a run that was cut off leaves."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fleet.engine import checksums, files, lock
from fleet.engine.backend import Backend, StackRef
from fleet.engine.ledger import Outcome
from fleet.engine.secrets import Vault
from fleet.engine.state import Key, Operation, Resource, Secret, Snapshot
from fleet.engine.store import Store
from fleet.errors import LockedError, StateError
from tests.unit.engine_state.strategies import PASSPHRASE, urn

DEV = StackRef("sample", "dev")
ROOT = Resource(urn=urn("sample-dev", "pulumi:pulumi:Stack"), type="pulumi:pulumi:Stack", outputs={"a": 1})


def resource(name: str, **fields: object) -> Resource:
    return Resource(urn=urn(name), type="kubernetes:core/v1:ConfigMap", custom=True, **fields)  # type: ignore[arg-type]


def store(root: Path) -> Store:
    return Store(Backend(root), DEV, Vault("dev", environ={"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}))


def run(root: Path, *resources: Resource) -> None:
    with store(root).update("update") as ledger:
        for each in resources:
            ledger.put(each)
        ledger.outcome = Outcome(succeeded=True, changes={"create": len(resources)})


def names(snapshot: Snapshot) -> list[str]:
    return [each.urn.rpartition("::")[2] for each in snapshot.resources]


def history(root: Path) -> list[str]:
    entries = sorted(Backend(root).folder("history", "sample", "dev").glob("*.history.json"))
    return [json.loads(entry.read_bytes())["result"] for entry in entries]


@pytest.fixture
def cut_off(tmp_path: Path) -> Path:
    """A folder as it is when a run is killed that has put `b`, begun `c` and removed `a`."""
    run(tmp_path / "before", ROOT, resource("a"))
    with store(tmp_path / "before").update("update") as ledger:
        ledger.put(resource("b"))
        ledger.begin(Operation("creating", resource("c")))
        ledger.remove(Key(urn("a")))
        ledger.sync()
        shutil.copytree(tmp_path / "before", tmp_path / "killed")
    lock.release_all(Backend(tmp_path / "killed"), DEV)
    return tmp_path / "killed"


def test_a_stack_that_is_new(tmp_path: Path) -> None:
    assert store(tmp_path).read() == Snapshot()
    assert not store(tmp_path).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_run(tmp_path: Path) -> None:
    run(tmp_path, ROOT, resource("a", inputs={"data": Secret("hunter2")}))
    found = store(tmp_path).read()
    assert store(tmp_path).exists()
    assert found.outputs() == {"a": 1}
    assert found.resources[1].inputs == {"data": Secret("hunter2")}
    assert history(tmp_path) == ["succeeded"]
    assert not Backend(tmp_path).journal_file(DEV).exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]


def test_a_run_that_fails_keeps_what_is_true(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="no property value"):
        run(tmp_path, ROOT, resource("a", inputs={"x": object()}))
    assert names(store(tmp_path).read()) == ["sample-dev"]
    assert history(tmp_path) == ["failed"]
    assert lock.holders(Backend(tmp_path), DEV) == ()


def test_a_run_that_changes_nothing_leaves_the_checkpoint_alone(tmp_path: Path) -> None:
    run(tmp_path, ROOT)
    path = Backend(tmp_path).checkpoint_file(DEV)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    run(tmp_path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert history(tmp_path) == ["succeeded", "succeeded"]
    assert len(list(Backend(tmp_path).folder("backups").rglob("*.json"))) == 1


def test_the_ledger_knows_what_is_there_now(tmp_path: Path) -> None:
    run(tmp_path, ROOT, resource("a"))
    with store(tmp_path).update("update") as ledger:
        ledger.put(resource("new", aliases=(urn("a"),)))
        ledger.replace(resource("new", id="2"), resource("new", id="1", delete=True))
        assert ledger.get(urn("a")) is None
        assert ledger.get(urn("new")) == resource("new", id="2")
        ledger.remove(Key(urn("new")))
        assert ledger.get(urn("new")) is None
        assert ledger.before.live().keys() == {ROOT.urn, urn("a")}
        assert ledger.snapshot().resources == (ROOT, resource("new", id="1", delete=True))


def test_what_is_entered_is_durable_before_the_run_goes_on(tmp_path: Path) -> None:
    with store(tmp_path).update("update") as ledger:
        ledger.begin(Operation("creating", resource("a"))).result()
        assert urn("a").encode() in Backend(tmp_path).journal_file(DEV).read_bytes()


def test_after_a_crash_the_state_is_what_was_entered(cut_off: Path) -> None:
    found = store(cut_off).read()
    assert names(found) == ["sample-dev", "b"]
    assert [operation.resource.urn for operation in found.pending_operations] == [urn("c")]


def test_reading_after_a_crash_changes_nothing(cut_off: Path) -> None:
    before = {path: path.read_bytes() for path in cut_off.rglob("*") if path.is_file()}
    store(cut_off).read()
    assert {path: path.read_bytes() for path in cut_off.rglob("*") if path.is_file()} == before


def test_the_next_run_begins_with_what_was_entered_and_goes_on(cut_off: Path) -> None:
    with store(cut_off).update("update") as ledger:
        assert ledger.before.live().keys() == {ROOT.urn, urn("b")}
        ledger.put(resource("c"), made=True)
    found = store(cut_off).read()
    assert names(found) == ["sample-dev", "b", "c"]
    assert found.pending_operations == ()


def test_a_run_that_changes_nothing_folds_what_a_crash_has_left(cut_off: Path) -> None:
    run(cut_off)
    assert not Backend(cut_off).journal_file(DEV).exists()
    assert names(store(cut_off).read()) == ["sample-dev", "b"]


def test_a_crash_between_the_checkpoint_and_the_end_of_its_journal(tmp_path: Path, cut_off: Path) -> None:
    kept = tmp_path / "journal"
    backend = Backend(cut_off)
    shutil.copy(backend.journal_file(DEV), kept)
    folding = store(cut_off)
    folding._fold_leftover(folding._find())
    assert backend.journal_file(DEV).exists()
    assert names(store(cut_off).read()) == ["sample-dev", "b"]
    run(cut_off)
    assert names(store(cut_off).read()) == ["sample-dev", "b"]


def test_a_journal_is_never_applied_to_another_state(cut_off: Path) -> None:
    journal = Backend(cut_off).journal_file(DEV)
    kept = journal.read_bytes()
    journal.unlink()
    run(cut_off, resource("z"))
    journal.write_bytes(kept)
    with pytest.raises(StateError, match="belongs to another state") as caught:
        store(cut_off).read()
    assert str(journal) in str(caught.value)
    with pytest.raises(StateError, match="belongs to another state"):
        run(cut_off)
    assert journal.read_bytes() == kept
    assert lock.holders(Backend(cut_off), DEV) == ()


def test_a_damaged_checkpoint_is_never_overwritten(tmp_path: Path) -> None:
    run(tmp_path, ROOT)
    path = Backend(tmp_path).checkpoint_file(DEV)
    path.write_bytes(path.read_bytes()[:100])
    damaged = path.read_bytes()
    with pytest.raises(StateError, match="is damaged") as caught:
        run(tmp_path, resource("a"))
    assert "Restore the state of" in str(caught.value)
    assert path.read_bytes() == damaged
    assert lock.holders(Backend(tmp_path), DEV) == ()


def test_the_state_of_another_stack_is_refused(tmp_path: Path) -> None:
    run(tmp_path, ROOT)
    folder = Backend(tmp_path).folder("stacks", "sample")
    shutil.copy(folder / "dev.json", folder / "prod.json")
    prod = Store(Backend(tmp_path), StackRef("sample", "prod"), store(tmp_path).vault)
    with pytest.raises(StateError, match="that of another stack"):
        prod.read()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        pytest.param(b"", b"", "is damaged", id="nothing left"),
        pytest.param(urn("a").encode(), urn("b").encode(), "is damaged", id="a byte"),
        pytest.param(b'"parent":"', b'"parent":"x', "is damaged", id="a reference"),
    ],
)
def test_what_the_message_says_restores_the_state(tmp_path: Path, before: bytes, after: bytes, message: str) -> None:
    run(tmp_path, ROOT, resource("a", parent=ROOT.urn))
    path = Backend(tmp_path).checkpoint_file(DEV)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(before, after) if before else b"")
    assert path.read_bytes() != whole
    with pytest.raises(StateError, match=message) as caught:
        store(tmp_path).read()
    follow(caught.value)
    assert path.read_bytes() == whole
    assert names(store(tmp_path).read()) == ["sample-dev", "a"]


def test_a_state_that_contradicts_itself_names_a_backup_that_does_not(tmp_path: Path) -> None:
    run(tmp_path, ROOT, resource("a", parent=ROOT.urn))
    path = Backend(tmp_path).checkpoint_file(DEV)
    path.write_bytes(path.read_bytes().replace(b'"parent":"', b'"parent":"x'))
    checksums.path_of(path).unlink()
    with pytest.raises(StateError, match="contradicts itself") as caught:
        store(tmp_path).read()
    assert "pulumi state repair" in str(caught.value)
    follow(caught.value)
    assert names(store(tmp_path).read()) == ["sample-dev", "a"]


def follow(error: StateError) -> None:
    """Do what the message says."""
    (command,) = re.findall(r"^\W*(cp .*)", str(error), re.MULTILINE)
    subprocess.run(command, shell=True, check=True)


def test_a_restored_state_goes_on_with_the_journal_of_the_run_that_was_cut_off(cut_off: Path) -> None:
    path = Backend(cut_off).checkpoint_file(DEV)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StateError, match="is damaged") as caught:
        store(cut_off).read()
    follow(caught.value)
    assert names(store(cut_off).read()) == ["sample-dev", "b"]


def test_a_state_that_cannot_be_written_stays_in_the_journal_with_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, ROOT)
    write = files.replace

    def refuse(path: Path, data: bytes) -> None:
        if path.name == "dev.json":
            raise StateError("the disk is full")
        write(path, data)

    monkeypatch.setattr(files, "replace", refuse)
    with pytest.raises(StateError, match="kept in its journal"):
        run(tmp_path, resource("a"))
    monkeypatch.undo()
    with pytest.raises(LockedError):
        run(tmp_path)
    lock.release_all(Backend(tmp_path), DEV)
    run(tmp_path)
    assert names(store(tmp_path).read()) == ["sample-dev", "a"]


def test_nothing_begins_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / ".pulumi").touch()
    with pytest.raises(StateError), store(tmp_path).update("update"):
        pytest.fail("the run began")


def test_while_a_run_is_under_way_another_is_refused_and_a_preview_is_not(tmp_path: Path) -> None:
    run(tmp_path, ROOT)
    with store(tmp_path).update("update") as ledger:
        ledger.put(resource("a"))
        ledger.sync()
        with pytest.raises(LockedError):
            run(tmp_path)
        assert names(store(tmp_path).read()) == ["sample-dev", "a"]


def test_an_unchanged_secret_keeps_its_ciphertext_from_run_to_run(tmp_path: Path) -> None:
    run(tmp_path, resource("a", inputs={"x": Secret("hunter2")}))
    path = Backend(tmp_path).checkpoint_file(DEV)
    before = json.loads(path.read_bytes())["checkpoint"]["latest"]["resources"]
    run(tmp_path, resource("a", inputs={"x": Secret("hunter2")}, outputs={"y": 1}))
    after = json.loads(path.read_bytes())["checkpoint"]["latest"]["resources"]
    assert after[0]["inputs"] == before[0]["inputs"]


def test_a_value_without_a_secret_asks_for_no_passphrase(tmp_path: Path) -> None:
    bare = Store(Backend(tmp_path), DEV, Vault("dev", environ={}))
    with bare.update("update") as ledger:
        ledger.put(ROOT)
    assert bare.read().resources == (ROOT,)
    with pytest.raises(StateError, match="there is no passphrase"), bare.update("update") as ledger:
        ledger.put(resource("a", inputs={"x": Secret("hunter2")}))
    assert bare.read().resources == (ROOT,)
