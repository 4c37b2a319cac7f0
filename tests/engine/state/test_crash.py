"""Runs that are killed, that meet a full disk, or that come at the same time, as processes of their own."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from fleet.engine import lock
from fleet.engine.backend import Backend
from fleet.errors import LockedError, StateError
from tests.engine.state.worker import DEV, numbered, store

REPOSITORY = Path(__file__).parents[3]


@contextmanager
def worker(mode: str, root: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.engine.state.worker", mode, str(root), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def spoken(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line, process.stderr.read() if process.stderr else ""
    return line


def numbers(root: Path) -> set[int]:
    return {int(each.urn.rpartition("::")[2]) for each in store(root).read().resources}


@pytest.mark.parametrize("seed", range(8))
def test_what_was_durable_survives_a_kill_at_any_moment(tmp_path: Path, seed: int) -> None:
    with worker("put", tmp_path) as process:
        said = [int(spoken(process)) for _ in range(random.Random(seed).randint(1, 60))]
    found = numbers(tmp_path)
    assert set(said) <= found
    # What came after the last word may be there or not, but nothing is left out in between.
    assert found == set(range(len(found)))
    pending = [each.resource.urn for each in store(tmp_path).read().pending_operations]
    assert pending in ([], [numbered(len(found)).urn])


@pytest.mark.parametrize("seed", range(4))
def test_whole_runs_survive_a_kill_at_any_moment(tmp_path: Path, seed: int) -> None:
    done = 0
    for _ in range(3):
        with worker("runs", tmp_path) as process:
            for _ in range(random.Random(seed).randint(1, 5)):
                done = int(spoken(process)) + 1
            process.kill()
            # It has gone on while it was listened to.
            done = max([done, *(int(line) + 1 for line in process.stdout or ())])
        assert len(numbers(tmp_path)) in (done, done + 1)


def test_after_a_kill_the_next_run_takes_over(tmp_path: Path) -> None:
    with worker("hold", tmp_path) as process:
        assert spoken(process) == "held"
        with pytest.raises(LockedError, match=f"process {process.pid}.*") as alive, store(tmp_path).update("update"):
            pytest.fail("it was not refused")
        assert "Wait until" in str(alive.value)
    with store(tmp_path).update("update") as ledger:
        (cut_off,) = ledger.cut_off
        assert f"process {process.pid}, since " in cut_off
        assert len(lock.holders(Backend(tmp_path), DEV)) == 1
    assert lock.holders(Backend(tmp_path), DEV) == ()


def test_the_lock_of_a_dead_run_stays_until_its_journal_is_read(tmp_path: Path) -> None:
    with worker("hold", tmp_path) as process:
        assert spoken(process) == "held"
    checkpoint = Backend(tmp_path).checkpoint_file(DEV)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write_text("{")
    with pytest.raises(StateError, match="damaged"), store(tmp_path).update("update"):
        pytest.fail("it was not refused")
    (holder,) = lock.holders(Backend(tmp_path), DEV)
    assert holder.pid == process.pid


@pytest.mark.parametrize(
    ("before", "kept"),
    [pytest.param(0, False, id="the journal is too large"), pytest.param(60, True, id="so is the checkpoint")],
)
def test_a_full_disk_ends_the_run_and_loses_nothing_that_was_durable(tmp_path: Path, before: int, kept: bool) -> None:
    with store(tmp_path).update("update") as ledger:
        for number in range(1000, 1000 + before):
            ledger.put(numbered(number))
    said = set(range(1000, 1000 + before))
    with worker("put_within", tmp_path, "20000") as process:
        while (line := spoken(process)).isdigit():
            said.add(int(line))
        error = line + (process.stdout.read() if process.stdout else "")
    assert len(said) > before + 3
    assert "could not be written" in error
    assert ("kept in its journal" in error) is kept
    assert Backend(tmp_path).journal_file(DEV).exists() is kept
    assert len(lock.holders(Backend(tmp_path), DEV)) == kept
    assert said <= numbers(tmp_path)
    with store(tmp_path).update("update"):
        pass
    assert said <= numbers(tmp_path)
    assert not Backend(tmp_path).journal_file(DEV).exists()


def test_of_many_at_once_one_is_in_it_and_never_two(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.engine.state.worker", "once", str(tmp_path)]
    running = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = [process.communicate()[0].strip() for process in running]
    assert [process.returncode for process in running] == [0] * 6
    spans = sorted(tuple(map(int, line.split())) for line in said if line != "refused")
    assert spans
    assert all(ended <= began for (_, ended), (began, _) in pairwise(spans))
    assert lock.holders(Backend(tmp_path), DEV) == ()
