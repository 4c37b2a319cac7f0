"""What is imported when: a command waits for what it needs, and for nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import git
import pytest

from fleet.cli.group import cli

HEAVY = ("pulumi", "grpc", "aiohttp", "kubernetes_asyncio", "cryptography.hazmat", "git")


def loaded(code: str) -> tuple[str, set[str]]:
    """Return what code prints in a process of its own, and the modules that it leaves loaded."""
    tell = "import atexit, sys; atexit.register(lambda: print(*sorted(sys.modules), sep='\\n', file=sys.stderr))"
    done = subprocess.run([sys.executable, "-c", f"{tell}\n{code}"], capture_output=True, text=True, check=True)
    return done.stdout, set(done.stderr.split())


def test_the_command_line_alone_loads_no_command() -> None:
    shown, modules = loaded("import sys; from fleet.cli.main import main; sys.argv = ['fleet', '--version']; main()")
    assert shown == f"fleet, version {version('fleet-as-code')}\n"
    assert modules.isdisjoint({*HEAVY, "fleet.render", "fleet.program", "fleet.register", "fleet.cli.conduct"})


@pytest.mark.parametrize("name", ["preview", "up", "refresh", "destroy"])
def test_the_help_of_a_command_loads_that_command_without_the_engine(name: str) -> None:
    code = f"import sys; from fleet.cli.main import main; sys.argv = ['fleet', {name!r}, '--help']; main()"
    shown, modules = loaded(code)
    assert shown.startswith(f"Usage: fleet {name} ")
    assert f"fleet.cli.{name}" in modules
    assert modules.isdisjoint({*HEAVY, "fleet.render", "fleet.engine.run", "fleet.cli.cache"})


def groups(group: click.Group) -> list[click.Group]:
    """Return a group and those in it."""
    below = [each for each in group.commands.values() if isinstance(each, click.Group)]
    return [group, *(each for one in below for each in groups(one))]


@pytest.mark.parametrize("group", [pytest.param(each, id=str(each.name)) for each in groups(cli)])
def test_every_command_is_found_where_it_is_said_to_be(group: click.Group) -> None:
    assert {name: command.name for name, command in group.commands.items()} == {name: name for name in group.commands}


DECLARATION = """
from fleet import *

stack = Fleet(
    clusters=[Cluster("dev", kubeconfig="none")],
    applications=[Application("app", source=GitSource("repository", path="."), destinations=["dev"])],
)
"""
DECISION = """
from pathlib import Path
import fleet.program.flow
from fleet.model.settings import Settings
from fleet.program.decision import intend, planned
from fleet.program.say import Say

settings = Settings(project_dir=Path({project!r}), stack="test", cache_dir=Path("cache"))
say = Say(lambda line: None, print)
for plan in planned(intend(settings, ()), settings, say):
    print(plan.cluster.name, *(each.name for each in plan.objects))
"""


def test_a_directory_of_plain_manifests_loads_nothing_for_anything_else(tmp_path: Path) -> None:
    project, repository = tmp_path / "project", tmp_path / "project" / "repository"
    (project / "stacks").mkdir(parents=True)
    (project / "stacks" / "test.py").write_text(DECLARATION)
    repository.mkdir()
    (repository / "a.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: there}}\n")
    with git.Repo.init(repository) as repo:
        repo.index.add(["a.yaml"])
        someone = git.Actor("someone", "someone@example.com")
        repo.index.commit("a", author=someone, committer=someone)
    shown, modules = loaded(DECISION.format(project=str(project)))
    assert shown == "dev dev/there/a\n"
    others = {"building", "helm", "kustomize", "jsonnet", "dependencies", "patching", "signatures", "keyring"}
    assert modules.isdisjoint({*(f"fleet.render.{each}" for each in others), "fleet.argo", "requests"})
    assert {"fleet.program.flow", "fleet.render.directory"} <= modules


KUBECONFIG = {
    "current-context": "dev",
    "contexts": [{"name": "dev", "context": {"cluster": "dev", "user": "ci"}}],
    "clusters": [{"name": "dev", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "ci", "user": {"token": "t"}}],
}


def test_a_kubeconfig_that_says_who_we_are_is_read_without_the_loader_of_plugins() -> None:
    code = f"""
import asyncio
from pathlib import Path
from fleet.engine.kubernetes.access import load_access
from fleet.engine.kubernetes.inputs import ProviderInputs
inputs = ProviderInputs(name="dev", base_dir=Path("/"), kubeconfig={json.dumps(KUBECONFIG)!r})
print(asyncio.run(load_access(inputs)).headers)
"""
    shown, modules = loaded(code)
    assert shown == "(('Authorization', 'Bearer t'),)\n"
    assert "kubernetes_asyncio" not in modules
