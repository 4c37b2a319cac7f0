"""`fleet cache`: what is kept of repositories, charts and renderings, and how to be rid of it."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import click
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from fleet.cli import exit_codes, options, terminal, words
from fleet.errors import DeclarationError, Problem
from fleet.register import configuration
from fleet.render import housekeeping
from fleet.render.housekeeping import Kept

_DAY_S = 24 * 60 * 60
_SIZE = re.compile(r"(\d+)\s*([kMG]?)B?")
_FACTORS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_SEVERAL = {housekeeping.RENDERED: "rendering", housekeeping.NOTES: "note"}

_JSON = click.option("-j", "--json", "as_json", is_flag=True, help="Print a JSON list, an entry for everything kept.")
_ALL = click.option("-a", "--all", "everything", is_flag=True, help="Everything that runs keep.")
_UNUSED_FOR = click.option(
    "--unused-for",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="What no run has used for so many days. Default: $FLEET_CACHE_DAYS, then 90.",
)


class _Bytes(click.ParamType[int]):
    """A size as people write it: `500MB`, `2 GB`; decimal, as it is printed."""

    name = "size"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes."""
        given = _SIZE.fullmatch(value.strip())
        if not given:
            self.fail(f"{value!r} is no size; give 500MB or 2GB", param, ctx)
        return int(given[1]) * _FACTORS[given[2]]


_MAX_SIZE = click.option(
    "--max-size", type=_Bytes(), metavar="SIZE", help="And what was used longest ago, until the rest fits: 500MB, 2GB."
)


@click.group(epilog=exit_codes.epilog())
@options.options()
def cache() -> None:
    """Look at the cache, and remove what is not needed.

    It holds what was fetched and rendered, for all projects of a user: nothing that cannot be had again, unless there
    is no network. Runs themselves remove what none of them has used for 90 days.

    \b
    Examples:
      fleet cache ls
      fleet cache prune --unused-for 7
      fleet cache rm --all
    """


@cache.command(epilog=exit_codes.epilog())
@options.options(_JSON)
@click.pass_context
def ls(context: click.Context, /, *, as_json: bool) -> None:
    """List what is kept, what was used last first.

    A size is that on disk, of a chart that of its archive.

    \b
    Examples:
      fleet cache ls
      fleet cache ls --json    # for programs
    """
    directory = configuration.cache_dir(os.environ)
    everything = housekeeping.found(directory)
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in everything], indent=2, ensure_ascii=False))
        return
    if everything:
        terminal.of(context).console().print(_table(everything))
    click.echo(f"{words.clean(str(directory))}: {_total(everything)}")


@cache.command(epilog=exit_codes.epilog())
@options.options(_UNUSED_FOR, _MAX_SIZE)
def prune(unused_for: int | None, max_size: int | None) -> None:
    """Remove what no run has used for long.

    Runs that use the cache just now are waited for, a minute at most.

    \b
    Examples:
      fleet cache prune
      fleet cache prune --unused-for 7 --max-size 2GB
    """
    days, wrong = configuration.cache_days(os.environ)
    if wrong:
        raise DeclarationError(*wrong)
    days = unused_for if unused_for is not None else days
    before = 0.0 if days is None else time.time() - days * _DAY_S
    _remove(lambda everything: housekeeping.unused(everything, before=before, most_bytes=max_size))


@cache.command(epilog=exit_codes.epilog())
@click.argument("names", nargs=-1, metavar="[NAME]...")
@options.options(_ALL)
def rm(names: tuple[str, ...], *, everything: bool) -> None:
    """Remove what has one of these names in `fleet cache ls`, or one that fits a pattern.

    The next run that needs it fetches or renders it again. Runs that use the cache just now are waited for, a minute at
    most.

    \b
    Examples:
      fleet cache rm https://github.com/your-org/your-repo.git
      fleet cache rm 'https://charts.example.com/*'
      fleet cache rm --all
    """
    if everything == bool(names):
        raise DeclarationError(
            Problem("what is to be removed?", hint="Give names as `fleet cache ls` has them, or --all.")
        )
    _remove(
        lambda found: _named(found, names) if names else [each for each in found if each.kind != housekeeping.OTHER]
    )


def _named(found: Sequence[Kept], names: Iterable[str]) -> list[Kept]:
    """Return what has one of the names. Raises DeclarationError for a name that nothing has."""
    of_name = {name: [each for each in found if _fits(each, name)] for name in names}
    unknown = [name for name, several in of_name.items() if not several]
    if unknown:
        hint = "`fleet cache ls` shows what there is."
        raise DeclarationError(*(Problem(f"nothing in the cache is named {name}", hint=hint) for name in unknown))
    return list(dict.fromkeys(each for several in of_name.values() for each in several))


def _fits(kept: Kept, name: str) -> bool:
    called = kept.kind if kept.kind in _SEVERAL else kept.name
    return kept.kind != housekeeping.OTHER and (called == name or fnmatchcase(called, name))


def _remove(choose: Callable[[tuple[Kept, ...]], Iterable[Kept]]) -> None:
    directory: Path = configuration.cache_dir(os.environ)
    gone = housekeeping.remove(directory, choose) if directory.exists() else ()
    for each in gone:
        if each.kind not in _SEVERAL:
            click.echo(f"removed {each.kind} {words.clean(each.name)}")
    click.echo(f"removed {_total(gone)}" if gone else "nothing to remove")


def _total(kept: Sequence[Kept]) -> str:
    return decimal(sum(each.size for each in kept))


def _table(everything: Iterable[Kept]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for title in ("KIND", "NAME", "SIZE", "LAST USED"):
        table.add_column(title, no_wrap=True, overflow="ellipsis" if title == "NAME" else "fold")
    now = time.time()
    rows: dict[tuple[str, str], list[Kept]] = {}
    for each in everything:
        rows.setdefault((each.kind, each.name), []).append(each)
    for (kind, name), kept in rows.items():
        shown = name or words.count(len(kept), _SEVERAL[kind])
        table.add_row(kind, Text(words.clean(shown)), _total(kept), words.ago(now - kept[0].used))
    return table


def _as_json(kept: Kept) -> dict[str, object]:
    at = datetime.fromtimestamp(kept.used, UTC)
    return {"kind": kept.kind, "name": kept.name, "size": kept.size, "lastUsed": words.moment(at)}
