"""Commands: what a group holds, each imported when it is asked for: who types one waits for no other's imports."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping, MutableMapping

import click


class Commands(MutableMapping[str, click.Command]):
    """Name → command. places: name → where it is, as entry points have it: `fleet.cli.up:up`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places: dict[str, str | click.Command] = dict(places)

    def __getitem__(self, name: str) -> click.Command:
        found = self._places[name]
        if isinstance(found, str):
            found = pkgutil.resolve_name(found)
            assert isinstance(found, click.Command)
            self._places[name] = found
        return found

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._places[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
