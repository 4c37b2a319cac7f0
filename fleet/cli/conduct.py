"""How a command goes: preview, ask, carry out, exit code. The same for `up`, `refresh` and `destroy`."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

import click

from fleet.cli import stacks, terminal
from fleet.cli.confirm import confirm
from fleet.cli.engine import Embedded, Engine
from fleet.cli.invocation import Invocation
from fleet.cli.options import Flags
from fleet.cli.perform import perform
from fleet.cli.selection import selection
from fleet.cli.terminal import Terminal
from fleet.cli.views.jsonlines import JsonView
from fleet.cli.views.live import LiveView
from fleet.cli.views.plain import PlainView
from fleet.cli.views.report import Report
from fleet.cli.views.view import Ending, View
from fleet.engine import budget, stack_config
from fleet.engine.budget import Budget
from fleet.engine.project import Project
from fleet.engine.request import Command, RunRequest, RunResult
from fleet.errors import CancelledError, ChangesFoundError, ClusterError, DeclarationError, Problem, Where


@dataclass(frozen=True, slots=True)
class Conductor:
    """One command on one stack."""

    engine: Engine
    terminal: Terminal
    flags: Flags
    request: RunRequest
    invocation: Invocation

    def preview(self) -> int:
        """Say what would be done; return the exit code."""
        result, _ = self._run(dry_run=True, last=True)
        return self._exit_code(result)

    def carry_out(self) -> int:
        """Preview, ask and do it, as far as the flags say; return the exit code."""
        if self.flags.preview_only:
            return self.preview()
        if not self.flags.skip_preview:
            result, report = self._run(dry_run=True, last=False)
            if result.cancelled or _is_hopeless(result):
                return self._exit_code(result)
            self.engine.expect(self.request)
            if result.changes and not self.flags.approved:
                confirm(self.request, report.print_diff, self.terminal.console(stderr=self.flags.json))
        result, _ = self._run(dry_run=False, last=True)
        return self._exit_code(result)

    def _run(self, *, dry_run: bool, last: bool) -> tuple[RunResult, Report]:
        request = replace(self.request, dry_run=dry_run)
        report = Report(request, self.invocation, self.flags.diff)
        view = self._view(report)
        result = perform(self.engine, request, view)
        view.finish(Ending(result, self._exit_code(result) if last else result.exit_code, last))
        return result, report

    def _view(self, report: Report) -> View:
        if self.flags.json:
            return JsonView(sys.stdout, report.request)
        console = self.terminal.console()
        if sys.stdout.isatty() and self.terminal.interactive() and not self.flags.suppress_progress:
            return LiveView(console, report, time.monotonic)
        return PlainView(console, report, time.monotonic, quiet=self.flags.suppress_progress)

    def _exit_code(self, result: RunResult) -> int:
        if result.cancelled:
            return CancelledError.exit_code
        if result.exit_code or result.failures:
            return result.exit_code or ClusterError.exit_code
        return ChangesFoundError.exit_code if result.changes and self.flags.expect_no_changes else 0


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


def _is_hopeless(preview: RunResult) -> bool:
    """Return whether the update would only fail as the preview did: what failed is not the matter of one cluster."""
    clusters_failed = preview.exit_code in (0, ClusterError.exit_code)
    return not clusters_failed or any(not problem.where.cluster for problem in preview.failures)
