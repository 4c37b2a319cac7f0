"""Conductor: how a command goes: preview, ask, carry out, exit code. The same for `up`, `refresh` and `destroy`."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from fleet.cli.confirm import confirm
from fleet.cli.engine import Engine
from fleet.cli.invocation import Invocation
from fleet.cli.options import Flags
from fleet.cli.perform import perform
from fleet.cli.terminal import Terminal
from fleet.cli.views.jsonlines import JsonView
from fleet.cli.views.live import LiveView
from fleet.cli.views.plain import PlainView
from fleet.cli.views.report import Report
from fleet.cli.views.view import Ending, View
from fleet.engine.request import RunRequest, RunResult
from fleet.errors import CancelledError, ChangesFoundError, ClusterError
from fleet.frozen import dataclass


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
        is_asked = dry_run and not last and not self.flags.approved
        request = replace(self.request, dry_run=dry_run, details=self.flags.diff or is_asked)
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


def _is_hopeless(preview: RunResult) -> bool:
    """Return whether the update would only fail as the preview did: what failed is not the matter of one cluster."""
    clusters_failed = preview.exit_code in (0, ClusterError.exit_code)
    return not clusters_failed or any(not problem.where.cluster for problem in preview.failures)
