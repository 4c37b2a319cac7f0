"""Fixtures of the tests of rendering: no user's configuration of git reaches them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localclusters.progress import silent
from tests.render.chart_servers import Packer, Runs, Site, serve, serve_registry
from tests.render.world import Repo, World
from testtools import ensure_tools


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = ("GIT_", "SSH_", "GCM_", "HELM_", "DOCKER_CONFIG", "NETRC")
    for name in [name for name in os.environ if name.startswith(settings) or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[init]\n\tdefaultBranch = main\n[user]\n\tname = T\n\temail = t@example.com\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture
def world(tmp_path: Path) -> World:
    project = tmp_path / "project"
    project.mkdir()
    return World(project, tmp_path / "cache", [], [])


@pytest.fixture
def new_repo(tmp_path: Path) -> Callable[[str], Repo]:
    def make(name: str) -> Repo:
        path = tmp_path / name
        path.mkdir(parents=True)
        repo = Repo(path)
        repo.git("init", "--quiet")
        return repo

    return make


@pytest.fixture
def repo(new_repo: Callable[[str], Repo]) -> Repo:
    return new_repo("repo")


@pytest.fixture(scope="session")
def tools() -> Path:
    """Return the directory with helm and kustomize."""
    return ensure_tools(silent)


@pytest.fixture
def on_path(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def packer(tools: Path, tmp_path: Path) -> Packer:
    return Packer(tools / "helm", tmp_path / "sources", tmp_path / "packed")


@pytest.fixture
def site(packer: Packer) -> Iterator[Site]:
    """A chart repository of what is packed."""
    with serve(Site(packer.directory)) as running:
        yield running


@pytest.fixture
def registry(tools: Path) -> Iterator[str]:
    """The `host:port` of an OCI registry."""
    with serve_registry(tools / "crane") as host:
        yield host


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "cache")
