"""Who takes part."""

from pathlib import Path

import pytest

from benchmarks.contenders import choose
from benchmarks.errors import BenchmarkError
from benchmarks.kapp import Kapp


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("empty_path")
@pytest.mark.parametrize("name", ["kapp", "pulumi"])
def test_what_was_asked_for_has_to_be_there(name: str) -> None:
    with pytest.raises(BenchmarkError, match=f"not on PATH: {name}"):
        choose(("fleet", name))


@pytest.mark.usefixtures("empty_path")
def test_only_those_that_were_asked_for() -> None:
    chosen = choose(("raw", "fleet"))
    assert [each.name for each in chosen.contenders] == ["fleet", "raw loop"]
    assert chosen.left_out == ()


def test_what_is_on_path_takes_part(empty_path: Path) -> None:
    program = empty_path / "kapp"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert choose(("kapp",)).contenders == (Kapp(program),)
