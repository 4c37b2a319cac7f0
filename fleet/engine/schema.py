"""Schema: what `config:` in Pulumi.yaml says of a stack's configuration: types, defaults, secrets.

Pure. Rules as in Pulumi's sdk/go/common/workspace/project.go (Validate, ValidateConfigValue). Keys are full ones,
`<namespace>:<name>`; a key without a namespace belongs to the project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fleet.errors import Problem, Where
from fleet.frozen import dataclass

_TYPES: Final = ("string", "integer", "boolean", "array", "object")
_ATTRIBUTES: Final = ("type", "items", "description", "secret", "default", "value")
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigType:
    """What is said of one key. written: the key as the file has it.

    type: `string`, `integer`, `boolean`, `array`, `object`; empty where none is given, and then anything goes.
    items: the type of an array's entries.
    given: the value for stacks that have none of their own; None when there is none, and a stack needs its own.
    """

    key: str
    written: str
    type: str = ""
    items: Mapping[str, Any] | None = None
    given: Any = None
    secret: bool = False

    @property
    def type_name(self) -> str:
        """The type in words: `integer`, `array of string`."""
        return _name(self.type, self.items)

    def accepts(self, value: Any) -> bool:
        """Return whether a value is of the type. Text that reads as an integer or a boolean is one."""
        return not self.type or _accepts(self.type, self.items, value)


def full_key(project: str, key: str) -> str:
    """Return `<namespace>:<name>`. The old form `<namespace>:config:<name>` means the same."""
    namespace, _, name = key.rpartition(":")
    return f"{namespace.removesuffix(':config') or project}:{name}"


def is_key(key: str) -> bool:
    """Return whether Pulumi takes it as a key: one colon at most, or two around `config`."""
    return key.count(":") < 2 or (key.count(":") == 2 and key.split(":")[1] == "config")


def parse(project: str, declared: Mapping[str, Any], problems: list[Problem]) -> dict[str, ConfigType]:
    """Return what is said of each key, by full key. What is wrong is added to the problems, with `where.key` set."""
    found: dict[str, ConfigType] = {}
    for written, entry in declared.items():
        key = full_key(project, written)
        own = key.startswith(f"{project}:")
        # `size: 3` is short for a default; a value for another namespace, as in `aws:region: x`, is what it says.
        attributes = entry if isinstance(entry, dict) else {"default" if own else "value": entry}
        wrong = list(_mistakes(written, attributes, own=own))
        problems += (Problem(what, where=Where(key=place)) for place, what in wrong)
        if not wrong:
            found[key] = ConfigType(
                key=key,
                written=written,
                type=attributes.get("type", ""),
                items=attributes.get("items"),
                given=attributes.get("default", attributes.get("value")),
                secret=attributes.get("secret", False),
            )
    return found


def _mistakes(written: str, entry: Mapping[str, Any], *, own: bool) -> Iterator[tuple[str, str]]:
    """Yield key path and summary of what is wrong with one declaration."""
    place = f"config.{written}"
    if not is_key(written):
        yield place, "a configuration key reads `<name>` or `<namespace>:<name>`"
    for name in entry:
        if name not in _ATTRIBUTES:
            yield f"{place}.{name}", f"there is no {name!r} here; there may be {', '.join(_ATTRIBUTES)}"
    if not isinstance(entry.get("secret", False), bool):
        yield f"{place}.secret", "it must be true or false"
    if own:
        yield from _type_mistakes(place, entry)
    else:
        yield from _foreign_mistakes(place, entry)


def _type_mistakes(place: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    type_, items = entry.get("type"), entry.get("items")
    if entry.get("default") is not None and entry.get("value") is not None:
        yield place, "there can be a default or a value, not both"
    if type_ is None:
        return
    if type_ not in _TYPES:
        yield f"{place}.type", f"{type_!r} is no type; it must be one of {', '.join(_TYPES)}"
    elif type_ == "array" and not _are_items(items):
        yield place, "an array must say what it holds, as in `items: {type: string}`"
    elif entry.get("default") is not None and not _accepts(type_, items, entry["default"]):
        yield f"{place}.default", f"the default must be of type {_name(type_, items)}"


def _foreign_mistakes(place: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("type", "default"):
        if entry.get(name) is not None:
            yield f"{place}.{name}", f"a key of another namespace than the project's can have a value, not a {name}"
    if entry.get("value") is None:
        yield place, "a key of another namespace than the project's must have a value"


def _are_items(items: Any) -> bool:
    if not isinstance(items, dict) or items.get("type") not in _TYPES:
        return False
    return items["type"] != "array" or _are_items(items.get("items"))


def _name(type_: str, items: Any) -> str:
    return f"array of {_name(items['type'], items.get('items'))}" if type_ == "array" and items else type_


def _accepts(type_: str, items: Any, value: Any) -> bool:
    match type_:
        case "string":
            return isinstance(value, str)
        case "integer":
            return _is_integer(value)
        case "boolean":
            return isinstance(value, bool) or value in ("true", "false")
        case "object":
            return isinstance(value, dict)
        case _:
            return isinstance(value, list) and all(
                _accepts(items["type"], items.get("items"), entry) for entry in value
            )


def _is_integer(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) or (isinstance(value, str) and bool(_INTEGER.fullmatch(value)))
