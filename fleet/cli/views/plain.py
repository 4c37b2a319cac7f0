"""The plain log: one line per changed object, and a progress line every few seconds, for pipes and CI."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from fleet.cli import words
from fleet.cli.views import tally
from fleet.cli.views.report import Report
from fleet.cli.views.view import Ending
from fleet.engine.events import (
    ClusterFailed,
    DriftFound,
    Event,
    Message,
    Operation,
    RunStarted,
    Severity,
    StepFailed,
    StepFinished,
    Subject,
)
from fleet.errors import FleetError

PROGRESS_EVERY_S = 5.0
STYLES = {Severity.INFO: "", Severity.WARNING: "yellow", Severity.ERROR: "red"}
# What happens to a great many objects at once and needs no line each; the summary counts them.
UNTOLD = (Operation.SAME, Operation.SKIP)
STARTING = {
    ("up", True): "Previewing update",
    ("up", False): "Updating",
    ("refresh", True): "Previewing refresh",
    ("refresh", False): "Refreshing",
    ("destroy", True): "Previewing destroy",
    ("destroy", False): "Destroying",
}


class Line(NamedTuple):
    """A line of the log. where: what it is about, told in front of it in bold; empty for nothing.

    Rich's own texts take several times as long to make, and where there are no colors nobody needs them.
    """

    text: str
    style: str = ""
    where: str = ""

    @property
    def plain(self) -> str:
        """The line without its styles."""
        return f"{self.where}: {self.text}" if self.where else self.text

    def __rich__(self) -> Text:
        """Return the line as Rich prints it."""
        text = Text(self.text, self.style)
        return Text.assemble((f"{self.where}: ", "bold"), text) if self.where else text


class PlainView:
    """Prints a line for each event that is worth one, at every tick. clock: seconds, monotonic. quiet: no progress."""

    def __init__(self, console: Console, report: Report, clock: Callable[[], float], *, quiet: bool = False) -> None:
        self._console = console
        self._report = report
        self._clock = clock
        self._quiet = quiet
        self._tally = tally.Tally()
        self._began = self._printed = clock()
        self._kept: list[Line] = []

    def show(self, event: Event) -> None:
        """Take in an event, and a line of those that are worth one."""
        self._tally.add(event)
        self._report.add(event)
        told = line(event, dry_run=self._report.dry_run)
        if told:
            self._add(told)

    def tick(self) -> None:
        """Print the lines so far, or, if there were none for some seconds, a progress line."""
        now = self._clock()
        if not self._quiet and now - self._printed >= PROGRESS_EVERY_S:
            self._add(Line(progress(self._tally, now - self._began, dry_run=self._report.dry_run), "dim"))
        self._flush()

    def say(self, text: str) -> None:
        """Print a line."""
        self._add(Line(text, "bold"))
        self._flush()

    def finish(self, ending: Ending) -> None:
        """Print the report, apart from the lines before it."""
        self._flush()
        self._console.print()
        self._report.print(self._console, ending.result, last=ending.last)

    def fail(self, _error: FleetError | None, /) -> None:
        """Print the lines that are left."""
        with suppress(OSError):  # Nobody reads on; what the run failed for is to be told, not this.
            self._flush()

    def _add(self, told: Line) -> None:
        self._kept.append(told)
        self._printed = self._clock()

    def _flush(self) -> None:
        kept, self._kept = self._kept, []
        if kept and self._console.color_system is None:
            # Rich takes 0.2 ms for a line, which is a lot beside the engine when thousands of objects change.
            print("\n".join(each.plain for each in kept), file=self._console.file, flush=True)
        elif kept:
            self._console.print(Text("\n").join(each.__rich__() for each in kept), soft_wrap=True)


def line(event: Event, *, dry_run: bool) -> Line | None:
    """Return an event's line; None for one that is worth none."""
    told: Line | None = None
    match event:
        case RunStarted(command=command, stack=stack):
            told = Line(f"{STARTING.get((command, event.dry_run), command)} ({stack})", "bold")
        case Message(ephemeral=False):
            told = _message(event)
        case StepFinished(subject=subject, operation=operation) if subject.kind and operation not in UNTOLD:
            done = f"{words.verb(operation, dry_run=dry_run)} {words.title(subject)}"
            told = Line(done, words.VERBS[operation].style, _where(subject))
        case StepFailed(subject=subject, operation=operation, problem=problem):
            # A problem names its object itself, for those who show it alone.
            reason = words.clean(problem.summary.removeprefix(f"{subject}: "))
            failed = f"cannot {words.VERBS[operation].plan} {words.title(subject)}: {reason}"
            told = Line(f"error: {failed}", "red", _where(subject))
        case DriftFound(drift=drift):
            left = "" if drift.heals else " (left alone: self_heal is off)"
            found = f"drift in {words.title(drift.subject)}: {words.drift(drift)}{left}"
            told = Line(found, "magenta", _where(drift.subject))
        case ClusterFailed(cluster=cluster, problem=problem):
            told = Line(f"error: {words.clean(problem.summary)}", "red", cluster)
        case _:
            pass
    return told


def progress(counted: tally.Tally, elapsed_s: float, *, dry_run: bool) -> str:
    """Return `... 12 s: 240 created, 60 unchanged; create ConfigMap default/a in dev and 31 more`."""
    total = counted.total()
    parts = [tally.counts(total, dry_run=dry_run), counted.activity() or counted.saying]
    return f"... {words.duration(elapsed_s)}: {'; '.join(part for part in parts if part) or 'starting'}"


def _message(message: Message) -> Line:
    prefix = "" if message.severity is Severity.INFO else f"{message.severity}: "
    return Line(f"{prefix}{words.clean(message.text).rstrip()}", STYLES[message.severity], _where(message))


def _where(what: Subject | Message) -> str:
    return words.place(what.cluster, what.application)
