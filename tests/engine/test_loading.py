"""What is imported when: a command waits for what it needs, and for nothing else."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import click
import pytest

from fleet.cli.group import cli

HEAVY = ("pulumi", "grpc", "aiohttp", "kubernetes_asyncio", "cryptography", "git")


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
