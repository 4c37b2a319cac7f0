"""The lock: who holds it, and what others are told."""

import fcntl
import json
import os
import socket
from pathlib import Path

import pytest

from fleet.engine import lock
from fleet.engine.backend import Backend, StackRef
from fleet.errors import LockedError

DEV = StackRef("sample", "dev")
# Linux gives no process a number as high as this.
NOBODY = 2**22 + 1


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return Backend(tmp_path)


def hold(backend: Backend, content: str) -> Path:
    folder = backend.folder("locks", "organization", "sample", "dev")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "1b3e.json"
    path.write_text(content, encoding="utf-8")
    path.with_name("1b3e.json.attrs").write_text("{}", encoding="utf-8")
    return path


def content(**changes: object) -> str:
    """What Pulumi writes."""
    usual = {
        "pid": os.getpid(),
        "username": "me",
        "hostname": socket.gethostname(),
        "timestamp": "2026-11-22T14:53:29Z",
    }
    return json.dumps(usual | changes)


def test_it_is_there_while_held_and_gone_afterwards(backend: Backend) -> None:
    with lock.held(backend, DEV):
        (holder,) = lock.holders(backend, DEV)
        assert holder.file.parent == backend.folder("locks", "organization", "sample", "dev")
        assert json.loads(holder.file.read_bytes()).keys() == {"pid", "username", "hostname", "timestamp", "fleet"}
        assert (holder.pid, holder.host, holder.is_dead()) == (os.getpid(), socket.gethostname(), False)
    assert lock.holders(backend, DEV) == ()


def test_it_goes_when_the_run_fails(backend: Backend) -> None:
    with pytest.raises(ZeroDivisionError), lock.held(backend, DEV):
        raise ZeroDivisionError
    assert lock.holders(backend, DEV) == ()


def test_it_stays_where_the_run_says_so(backend: Backend) -> None:
    with lock.held(backend, DEV, keep=lambda: True):
        pass
    assert len(lock.holders(backend, DEV)) == 1


def test_a_second_run_is_refused_and_the_first_goes_on(backend: Backend) -> None:
    with lock.held(backend, DEV):
        with pytest.raises(LockedError), lock.held(backend, DEV):
            pytest.fail("it was not refused")
        assert len(lock.holders(backend, DEV)) == 1


def test_another_stack_is_free(backend: Backend) -> None:
    with lock.held(backend, DEV), lock.held(backend, StackRef("sample", "prod")):
        pass


def test_of_two_that_come_at_once_the_later_one_steps_back(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = iter([(), (lock.Holder(backend.root / "another", came=1),)])
    monkeypatch.setattr(lock, "holders", lambda *_: next(seen))
    with pytest.raises(LockedError), lock.held(backend, DEV):
        pytest.fail("it was not refused")
    monkeypatch.undo()
    assert lock.holders(backend, DEV) == ()


def test_of_two_that_come_at_once_the_earlier_one_waits(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    later = lock.Holder(backend.root / "another", came=2**63)
    seen = iter([(), (later,), (later,), ()])
    monkeypatch.setattr(lock, "holders", lambda *_: next(seen))
    with lock.held(backend, DEV):
        monkeypatch.undo()
        assert len(lock.holders(backend, DEV)) == 1


def test_beside_one_of_pulumis_both_step_back(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = iter([(), (lock.Holder(backend.root / "another", "me", "here", 1, "9999-11-22T14:53:29Z"),)])
    monkeypatch.setattr(lock, "holders", lambda *_: next(seen))
    with pytest.raises(LockedError), lock.held(backend, DEV):
        pytest.fail("it was not refused")


def test_what_a_run_of_ours_that_is_gone_has_left_is_taken_over_when_that_is_said(backend: Backend) -> None:
    path = hold(backend, content(pid=NOBODY, fleet=17))
    with lock.held(backend, DEV) as held:
        assert [(holder.file, holder.pid) for holder in held.abandoned] == [(path, NOBODY)]
    # Whoever held the stack meanwhile may not have come to read its journal.
    assert [holder.file for holder in lock.holders(backend, DEV)] == [path]
    with lock.held(backend, DEV) as held:
        held.take_over()
        assert path not in [holder.file for holder in lock.holders(backend, DEV)]
    assert lock.holders(backend, DEV) == ()


def test_a_lock_that_was_being_written_goes_with_its_writer(backend: Backend) -> None:
    """Pulumi would take it for a lock, whoever came next."""
    folder = hold(backend, content(pid=NOBODY, fleet=17)).parent
    left, under_way = (folder / f".2c4f.json.{pid}.tmp" for pid in (NOBODY, os.getpid()))
    left.write_bytes(b"")
    under_way.write_bytes(b"")
    with lock.held(backend, DEV) as held:
        held.take_over()
        assert (left.exists(), under_way.exists()) == (False, True)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"pid": NOBODY}, id="of Pulumi"),
        pytest.param({"pid": NOBODY, "fleet": 17, "hostname": "elsewhere"}, id="of another host"),
        pytest.param({"fleet": 17}, id="of a process that is there"),
    ],
)
def test_what_may_be_alive_is_never_taken_over(backend: Backend, changes: dict[str, object]) -> None:
    path = hold(backend, content(**changes))
    with pytest.raises(LockedError), lock.held(backend, DEV):
        pytest.fail("it was not refused")
    assert path.exists()


def test_a_file_that_is_held_is_never_taken_over(backend: Backend) -> None:
    """The process may be one of another container, whose numbers mean nothing here."""
    path = hold(backend, content(pid=NOBODY, fleet=17))
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(LockedError), lock.held(backend, DEV):
            pytest.fail("it was not refused")
    assert path.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(content(), ["me@", f"process {os.getpid()}", "2026-11-22T14:53:29Z", "Wait until"], id="alive"),
        pytest.param(content(pid=NOBODY), ["That process is gone", "fleet cancel", "pulumi cancel"], id="dead"),
        pytest.param(content(pid=NOBODY, hostname="elsewhere"), ["me@elsewhere", "Wait until"], id="on another host"),
        pytest.param("", ["an unknown run", "Wait until"], id="being written"),
        pytest.param("[]", ["an unknown run", "Wait until"], id="no lock"),
    ],
)
def test_what_the_others_are_told(backend: Backend, text: str, expected: list[str]) -> None:
    path = hold(backend, text)
    with pytest.raises(LockedError) as caught, lock.held(backend, DEV):
        pytest.fail("it was not refused")
    for part in [*expected, str(path), "'dev'"]:
        assert part in str(caught.value)


def test_releasing_takes_all_away_and_says_whose_they_were(backend: Backend) -> None:
    path = hold(backend, content(username="me"))
    path.with_name(".2c4f.json.4711.tmp").write_text("half of a lo", encoding="utf-8")
    assert [holder.user for holder in lock.release_all(backend, DEV)] == ["me"]
    assert list(backend.folder("locks", "organization", "sample", "dev").iterdir()) == []
    assert lock.release_all(backend, DEV) == ()
    with lock.held(backend, DEV):
        pass
