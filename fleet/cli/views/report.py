"""Report: what is printed when a run has ended — the diff where it is asked for, then the summary."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from fleet.cli.invocation import Invocation
from fleet.cli.views import changes, summary
from fleet.engine.events import DriftFound, Event, Operation, StepFinished
from fleet.engine.request import RunRequest, RunResult


@dataclass(slots=True)
class Report:
    """Collects what the diff needs while a run works. diff: print it without being asked."""

    request: RunRequest
    invocation: Invocation
    diff: bool = False
    differences: list[changes.Difference] = field(default_factory=list)

    @property
    def dry_run(self) -> bool:
        """Whether the run only says what would be done."""
        return self.request.dry_run

    def add(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case StepFinished(subject=subject, operation=operation) if operation is not Operation.SAME and subject.kind:
                self.differences.append(
                    changes.of_step(subject, operation, event.changes, dry_run=self.request.dry_run)
                )
            case DriftFound(drift=drift):
                self.differences.append(changes.of_drift(drift))
            case _:
                pass

    def print(self, console: Console, result: RunResult, *, last: bool) -> None:
        """Print everything. last: no run of the same command follows, so say what to type next."""
        if self.diff:
            self.print_diff(console)
        for part in summary.render(self.request, result, self.invocation if last else None):
            console.print(part, soft_wrap=isinstance(part, Text))
        if not last:
            console.print()

    def print_diff(self, console: Console) -> None:
        """Print the diff alone."""
        for text in changes.render(self.differences):
            console.print(text, soft_wrap=True)
        if self.differences:
            console.print()
