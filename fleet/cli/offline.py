"""Offline: what the commands have in common that need neither a cluster nor a state.

In: the options. Out: a Question about the stack's declaration, put to a process of its own, its progress shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from fleet.cli import stacks, terminal, words
from fleet.engine import stack_config
from fleet.engine.project import Project
from fleet.program.asking import ask
from fleet.program.question import Question
from fleet.program.say import Say

_HIDDEN = "[secret]"


def question(what: str, project: Project, stack: str, base: Path, **arguments: Any) -> Question:
    """Return a question about a stack. base: where relative paths of its repositories start.

    Secret values of the configuration are not opened: nothing here needs them. Raises DeclarationError for files that
    are wrong.
    """
    config = stack_config.load(project, stack)
    resolved = stack_config.resolve(project, config, lambda _: _HIDDEN)
    return Question(
        what=what,
        project_dir=project.folder,
        stack=stack,
        base=base,
        configuration=resolved.values,
        arguments=arguments,
    )


def answered(context: click.Context, asked: Question, project: Project) -> Any:
    """Return the answer, showing progress and warnings meanwhile."""
    with showing(context) as say:
        return ask(asked, project.python, say)


@contextmanager
def showing(context: click.Context, prefix: str = "") -> Iterator[Say]:
    """Provide what shows progress and warnings, on standard error: the answer is what standard output is for."""
    talk = terminal.of(context)
    console = talk.console(stderr=True)

    def warning(line: str) -> None:
        console.print(Text.assemble(("warning: ", "yellow"), words.clean(prefix + line)), soft_wrap=True)

    if not talk.interactive():
        yield Say(lambda line: console.print(Text(words.clean(prefix + line)), soft_wrap=True), warning)
        return
    with console.status("reading the stack …") as status:
        yield Say(lambda line: status.update(words.clean(prefix + line)), warning)


def open_stack(context: click.Context, stack: str | None) -> tuple[Project, str]:
    """Return the project and the stack that are meant."""
    project = stacks.open_project(terminal.of(context).start)
    return project, stacks.choose(project, stack, os.environ)
