"""Section: one mapping of a document, read through typed getters that note what is wrong and go on.

A getter that finds nothing, or nothing usable, returns the empty value of its type; the noted problems keep that value
from ever being used. So all problems of a document come to light together.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any, TypeVar

from fleet.argo.keys import KEYS, Keys
from fleet.errors import DeclarationError, Problem, Where
from fleet.frozen import dataclass
from fleet.model.masking import mask

Value = TypeVar("Value")
# As in fleet.model.checks: raises DeclarationError; takes the owner's name, the field's name and the value.
Check = Callable[[str, str, str], None]

_OWNER = "Application"
_LONGEST_SHOWN = 60
# Places of words as common as `name`: nobody who wrote one elsewhere meant these.
_TOOLS = ("spec.source.directory.", "spec.source.kustomize", "spec.source.helm.")
_INNER = frozenset(place for place in KEYS if place.startswith(_TOOLS))


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping at its place.

    where: file, document and application, and the mapping's own key path.
    problems: those of the whole document; every Section of it adds to the same list.
    places: every mapping of the document's kind, for advice about keys at the wrong one.
    """

    data: Mapping[str, Any]
    where: Where
    problems: list[Problem]
    places: Mapping[str, Keys] = field(default_factory=lambda: KEYS)

    def at(self, key: str | int) -> Where:
        """Return the place of a key of this mapping; an integer is an entry, when this is about a list."""
        step = f"[{key}]" if isinstance(key, int) else f".{key}"
        return replace(self.where, key=f"{self.where.key}{step}".removeprefix("."))

    def note(self, where: Where, summary: str, detail: str = "", hint: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(summary, where, detail, hint))

    def text(self, key: str, check: Check | None = None, *, required: str = "") -> str:
        """Return a string, empty where there is none. Like Kubernetes, take null and "" for nothing.

        check: called with a string that is not empty. required: the hint that makes a missing string a problem.
        """
        value = self._get(key, str, "a string")
        if not value:
            if required and self.data.get(key) in (None, ""):
                self.note(self.at(key), f"{key} is missing", hint=required)
            return ""
        if check is not None:
            self.checked(self.at(key), lambda: check(_OWNER, key, value))
        return value

    def flag(self, key: str) -> bool | None:
        """Return a boolean; None where there is none."""
        return self._get(key, bool, "true or false")

    def section(self, key: str, *, required: str = "") -> Section | None:
        """Return a mapping; None where there is none. `required`: as for `text`."""
        data = self._get(key, dict, "a mapping")
        if data is None:
            if required and self.data.get(key) is None:
                self.note(self.at(key), f"{key} is missing", hint=required)
            return None
        return replace(self, data=data, where=self.at(key))

    def entries(self, key: str) -> Iterator[tuple[Where, Any]]:
        """Yield the entries of a list, each with its place."""
        owner = replace(self, where=self.at(key))
        for position, entry in enumerate(self._get(key, list, "a list") or ()):
            yield owner.at(position), entry

    def texts(self) -> dict[str, str]:
        """Return the whole mapping as one of strings to strings."""
        return {key: self.text(key) for key in self.data}

    def known(self, keys: Keys) -> None:
        """Note keys that nobody knows, and keys that are known and not supported."""
        for key, value in self.data.items():
            unsupported = keys.unsupported.get(key)
            if unsupported and value is not None and (unsupported.even_empty or not is_empty(value)):
                self.note(self.at(key), f"{key} is not supported yet", unsupported.why, unsupported.instead)
            elif key not in keys.all:
                self.note(self.at(key), f"unknown key {key}", hint=_advice(key, keys, self.places))

    def wrong_type(self, where: Where, value: object, expected: str) -> None:
        """Note a value that is of another type than expected."""
        hint = ""
        if expected == "a string" and isinstance(value, (bool, int, float)):
            hint = "Put it in quotes."
        elif expected == "true or false" and value in ("true", "false"):
            hint = "Remove the quotes."
        self.note(where, f"must be {expected}", f"It is {shown(value)}.", hint)

    def checked(self, where: Where, make: Callable[[], Value]) -> Value | None:
        """Return what `make` returns; note the problems of a DeclarationError and return None."""
        try:
            return make()
        except DeclarationError as error:
            for problem in error.problems:
                summary = problem.summary.removeprefix(f"{_OWNER}: ")
                self.note(where, mask(summary), mask(problem.detail), problem.hint)
            return None

    def _get(self, key: str, kind: type[Value], expected: str) -> Value | None:
        value = self.data.get(key)
        if value is None or isinstance(value, kind):
            return value
        self.wrong_type(self.at(key), value, expected)
        return None


def is_empty(value: object) -> bool:
    """Return whether a value says nothing: Argo CD takes `helm: {}` and `directory: {jsonnet: {}}` for nothing."""
    if isinstance(value, Mapping):
        return all(is_empty(entry) for entry in value.values())
    return not value


def shown(value: object) -> str:
    """Return a value's type, and the value if it is short and no secret could be in it."""
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    text = mask(str(value))
    return f'the string "{text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"}"'


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was most likely meant; None if none is near."""
    words = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), words, n=1)
    return words[found[0]] if found else None


def _advice(key: str, keys: Keys, known: Mapping[str, Keys]) -> str:
    places = [place or "the top level" for place, others in known.items() if key in others.read and place not in _INNER]
    if places:
        return f"It belongs in {' or '.join(places)}."
    meant = nearest(key, keys.all)
    return f"Did you mean {meant}?" if meant else f"Known here: {', '.join(keys.read)}."
