"""The program's process before it is told what to run: it runs nothing by itself, and leaves when it is not needed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from fleet.cli.early import begin
from fleet.cli.engine import Embedded
from fleet.engine import standby
from fleet.engine.request import Command, RunRequest
from fleet.errors import StackNotFoundError

LEAVES_A_TRACE = "open('trace', 'w').close()\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose program leaves a trace where it is run."""
    (tmp_path / "Pulumi.yaml").write_text("name: desk\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(LEAVES_A_TRACE)
    return tmp_path


def trace(project: Path) -> Path:
    """Return the file that tells that the program was run."""
    return project / "trace"


@pytest.mark.parametrize("said", [b"", b'{"program": "."', b'{"program": "."}'], ids=["nothing", "half", "no newline"])
def test_without_an_order_it_ends_silently(project: Path, said: bytes) -> None:
    host = standby.start(sys.executable, project)
    out, err = host.process.communicate(said, timeout=60)
    assert (host.process.returncode, out, err) == (0, b"", b"")
    assert not trace(project).exists()


def test_dismissed_it_is_gone_at_once_and_for_good(project: Path) -> None:
    host = standby.start(sys.executable, project)
    host.dismiss()
    assert host.process.returncode == -signal.SIGKILL
    host.dismiss()
    assert not trace(project).exists()


def test_one_that_has_ended_already_can_be_told_anything(project: Path) -> None:
    host = standby.start(sys.executable, project)
    host.signal(signal.SIGKILL)
    host.process.wait(60)
    host.tell({"environment": {"PULUMI_CONFIG": "x" * 1_000_000}})
    host.dismiss()


AHEAD = "fleet_ahead"


@pytest.mark.parametrize(
    ("own", "loaded"),
    [
        pytest.param("", b"loaded\n", id="loaded"),
        pytest.param(f"{AHEAD}.py", b"", id="the program has a module of that name"),
        pytest.param(f"{AHEAD}/__init__.py", b"", id="the program has a package of that name"),
    ],
)
def test_what_is_loaded_ahead_is_what_the_program_would_find(
    project: Path, monkeypatch: pytest.MonkeyPatch, own: str, loaded: bytes
) -> None:
    library = project / "library"
    library.mkdir()
    (library / f"{AHEAD}.py").write_text("print('loaded')\n")
    monkeypatch.setenv("PYTHONPATH", str(library))
    if own:
        (project / own).parent.mkdir(exist_ok=True)
        (project / own).write_text(LEAVES_A_TRACE)
    out, err = standby.start(sys.executable, project, [AHEAD]).process.communicate(timeout=60)
    assert (out, err) == (loaded, b"")
    assert not trace(project).exists()


def test_what_cannot_be_loaded_ahead_is_left_for_the_program_to_say(project: Path) -> None:
    host = standby.start(sys.executable, project, ["there_is_no_such_module"])
    out, err = host.process.communicate(timeout=60)
    assert (host.process.returncode, out, err) == (0, b"", b"")


def request(project: Path, command: Command = Command.UP) -> RunRequest:
    """Return a request."""
    return RunRequest(command=command, project_dir=project, stack="test")


def test_a_run_that_does_not_come_to_the_program_leaves_no_process(project: Path) -> None:
    engine = Embedded()
    engine.expect(request(project))
    waiting = engine._waiting
    assert waiting is not None
    with pytest.raises(StackNotFoundError):
        asyncio.run(engine.run(request(project, Command.DESTROY), lambda _: None, asyncio.Event()))
    assert waiting.process.returncode == -signal.SIGKILL
    assert not trace(project).exists()


@pytest.mark.parametrize("command", [Command.REFRESH, Command.DESTROY])
def test_nothing_is_started_for_a_command_that_runs_no_program(project: Path, command: Command) -> None:
    engine = Embedded()
    engine.expect(request(project, command))
    assert engine._waiting is None


OURS = "import pulumi\nfrom fleet.program.flow import main\npulumi.run(main)\n"


@pytest.fixture
def ours(project: Path) -> Path:
    """A project of fleet's."""
    (project / "__main__.py").write_text(OURS)
    return project.resolve()


@pytest.mark.parametrize(
    "yaml",
    [
        pytest.param("name: desk\nruntime: python\n", id="no environment"),
        pytest.param("name: desk\nruntime:\n  name: python\n  options:\n    virtualenv: venv # ours\n", id="block"),
        pytest.param("name: desk\nruntime: {name: python, options: {virtualenv: 'venv'}}\n", id="flow"),
        pytest.param("name: desk\nruntime: {name: python, options: {virtualenv: missing}}\n", id="not there"),
    ],
)
@pytest.mark.parametrize("below", [".", "stacks"])
def test_a_process_that_was_started_on_a_guess_is_the_one_that_a_run_takes(ours: Path, yaml: str, below: str) -> None:
    (ours / "Pulumi.yaml").write_text(yaml)
    (ours / "venv" / "bin").mkdir(parents=True)
    (ours / "venv" / "bin" / "python").symlink_to(sys.executable)
    (ours / "stacks").mkdir()
    early = begin(["up", "--yes", "-s", "test"], ours / below)
    assert early is not None
    guessed = early._host
    engine = Embedded(early)
    engine.expect(request(ours))
    assert engine._waiting is guessed is not None
    early.dismiss()
    assert guessed.process.poll() is None
    engine.dismiss()
    assert guessed.process.returncode == -signal.SIGKILL


def test_a_process_that_was_guessed_wrong_goes(ours: Path) -> None:
    early = begin(["up"], ours)
    assert early is not None
    guessed = early._host
    assert guessed is not None
    (ours / "Pulumi.yaml").write_text("name: desk\nruntime: python\nmain: elsewhere\n")
    (ours / "elsewhere").mkdir()
    engine = Embedded(early)
    engine.expect(request(ours))
    assert guessed.process.returncode == -signal.SIGKILL
    assert engine._waiting is not None
    engine.dismiss()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--version"],
        ["up", "--help"],
        ["up", "-hs", "test"],
        ["up", "-C", "elsewhere"],
        ["up", "--cwd=elsewhere"],
        ["refresh"],
        ["stack", "ls"],
    ],
    ids=" ".join,
)
def test_nothing_is_started_on_words_that_need_no_program_of_this_directory(ours: Path, words: list[str]) -> None:
    assert begin(words, ours) is None


def test_nothing_is_started_on_a_guess_for_a_program_that_is_not_ours(project: Path, tmp_path: Path) -> None:
    assert begin(["up"], project) is None
    (project / "__main__.py").write_text(OURS)
    (project / "Pulumi.yaml").write_text("name: desk\nruntime: python\nmain: elsewhere\n")
    assert begin(["up"], project) is None
    (project / "Pulumi.yaml").write_bytes(b"\xff\xfe")
    assert begin(["up"], project) is None


def test_a_command_line_that_makes_no_sense_leaves_no_process(ours: Path) -> None:
    command = [sys.executable, "-m", "fleet", "up", "--no-such-option"]
    mark = f"FLEET_TEST_MARK={uuid.uuid4()}"
    environment = {**os.environ, **dict([mark.split("=")])}
    done = subprocess.run(command, cwd=ours, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no-such-option" in done.stderr
    assert not [path for path in Path("/proc").glob("[0-9]*/environ") if mark.encode() in content(path)]


def test_a_directory_that_is_gone_is_left_for_the_command_to_say(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os; os.rmdir({str(gone)!r}); from fleet.cli.early import begin; print(begin(['up']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("None\n", "")
    gone.mkdir()
    code = f"import os, sys; os.rmdir({str(gone)!r}); from fleet.cli.main import main; sys.argv[1:] = ['up']; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def content(path: Path) -> bytes:
    """Return what is in a file; nothing where it is gone meanwhile."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_project_that_cannot_be_run_is_left_for_the_run_to_say(tmp_path: Path) -> None:
    engine = Embedded()
    engine.expect(request(tmp_path))
    (tmp_path / "Pulumi.yaml").write_text("name: desk\nruntime: python\nmain: nowhere/\n")
    engine.expect(request(tmp_path))
    assert engine._waiting is None
    engine.dismiss()
