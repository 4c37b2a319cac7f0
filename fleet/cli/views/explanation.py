"""The explanation: what holds for an application in a cluster, as a table of facts and one of overrides.

In: the answer of `fleet.program.explaining`. Out: renderables for Rich, in the order of printing. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from fleet.cli import words

DEFAULT = "default"


def render(answer: Mapping[str, Any], width: int) -> Iterator[RenderableType]:
    """Yield a title, the facts and the overrides of each destination.

    width: of the terminal, in columns; where a table of facts would need more, each fact has lines of its own.
    """
    several = len(answer["destinations"]) > 1
    for position, destination in enumerate(answer["destinations"], 1):
        if position > 1:
            yield Text()
        yield _title(answer, destination, f"destination {position}: " if several else "")
        yield Text()
        facts = [_cells(fact) for fact in destination["facts"]]
        table = _table(_HEADINGS, facts)
        yield from (table,) if _width(_HEADINGS, facts) <= width else _stacked(facts)
        if destination["overrides"]:
            yield Text()
            yield _table(("OVERRIDE", f"ABOUT {answer['cluster']}", "WHERE"), map(_override, destination["overrides"]))


_HEADINGS = ("FACT", "VALUE", "SAID BY", "WHERE", "INSTEAD OF")
_BETWEEN = 3


def _title(answer: Mapping[str, Any], destination: Mapping[str, Any], number: str) -> Text:
    place = f"{number}{answer['application']} in {answer['cluster']}, namespace {destination['namespace']}"
    text = Text(words.clean(place), "bold")
    if destination["skipped"]:
        text.append("; skipped: it is not deployed there", "yellow")
    elif destination["paused"]:
        text.append("; the cluster is paused: it stays as it was deployed", "yellow")
    return text


def _cells(fact: Mapping[str, Any]) -> tuple[Text, ...]:
    style = "dim" if fact["by"] == DEFAULT or fact["beatenBy"] else ""
    instead = Text("; ".join(map(_replaced, fact["replaced"])), style)
    if fact["beatenBy"]:
        instead.append(words.clean(f"{'; ' if instead else ''}no effect: {fact['beatenBy']} counts"), "yellow")
    return (
        Text(words.clean(fact["key"]), style),
        Text(value(fact["value"]), style or "bold"),
        Text(words.clean(fact["by"]), style),
        Text(place(fact["where"]), style),
        instead,
    )


def _stacked(facts: Iterable[Sequence[Text]]) -> Iterator[Text]:
    for key, holds, by, where, instead in facts:
        yield Text.assemble(key, ": ", holds, " (default)" if by.plain == DEFAULT else "")
        if by.plain != DEFAULT:
            yield Text.assemble("    by ", by, *((", ", where) if where else ()))
        if instead:
            yield Text.assemble("    ", "" if instead.plain.startswith("no effect") else "instead of ", instead)


def _override(override: Mapping[str, Any]) -> tuple[Text, ...]:
    about = "yes" if override["about"] else f"no: {override['whyNot']}"
    if override["unknownClusters"]:
        about += f"; no cluster of the stack is known as {', '.join(override['unknownClusters'])}"
    return (
        Text(words.clean(override["name"]).removeprefix("override ")),
        Text(words.clean(about), "" if override["about"] else "dim"),
        Text(place(override["where"])),
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _BETWEEN, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(words.clean(heading), overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _width(headings: Sequence[str], rows: Sequence[Sequence[Text]]) -> int:
    columns = zip(map(Text, headings), *rows, strict=True)
    widths: list[int] = [max(cell.cell_len for cell in column) for column in columns]
    return sum(widths) + _BETWEEN * (len(widths) - 1)


def _replaced(said: Mapping[str, Any]) -> str:
    """Return `3 (override 1)`: which clusters that is about, the list of overrides says."""
    return f"{value(said['value'])} ({words.clean(said['by']).partition(' (')[0]})"


def place(where: Mapping[str, Any]) -> str:
    """Return `stacks/demo/shop.yaml:12`, or as much of it as is known."""
    return words.clean(f"{where['file']}:{where['line']}" if where["line"] else where["file"])


def value(data: Any) -> str:
    """Return a value on one line, cut where it is long; a text without quotes, unless it looks like something else."""
    return words.clean(data) if isinstance(data, str) and _is_plain(data) else words.value(data)


def _is_plain(text: str) -> bool:
    if not text.strip() or text != text.strip() or "\n" in text or len(text) > words.LONGEST_VALUE:
        return False
    try:
        json.loads(text)
    except ValueError:
        return True
    return False
