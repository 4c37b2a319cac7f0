"""`fleet explain` as it is typed: a process of its own, in a project whose repositories are nowhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TAILORED = Path(__file__).parents[1] / "fleets" / "tailored"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(TAILORED / "stacks", folder / "stacks")
    (folder / "Pulumi.yaml").write_text("name: fleet\nruntime: python\nstackConfigDir: stacks\n")
    return folder


def fleet(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fleet", "explain", *arguments]
    settings = {**os.environ, "NO_COLOR": "1", "PATH": "/nowhere"}
    return subprocess.run(command, cwd=project, env=settings, check=False, text=True, capture_output=True)


@pytest.mark.parametrize("cluster", ["prod-us", "https://us.example.com:6443"])
def test_the_text_is_that_of_the_golden_file(project: Path, cluster: str) -> None:
    done = fleet(project, "shop", cluster, "-s", "dev")
    assert (done.returncode, done.stderr) == (0, "")
    shown = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
    assert shown == (TAILORED / "explained" / "shop in prod-us.txt").read_text()


def test_json_is_one_object_and_nothing_else(project: Path) -> None:
    done = fleet(project, "notes", "prod-eu", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["application"], found["cluster"], found["stack"]) == (0, "notes", "prod-eu", "dev")
    assert [each["namespace"] for each in found["destinations"]] == ["notes", "more"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("shpo", "dev"), "error: no application is named 'shpo'\n  Known: notes, shop.\n  → Did you mean 'shop'?\n"),
        (
            ("shop", "prod-xx"),
            "error: no cluster is known as 'prod-xx'\n  Known: dev, prod-eu, prod-us.\n  → Did you mean 'prod-us'?\n",
        ),
    ],
)
def test_what_is_not_there_is_a_message_and_an_exit_code(
    project: Path, arguments: tuple[str, ...], expected: str
) -> None:
    done = fleet(project, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
    assert not [path for path in project.rglob("*") if path.name == ".fleet"]
