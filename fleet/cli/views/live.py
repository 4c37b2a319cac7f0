"""The live view: a table that is redrawn while a run works, for people at a terminal; messages scroll by above it."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fleet.cli import words
from fleet.cli.views import tally
from fleet.cli.views.plain import line
from fleet.cli.views.report import Report
from fleet.cli.views.view import Ending
from fleet.engine.events import (
    ClusterFailed,
    Event,
    Message,
    Operation,
    RunStarted,
    StepFailed,
)
from fleet.errors import FleetError

REDRAW_EVERY_S = 0.1
# Up to this many rows, applications are shown one by one; beyond it, clusters.
FEW_ROWS = 12
# What scrolls by above the table; the rest is only counted in it. Of drift the report has a list.
TOLD = (ClusterFailed, Message, RunStarted, StepFailed)
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class LiveView:
    """Redraws a table in place. clock: seconds, monotonic."""

    def __init__(self, console: Console, report: Report, clock: Callable[[], float]) -> None:
        self._console = console
        self._report = report
        self._clock = clock
        self._tally = tally.Tally()
        self._began = self._drawn = clock()
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stderr=False)

    def show(self, event: Event) -> None:
        """Count an event, and print it above the table where it is more than a number."""
        self._tally.add(event)
        self._report.add(event)
        text = line(event, dry_run=self._report.dry_run) if isinstance(event, TOLD) else None
        if text:
            self._console.print(text, soft_wrap=True)
        self.tick()

    def tick(self) -> None:
        """Redraw, at most several times a second."""
        now = self._clock()
        if now - self._drawn < REDRAW_EVERY_S:
            return
        self._drawn = now
        self._live.start()
        rows = max(self._console.height - 6, 3)
        drawn = draw(self._tally, now - self._began, dry_run=self._report.dry_run, most_rows=rows)
        self._live.update(drawn, refresh=True)

    def say(self, text: str) -> None:
        """Print a line above the table."""
        self._console.print(Text(text, "bold yellow"))

    def finish(self, ending: Ending) -> None:
        """Take the table away and print the report."""
        self._live.stop()
        self._report.print(self._console, ending.result, last=ending.last)

    def fail(self, _error: FleetError | None, /) -> None:
        """Take the table away."""
        self._live.stop()


def draw(counted: tally.Tally, elapsed_s: float, *, dry_run: bool, most_rows: int) -> RenderableType:
    """Return the table, and a line under it that says that work goes on."""
    spinner = SPINNER[int(elapsed_s * 10) % len(SPINNER)]
    total = tally.counts(counted.total(), dry_run=dry_run)
    doing = counted.saying if not counted.under_way else ""
    parts = [words.duration(elapsed_s), total or "starting", doing]
    footer = Text(f"{spinner} {' · '.join(part for part in parts if part)}", "dim", no_wrap=True, overflow="ellipsis")
    rows = _rows(counted)
    return Group(_table(counted, rows, dry_run=dry_run, most_rows=most_rows), footer) if rows else footer


def _rows(counted: tally.Tally) -> dict[tuple[str, str], tally.Row]:
    applications = {place: row for place, row in sorted(counted.rows.items()) if place[1] or row.failed}
    if len(counted.rows) <= FEW_ROWS and applications:
        named = {cluster for cluster, _ in applications}
        idle = {place: row for place, row in counted.rows.items() if place[0] and place[0] not in named}
        return dict(sorted((applications | idle).items()))
    return {(cluster, ""): row for cluster, row in counted.clusters().items()}


def _table(counted: tally.Tally, rows: dict[tuple[str, str], tally.Row], *, dry_run: bool, most_rows: int) -> Table:
    operations = [each for each in words.VERBS if any(row.operations[each] for row in rows.values())]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("CLUSTER", no_wrap=True)
    for operation in operations:
        table.add_column(words.verb(operation, dry_run=dry_run).upper(), justify="right", no_wrap=True)
    for heading in ("DRIFT", "FAILED"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("NOW", no_wrap=True, overflow="ellipsis", ratio=1)
    shown = sorted(rows, key=lambda place: (not rows[place].failed, not counted.activity(*place), place))[:most_rows]
    for place in sorted(shown):
        table.add_row(*_cells(counted, place, rows[place], operations))
    if len(rows) > len(shown):
        table.add_row(Text(f"and {len(rows) - len(shown)} more", "dim"))
    return table


def _cells(
    counted: tally.Tally, place: tuple[str, str], row: tally.Row, operations: list[Operation]
) -> list[RenderableType]:
    numbers = [Text(f"{row.operations[each]:,}", words.VERBS[each].style) for each in operations]
    marks = [(row.drift, "magenta"), (row.failed, "red")]
    numbers += [Text(f"{number:,}" if number else "", style) for number, style in marks]
    return [Text(words.place(*place) or "-", "bold"), *numbers, Text(counted.activity(*place), "dim")]
