"""Lines of the journal are made durable together, as many as have come while the disk was busy."""

import os
import threading
from pathlib import Path

import pytest

from fleet.engine.journal import Journal


def test_what_comes_while_the_disk_is_busy_is_made_durable_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    book, make_durable = Journal(path, "base"), os.fsync
    busy, go_on, lines = threading.Event(), threading.Event(), []

    def fsync(handle: int) -> None:
        busy.set()
        assert go_on.wait(60)
        make_durable(handle)
        lines.append(path.read_bytes().count(b"\n"))

    monkeypatch.setattr(os, "fsync", fsync)
    first = book.append("{}")
    assert busy.wait(60)
    others = [book.append("{}") for _ in range(100)]
    assert not any(future.done() for future in (first, *others))
    go_on.set()
    for future in (first, *others):
        future.result(60)
    book.close()
    assert lines == [2, 102]
