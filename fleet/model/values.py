"""Values: a mapping of plain data that can be compared, hashed and shared. Pure."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, Mapping
from typing import Any, Final

from fleet.model import checks

_NOTHING: Final = "{}"


class Values(Mapping[str, Any]):
    """A read-only mapping of JSON-like data. Two are equal if their JSON is: `1`, `1.0` and `true` are three things.

    text: the data as JSON, keys sorted; it is YAML, too. What is taken out is a copy that may be changed.
    """

    __slots__ = ("text",)

    text: str

    def __init__(self, owner: str, field: str, value: object) -> None:
        """Raise DeclarationError, in the name of the owner's field, for anything but JSON-like data."""
        if isinstance(value, Values):
            self.text = value.text
            return
        if not isinstance(value, Mapping):
            raise checks.fail(owner, field, value, "a mapping")
        if not value:
            self.text = _NOTHING
            return
        self.text = json.dumps(_plain(owner, field, value), sort_keys=True, ensure_ascii=False)

    def plain(self) -> dict[str, Any]:
        """Return the data in dicts and lists of its own."""
        data: dict[str, Any] = {} if self.text == _NOTHING else json.loads(self.text)
        return data

    def items(self) -> ItemsView[str, Any]:
        """Return the entries, read once for all of them."""
        return self.plain().items()

    def __getitem__(self, key: str) -> Any:
        return self.plain()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.plain())

    def __len__(self) -> int:
        return len(self.plain())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Values):
            return self.text == other.text
        return isinstance(other, Mapping) and self.text == Values("", "", other).text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return repr(self.plain())


def _plain(owner: str, field: str, value: object) -> object:
    """Return the value in dicts and lists."""
    if isinstance(value, Mapping):
        wrong = [key for key in value if not isinstance(key, str)]
        if wrong:
            raise checks.fail(owner, field, wrong[0], "a mapping whose keys are strings")
        return {key: _plain(owner, f"{field}.{key}", entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(owner, f"{field}[{position}]", entry) for position, entry in enumerate(value)]
    if value is None or isinstance(value, (str, int)) or (isinstance(value, float) and abs(value) < float("inf")):
        return value
    raise checks.fail(owner, field, value, "a string, number, boolean, None, list or mapping")
