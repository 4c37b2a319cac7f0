"""`python -m benchmarks render`, in small: both sides are measured, and what they render is compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import process
from benchmarks.document import END, begin
from benchmarks.errors import BenchmarkError
from benchmarks.rendering.command import render
from benchmarks.rendering.counting import counting
from benchmarks.rendering.place import Place
from benchmarks.rendering.size import Size

SMALL = ("--kustomizations", "2", "--charts", "1", "--clusters", "3", "--own-images", "1", "--own-values", "1")


def test_everything_is_measured_and_equal(tmp_path: Path, tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where the programs are built already: the home directory is another one in tests.
    monkeypatch.setenv("FLEET_CACHE_DIR", str(tools.parents[2]))
    page = tmp_path / "page.md"
    page.write_text(f"{begin('render')}\n{END}\n")
    done = CliRunner().invoke(render, [*SMALL, "--json", "--write", str(page)])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["equalObjects"] == 2 * 3 * 3 + 5 * 3
    started = {each["step"]: each["started"] for each in found["typical"]}
    assert started["shell loop"] == {"kustomize": 6, "helm": 3}
    # Each application, and each with something of its own; and each tool is asked for its version.
    assert (started["fleet, nothing cached"]["kustomize"], started["fleet, nothing cached"]["helm"]) == (5, 3)
    assert (started["fleet, nothing changed"]["kustomize"], started["fleet, nothing changed"]["helm"]) == (1, 1)
    assert (started["fleet, one file changed"]["kustomize"], started["fleet, one file changed"]["helm"]) == (3, 1)
    assert "Both sides rendered the same 33 objects" in page.read_text()


def test_a_program_is_counted_and_does_what_it_does(tmp_path: Path) -> None:
    programs = counting(tmp_path, {"say": Path("/bin/echo")})
    command = process.Command((str(programs.programs / "say"), "a  b", "c"), tmp_path)
    for _ in range(2):
        process.run(command, tmp_path / "log")
    assert (tmp_path / "log").read_text().splitlines()[-1] == "a  b c"
    assert programs.started() == {"say": 2}
    assert not programs.started()


def test_a_failing_tool_fails_the_loop(tmp_path: Path, tools: Path) -> None:
    programs = counting(tmp_path, {"kustomize": tools / "kustomize", "helm": tools / "helm"})
    place = Place(tmp_path / "place", Size(kustomizations=2, charts=0, clusters=1), programs)
    place.create()
    (place.repository.root / "kustomizations" / "app-000" / "service.yaml").unlink()
    with pytest.raises(BenchmarkError, match=r"service\.yaml"):
        process.run(place.loop(), tmp_path / "log")
