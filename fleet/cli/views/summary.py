"""The summary: what came of a run, as a table of clusters and applications, then what needs attention.

In: a request and its result. Out: renderables for Rich, in the order of printing. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from fleet.cli import words
from fleet.cli.invocation import Invocation
from fleet.cli.views import outputs
from fleet.cli.views.next_step import next_step
from fleet.engine.events import Drift, Operation, Subject
from fleet.engine.request import Command, RunRequest, RunResult
from fleet.errors import Problem
from fleet.frozen import dataclass

# More rows than this, and rows that say the same are folded into one.
MOST_ROWS = 30
DRIFT, FAILED = "drift", "failed"
Column = Operation | str
COLUMNS: tuple[Column, ...] = (*words.VERBS, DRIFT, FAILED)
# Shown also where there is nothing to count: their zeros are what the reader looks for.
ALWAYS: Mapping[Command, tuple[Column, ...]] = {
    Command.UP: (Operation.CREATE, Operation.UPDATE, Operation.DELETE, Operation.SAME),
    Command.REFRESH: (Operation.SAME, DRIFT),
    Command.DESTROY: (Operation.DELETE,),
}
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table. clusters: those that it stands for."""

    clusters: tuple[str, ...]
    application: str
    numbers: tuple[int, ...]


def render(request: RunRequest, result: RunResult, invocation: Invocation | None) -> Iterator[RenderableType]:
    """Yield the summary. invocation: None leaves out what to type next, because the command goes on."""
    lines = count(result)
    shows_outputs = not request.dry_run and request.command is Command.UP and not _program_failed(result)
    failed = {problem.where.cluster for problem in result.failures}
    following = next_step(request, result, invocation) if invocation else ""
    blocks: tuple[list[RenderableType], ...] = (
        [_table(request, lines)] if lines else [],
        _section("Drift", _drift(request, result)),
        _section("Failed", _failures(result.failures)),
        _section("Deployed", outputs.deployed(result.outputs, failed) if shows_outputs else ()),
        _section("Outputs", outputs.others(result.outputs) if shows_outputs else ()),
        [_closing(request, result, goes_on=invocation is None), *([Text(following)] if following else [])],
    )
    for position, block in enumerate(block for block in blocks if block):
        if position:
            yield Text()
        yield from block


def count(result: RunResult) -> tuple[Line, ...]:
    """Return the table's rows, sorted by cluster and application; each has a number per column of COLUMNS."""
    numbers: dict[tuple[str, str], dict[Column, int]] = {}

    def add(cluster: str, application: str, column: Column, objects: int) -> None:
        row = numbers.setdefault((cluster, application), dict.fromkeys(COLUMNS, 0))
        row[column] += objects

    for each in result.counts:
        add(each.cluster, each.application, each.operation, each.objects)
    for drift in result.drift:
        add(drift.subject.cluster, drift.subject.application, DRIFT, 1)
    for problem in result.failures:
        if problem.where.cluster:
            add(problem.where.cluster, problem.where.application, FAILED, 1)
    return tuple(Line((cluster,), app, tuple(row.values())) for (cluster, app), row in sorted(numbers.items()))


def fold(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the rows with those that differ only in their cluster made one."""
    groups = _grouped(lines, lambda line: (line.application, line.numbers))
    return tuple(replace(group[0], clusters=tuple(each.clusters[0] for each in group)) for group in groups)


def _table(request: RunRequest, lines: tuple[Line, ...]) -> Table:
    totals = [sum(column) for column in zip(*(line.numbers for line in lines), strict=True)]
    shown = [
        position for position, column in enumerate(COLUMNS) if totals[position] or column in ALWAYS[request.command]
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column("CLUSTER")
    table.add_column("APPLICATION")
    for position in shown:
        table.add_column(_heading(COLUMNS[position], request).upper(), justify="right")
    for line in fold(lines) if len(lines) > MOST_ROWS else lines:
        names = words.listing(line.clusters, most=3) or "-"
        table.add_row(names, line.application or "-", *(_number(line.numbers[each], COLUMNS[each]) for each in shown))
    if len(lines) > 1:
        table.add_row("total", "", *(_number(totals[each], COLUMNS[each]) for each in shown), style="bold")
    return table


def _heading(column: Column, request: RunRequest) -> str:
    return words.verb(column, dry_run=request.dry_run) if isinstance(column, Operation) else column


def _number(number: int, column: Column) -> Text:
    styles: Mapping[Column, str] = {DRIFT: "magenta", FAILED: "red"}
    style = words.VERBS[column].style if isinstance(column, Operation) else styles[column]
    return Text(f"{number:,}", style if number else "dim")


def _section(heading: str, lines: Iterable[Text]) -> list[RenderableType]:
    found = list(lines)
    return [Text(heading, "bold"), *found] if found else []


def _drift(request: RunRequest, result: RunResult) -> Iterator[Text]:
    def identity(drift: Drift) -> Hashable:
        return (*_object(drift), words.drift(drift), _fate(request, result, drift))

    def said(group: list[Drift]) -> Hashable:
        (application, kind, *_), clusters = _object(group[0]), [each.subject.cluster for each in group]
        return (application, kind, words.drift(group[0]), _fate(request, result, group[0]), *clusters)

    for alike in words.alike(_grouped(result.drift, identity), said):
        first = alike[0][0]
        where = _places([each.subject.cluster for each in alike[0]], first.subject.application)
        objects = words.titles([group[0].subject for group in alike])
        line = Text.assemble("  ", (where, "bold"), f"  {objects}: {words.drift(first)}")
        fate, style = _fate(request, result, first)
        yield line.append(f"  {fate}", style) if fate else line


def _object(drift: Drift) -> tuple[str, ...]:
    subject = drift.subject
    return (subject.application, subject.kind, subject.namespace, subject.name)


def _fate(request: RunRequest, result: RunResult, drift: Drift) -> tuple[str, str]:
    if not drift.heals:
        return ("left alone: self_heal is off", "cyan")
    if request.command is not Command.UP:
        return ("", "")
    if request.dry_run:
        return ("to be healed", "yellow")
    return ("", "") if result.cancelled or _has_failed(result, drift.subject) else ("healed", "green")


def _has_failed(result: RunResult, subject: Subject) -> bool:
    """Return whether it is uncertain that something was done to an object: something in its cluster failed."""
    return any(problem.where.cluster in ("", subject.cluster) for problem in result.failures)


def _program_failed(result: RunResult) -> bool:
    """Return whether the run ended for a reason that is no cluster's."""
    return not result.cancelled and result.exit_code != 0 and all(not each.where.cluster for each in result.failures)


def _failures(problems: Iterable[Problem]) -> Iterator[Text]:
    """Yield what failed in clusters. What ended the program is not repeated: it stands right above."""
    for group in _grouped([each for each in problems if each.where.cluster], _anywhere):
        where = words.listing(_failed_places(group), most=8)
        head, *details = words.clean(str(_anywhere(group[0]))).splitlines()
        yield Text.assemble("  ", (f"{where}  " if where else "", "bold"), (head, "red"))
        yield from (Text(f"    {line.strip()}") for line in details)


def _anywhere(problem: Problem) -> Problem:
    """Return the problem without the cluster and the application that it is in."""
    return replace(problem, where=replace(problem.where, cluster="", application=""))


def _failed_places(problems: Iterable[Problem]) -> list[str]:
    """Return `dev, hub/my-app`: an application is not named where its whole cluster is."""
    places = dict.fromkeys((problem.where.cluster, problem.where.application) for problem in problems)
    named = (place for place in places if not place[1] or (place[0], "") not in places)
    return [words.place(*place) for place in named if any(place)]


def _places(clusters: list[str], application: str) -> str:
    """Return `dev, hub · my-app`, as the diff has it."""
    named = words.listing([cluster for cluster in clusters if cluster], most=8)
    return " · ".join(part for part in (named, application) if part)


def _closing(request: RunRequest, result: RunResult, *, goes_on: bool) -> Text:
    took = words.duration(result.duration_s)
    if result.cancelled:
        return Text(f"Stopped on request after {took}; what was done is recorded.", "bold yellow")
    if result.failures or result.exit_code:
        failed = words.count(len(result.failures), "failure") if result.failures else "Failed"
        untouched = _program_failed(result) and not result.changes and not request.dry_run
        return Text(f"{failed}, in {took}{'; nothing was changed' if untouched else ''}.", "bold red")
    if not result.changes:
        return Text(f"No changes, in {took}.", "bold green")
    if request.dry_run:
        said = "Previewed, nothing is changed yet" if goes_on else "Preview only, nothing was changed"
        return Text(f"{said}, in {took}.", "bold")
    return Text(f"Done in {took}.", "bold green")


def _grouped(items: Iterable[Item], identity: Callable[[Item], Hashable]) -> list[list[Item]]:
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        groups.setdefault(identity(item), []).append(item)
    return list(groups.values())
