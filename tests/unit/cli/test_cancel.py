from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from tests.unit.cli.scripted import ScriptedEngine, invoke

# Above every pid that Linux and macOS give out.
NOBODY = 2**22 + 1


@pytest.fixture
def locks(project: Path) -> Path:
    folder = project / ".fleet" / "state" / ".pulumi" / "locks" / "organization" / "fleet" / "demo"
    folder.mkdir(parents=True)
    return folder


def hold(locks: Path, pid: int, *, host: str = "") -> Path:
    """Leave a lock as Pulumi writes it."""
    content = {"pid": pid, "username": "ann", "hostname": host or socket.gethostname(), "timestamp": "2025-01-02"}
    file = locks / f"{pid}.json"
    file.write_text(json.dumps(content))
    return file


def test_a_dead_run_is_released_without_a_question(project: Path, locks: Path) -> None:
    file = hold(locks, NOBODY)
    result = invoke(ScriptedEngine(), project, "cancel", "-s", "demo")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"released demo: it was held by ann@{socket.gethostname()}, process {NOBODY}, since 2025-01-02\n"
    )
    assert not file.exists()


@pytest.mark.parametrize("host", [pytest.param("", id="alive"), pytest.param("elsewhere", id="on another host")])
def test_a_run_that_may_be_alive_is_not(project: Path, locks: Path, host: str) -> None:
    file = hold(locks, os.getpid() if not host else NOBODY, host=host)
    result = invoke(ScriptedEngine(), project, "cancel")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: demo is held by a run that may be alive: ann@")
    assert file.exists()
    assert invoke(ScriptedEngine(), project, "cancel", "--yes").exit_code == 0
    assert not file.exists()


def test_nobody_holds_the_stack(project: Path) -> None:
    result = invoke(ScriptedEngine(), project, "cancel")
    assert (result.exit_code, result.stdout) == (0, "no run holds demo\n")
