"""The stack that a command of `fleet stack` is about: its project and its state, nothing secret opened yet."""

from __future__ import annotations

import os

import click

from fleet.cli import stacks, terminal
from fleet.engine import stack_config, store
from fleet.engine.project import Project
from fleet.engine.stack_config import StackConfig
from fleet.engine.store import Store
from fleet.engine.workspace import open_store
from fleet.errors import DeclarationError, Problem, StackNotFoundError
from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Opened:
    """A stack of a project. config: as it is written."""

    project: Project
    store: Store
    config: StackConfig

    @property
    def name(self) -> str:
        """The stack's short name."""
        return self.store.ref.stack

    def require_state(self) -> None:
        """Raise StackNotFoundError where the stack has no state."""
        if not self.store.exists():
            hint = f"`fleet up -s {self.name}` deploys it."
            raise StackNotFoundError(Problem(f"Stack {self.name!r} was never deployed: it has no state", hint=hint))


def open_stack(context: click.Context, asked: str | None) -> Opened:
    """Return the stack that is meant. Raises StackNotFoundError where it has no configuration, program or state."""
    project = stacks.open_project(terminal.of(context).start)
    known = stacks.known(project, store.backend(project, os.environ))
    name = stacks.choose(project, asked, os.environ, known)
    stack_config.require(name, known)
    opened, config = open_store(project, name, os.environ)
    return Opened(project, opened, config)


def one_of(argument: str | None, option: str | None) -> str | None:
    """Return the stack that was named, in one way or the other. Raises DeclarationError for both."""
    if argument and option:
        raise DeclarationError(Problem("only one of --stack or argument stack name may be specified, not both"))
    return argument or option
