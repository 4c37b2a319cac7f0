"""`fleet explain` as it is typed: a process of its own, in a project whose repositories are nowhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.render.world import Repo

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


STACK = """\
from fleet import *

stack = Fleet(
    clusters=[Cluster("dev"), Cluster("prod")],
    applications=[
        Application(
            "shop",
            sources=[
                GitSource("repo", path="chart", name="chart", helm=Helm(values={"replicas": 1, "tag": "v1"})),
                GitSource("repo", path="plain", name="plain"),
            ],
            destinations=["dev", Destination("prod", source="chart", helm=Helm(values={"replicas": 2}))],
        )
    ],
)
"""
FILES: dict[str, str | bytes] = {
    "chart/.argocd-source.yaml": "helm:\n  valuesObject:\n    tag: v2\n    colour: red\n",
    "chart/.argocd-source-shop.yaml": "helm:\n  releaseName: front\n  valuesObject: {colour: blue, replicas: 3}\n",
    "chart/.argocd-source-other.yaml": "helm: {releaseName: other}\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "plain/.argocd-source.yaml": "directory: {recurse: true}\n",
}
SOURCE_FILE = "source file"


@pytest.fixture
def own(tmp_path: Path, new_repo: Callable[[str], Repo], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an application whose sources say something of themselves."""
    monkeypatch.setenv("FLEET_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "own"
    (folder / "stacks").mkdir(parents=True)
    (folder / "stacks" / "dev.py").write_text(STACK)
    (folder / "Pulumi.yaml").write_text("name: fleet\nruntime: python\nstackConfigDir: stacks\n")
    new_repo("own/repo").commit(FILES)
    return folder


def facts(project: Path, cluster: str, *options: str) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-m", "fleet", "explain", "shop", cluster, "--json", *options]
    done = subprocess.run(command, cwd=project, check=True, text=True, stdout=subprocess.PIPE)
    (destination,) = json.loads(done.stdout)["destinations"]
    return {fact["key"]: fact for fact in destination["facts"]}


def test_source_files_have_the_last_word(own: Path) -> None:
    found = facts(own, "prod", "--fetch")
    said = {
        key: (fact["value"], fact["where"]["file"], fact["where"]["line"], [each["by"] for each in fact["replaced"]])
        for key, fact in found.items()
        if fact["by"] == SOURCE_FILE
    }
    one, other = "chart/.argocd-source.yaml", "chart/.argocd-source-shop.yaml"
    assert said == {
        "sources[0].helm.values.tag": ("v2", one, 3, ["application"]),
        "sources[0].helm.values.colour": ("blue", other, 3, [SOURCE_FILE]),
        "sources[0].helm.values.replicas": (3, other, 3, ["destination", "application"]),
        "sources[0].helm.release_name": ("front", other, 2, []),
        "sources[1].directory.recurse": (True, "plain/.argocd-source.yaml", 1, []),
    }


def test_nothing_is_fetched_unless_that_is_asked_for(own: Path) -> None:
    shutil.rmtree(own / "repo")
    assert SOURCE_FILE not in {fact["by"] for fact in facts(own, "prod").values()}
    done = fleet(own, "shop", "prod", "--fetch")
    assert done.returncode != 0


@pytest.mark.parametrize(
    ("files", "code", "expected"),
    [
        ({}, 10, "error: stacks/dev.py:9, application shop, cluster prod: path chart does not exist"),
        (
            {"chart/.argocd-source.yaml": "\nhelm: {valueFile: x}\n", "plain/a.yaml": ""},
            2,
            "error: chart/.argocd-source.yaml:2, application shop, cluster prod, helm.valueFile: unknown key valueFile",
        ),
    ],
)
def test_what_is_wrong_with_the_sources(own: Path, files: dict[str, str | bytes], code: int, expected: str) -> None:
    shutil.rmtree(own / "repo" / "chart")
    Repo(own / "repo").commit(files)
    command = [sys.executable, "-m", "fleet", "explain", "shop", "prod", "--fetch"]
    done = subprocess.run(command, cwd=own, check=False, text=True, capture_output=True)
    assert done.returncode == code
    assert expected in done.stderr
