from __future__ import annotations

from pathlib import Path

import pytest

from fleet.register.run_id import run_id


def status(pid: int, name: str, parent: int, started: int) -> str:
    """Return a line as Linux writes it: the 22nd field is the start time (man 5 proc)."""
    return f"{pid} ({name}) S {parent} " + " ".join(["0"] * 17) + f" {started} 0 0\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    processes = [
        (1, "systemd", 0, 10),
        (20, "pulumi", 1, 200),
        (30, "pulumi-language-", 20, 300),
        (40, "python (3) x", 30, 400),
        (50, "bash", 1, 500),
        (60, "pulumi", 50, 600),
        (70, "python", 60, 700),
        (80, "python", 99, 800),
    ]
    for pid, name, parent, started in processes:
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(status(pid, name, parent, started))
    return tmp_path


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        pytest.param(40, "pulumi-20-200", id="below the language host"),
        pytest.param(70, "pulumi-60-600", id="the nearest"),
        pytest.param(50, None, id="not below pulumi"),
        pytest.param(80, None, id="a parent that is gone"),
    ],
)
def test_a_run_is_the_command_above_the_program(proc: Path, process: int, expected: str | None) -> None:
    assert run_id(proc, process) == expected


def test_without_proc_there_is_none(tmp_path: Path) -> None:
    assert run_id(tmp_path / "missing") is None
