"""How a command begins and ends: what it is about, which engine, exit code. What is between is the Conductor's."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from fleet.cli import stacks, terminal
from fleet.cli.engine import Embedded, Engine
from fleet.cli.invocation import Invocation
from fleet.cli.options import Flags
from fleet.cli.selection import selection
from fleet.engine import budget, stack_config
from fleet.engine.budget import Budget
from fleet.engine.project import Project
from fleet.engine.request import Command, RunRequest
from fleet.errors import ChangesFoundError, DeclarationError, Problem, Where

if TYPE_CHECKING:
    from fleet.cli.conductor import Conductor


def open_conductor(context: click.Context, command: Command, flags: Flags) -> Conductor:
    """Return what carries out a command. Raises DeclarationError or StackNotFoundError where it makes no sense."""
    flags.check()
    talk = terminal.of(context)
    asks = not (flags.approved or flags.preview_only or context.info_name == "preview")
    if asks and not talk.interactive():
        hint = "Pass --yes to go on without being asked, or run `fleet preview` to only look."
        raise DeclarationError(Problem("there is no terminal to ask for confirmation on", hint=hint))
    found = stacks.open_project(talk.start)
    stack = stacks.choose(found, flags.stack, os.environ)
    request = RunRequest(
        command=command,
        project_dir=found.folder,
        stack=stack,
        refresh=found.refresh if flags.refresh is None else flags.refresh,
        parallel=flags.parallel,
        continue_on_error=flags.continue_on_error,
        targets=flags.target,
        excludes=flags.exclude,
        selection=selection(flags.project, flags.app, flags.selector),
        deletions=_budget(found, stack, flags) if command is Command.UP else None,
        show_secrets=flags.show_secrets,
        run_id=uuid.uuid4().hex,
        environment={"FLEET_SCHEDULED": "true"} if flags.scheduled else {},
    )
    invocation = Invocation(
        stack=stack,
        cwd=talk.cwd,
        targets=flags.target,
        excludes=flags.exclude,
        projects=flags.project,
        apps=flags.app,
        selectors=flags.selector,
    )
    engine = engine_of(context)
    context.call_on_close(engine.dismiss)
    engine.expect(request)
    from fleet.cli.conductor import Conductor  # noqa: PLC0415 - while the engine begins with what takes long

    return Conductor(engine, talk, flags, request, invocation)


def _budget(project: Project, stack: str, flags: Flags) -> Budget | None:
    """Return what the run may delete: what was said on the command line, else what the configuration says."""
    if flags.allow_deletions is not None:
        return Budget(limit=flags.allow_deletions)
    config = stack_config.load(project, stack)
    declared = project.config.get(budget.KEY)
    value = config.values.get(budget.KEY, None if declared is None else declared.given)
    return budget.read(value, Where(project.shown(config.file), key=f"config.{budget.KEY}"))


def engine_of(context: click.Context) -> Engine:
    """Return the engine that the command line was given, by default the embedded one."""
    make: Callable[[], Engine] = context.find_root().obj or Embedded
    return make()


def end(context: click.Context, exit_code: int) -> None:
    """End the command; an unexpected change is worth a word, since the exit code is all that tells otherwise."""
    if exit_code == ChangesFoundError.exit_code:
        raise ChangesFoundError(Problem("no changes were expected, and there are some"))
    context.exit(exit_code)
