"""Tables of the results in plain text, for terminals and documents alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from benchmarks.measurement import Measurement, Typical
from benchmarks.size import Size
from benchmarks.steps import Step

OURS = "fleet"
NOTHING = "-"

Cell = Callable[[Measurement], str]


def tables(results: Mapping[Size, Typical]) -> str:
    """Return one table per quantity, in it a group of rows for each size; the only size needs no heading."""
    parts = (
        ("Time, seconds, and how many times the yardstick's", _with_ratios(results)),
        ("Processor time of the command, seconds", _plain(results, lambda each: f"{each.usage.cpu_s:.1f}")),
        ("Processor time of the API servers meanwhile, seconds", _plain(results, _servers_cpu)),
        ("Peak memory of the command, MiB", _plain(results, lambda each: f"{each.usage.peak_bytes / 2**20:.0f}")),
        ("Requests about objects to all API servers", _plain(results, lambda each: calls(each.calls))),
        ("Cores that others kept busy meanwhile, etcd among them", _plain(results, _others)),
    )
    return "\n\n".join(f"{title}\n\n{aligned(rows)}" for title, rows in parts)


def aligned(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as lines, the first column to the left and the others to the right; the first row is the head."""
    cells = [list(row) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(each.rjust(width) for each, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in cells
    )


def calls(verbs: Counter[str]) -> str:
    """Return `3000 APPLY, 3 LIST`; `none` for none."""
    return ", ".join(f"{number} {verb}" for verb, number in sorted(verbs.items())) or "none"


def _plain(results: Mapping[Size, Typical], cell: Cell) -> list[list[str]]:
    contenders = _contenders(results)
    return [["", *contenders], *_grouped(results, len(contenders), partial(_cells, contenders, cell))]


def _with_ratios(results: Mapping[Size, Typical]) -> list[list[str]]:
    contenders = _contenders(results)
    yardsticks = [name for name in contenders if name != OURS and OURS in contenders]

    def cells(typical: Typical, step: Step) -> list[str]:
        times = _cells(contenders, lambda each: f"{each.usage.wall_s:.2f}", typical, step)
        return times + [_ratio(typical, step, name) for name in yardsticks]

    head = ["", *contenders, *(f"{OURS}/{name}" for name in yardsticks)]
    return [head, *_grouped(results, len(head) - 1, cells)]


def _grouped(
    results: Mapping[Size, Typical], columns: int, cells: Callable[[Typical, Step], list[str]]
) -> Iterator[list[str]]:
    for size, typical in results.items():
        if len(results) > 1:
            yield [f"{size}:", *([""] * columns)]
        yield from ([step, *cells(typical, step)] for step in _steps(typical))


def _cells(contenders: Sequence[str], cell: Cell, typical: Typical, step: Step) -> list[str]:
    found = [typical.get((name, step)) for name in contenders]
    return [cell(each) if each else NOTHING for each in found]


def _ratio(results: Typical, step: Step, yardstick: str) -> str:
    ours, theirs = results.get((OURS, step)), results.get((yardstick, step))
    return f"{ours.usage.wall_s / theirs.usage.wall_s:.2f}" if ours and theirs else NOTHING


def _servers_cpu(each: Measurement) -> str:
    return f"{each.servers.cpu_s:.1f}"


def _others(each: Measurement) -> str:
    return NOTHING if each.other_cores is None else f"{each.other_cores:.1f}"


def _contenders(results: Mapping[Size, Typical]) -> list[str]:
    return list(dict.fromkeys(contender for typical in results.values() for contender, _ in typical))


def _steps(results: Typical) -> list[Step]:
    there = {step for _, step in results}
    return [step for step in Step if step in there]
