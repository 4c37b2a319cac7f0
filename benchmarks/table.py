"""Tables of the results in plain text, for terminals and documents alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from benchmarks.measurement import Measurement, Typical
from benchmarks.steps import Step

OURS = "fleet"
NOTHING = "-"

Cell = Callable[[Measurement], str]


def tables(results: Typical) -> str:
    """Return one table per quantity."""
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
        )
        for row in cells
    )


def calls(verbs: Counter[str]) -> str:
    """Return `3000 APPLY, 3 LIST`; `none` for none."""
    return ", ".join(f"{number} {verb}" for verb, number in sorted(verbs.items())) or "none"


def _plain(results: Typical, cell: Cell) -> list[list[str]]:
    contenders = _contenders(results)
    rows = [[step, *(_cell(results, name, step, cell) for name in contenders)] for step in _steps(results)]
    return [["", *contenders], *rows]


def _with_ratios(results: Typical) -> list[list[str]]:
    yardsticks = [name for name in _contenders(results) if name != OURS and OURS in _contenders(results)]
    head, *rows = _plain(results, lambda each: f"{each.usage.wall_s:.2f}")
    head += [f"{OURS}/{name}" for name in yardsticks]
    ratios = [[_ratio(results, step, name) for name in yardsticks] for step in _steps(results)]
    return [head, *([*row, *more] for row, more in zip(rows, ratios, strict=True))]


def _ratio(results: Typical, step: Step, yardstick: str) -> str:
    ours, theirs = results.get((OURS, step)), results.get((yardstick, step))
    return f"{ours.usage.wall_s / theirs.usage.wall_s:.2f}" if ours and theirs else NOTHING


def _cell(results: Typical, contender: str, step: Step, cell: Cell) -> str:
    found = results.get((contender, step))
    return cell(found) if found else NOTHING


def _servers_cpu(each: Measurement) -> str:
    return f"{each.servers.cpu_s:.1f}"


def _others(each: Measurement) -> str:
    return NOTHING if each.other_cores is None else f"{each.other_cores:.1f}"


def _contenders(results: Typical) -> list[str]:
    return list(dict.fromkeys(contender for contender, _ in results))


def _steps(results: Typical) -> list[Step]:
    there = {step for _, step in results}
    return [step for step in Step if step in there]
