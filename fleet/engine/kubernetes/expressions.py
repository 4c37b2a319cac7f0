"""`pulumi.com/waitFor`: what an object's own annotation says is to be waited for. Pure.

`jsonpath={.status.phase}=Running`, `jsonpath={.status.address}`, `condition=Ready`, `condition=Synced=False`, or a JSON
list of such, all of which have to hold. As Pulumi's provider reads it: pulumi-kubernetes, provider/pkg/jsonpath and
provider/pkg/await/condition.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from fleet.engine.kubernetes.status import Object, conditions, find, is_behind
from fleet.frozen import dataclass

_BRACES = re.compile(r"\{\s*(.*?)\s*\}")
# A single equals sign; a double one belongs to a filter.
_EQUALS = re.compile(r"(?<!=)=(?!=)")


class ExpressionError(ValueError):
    """It is not an expression. The message says why."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of the status with a value. Neither minds capitals."""

    type: str
    value: str = "True"

    def unmet(self, live: Object) -> str:
        """Return why it does not hold; empty when it does."""
        said = {name.lower(): each for name, each in conditions(live).items()}.get(self.type.lower())
        if said is None:
            return f"condition {self.type} is not there"
        observed, generation = said.get("observedGeneration"), find(live, "metadata", "generation")
        is_old = observed < generation if isinstance(observed, int) and isinstance(generation, int) else is_behind(live)
        if is_old:
            return f"condition {self.type} is of an earlier change"
        found = str(said.get("status") or "")
        return "" if found.lower() == self.value.lower() else f"condition {self.type} is {found}, not {self.value}"


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path, RFC 9535, with a value; an empty one takes anything that is there."""

    path: str
    value: str = ""

    def unmet(self, live: Object) -> str:
        """Return why it does not hold; empty when it does."""
        # What others have yet to say of the last change does not touch metadata.
        if is_behind(live) and not self.path.startswith("$.metadata."):
            return "its last change has not been looked at yet"
        found = next(iter(_query(self.path).find(live).values()), _NOTHING)
        if found is _NOTHING:
            return f"{self._shown} is not there"
        if not self.value or _written(found) == self.value:
            return ""
        return f"{self._shown} is {_written(found)}, not {self.value}"

    @property
    def _shown(self) -> str:
        return f"{{{self.path.removeprefix('$')}}}"


Expression = Condition | JsonPath
_NOTHING = object()


@lru_cache(maxsize=256)
def expressions(annotation: str) -> tuple[Expression, ...]:
    """Return what an annotation says. Raises ExpressionError."""
    try:
        texts = json.loads(annotation)
    except ValueError:
        texts = annotation
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        texts = [annotation]
    if not texts:
        raise ExpressionError("it is an empty list")
    return tuple(_expression(each) for each in texts)


def _expression(text: str) -> Expression:
    kind, _, rest = text.partition("=")
    if kind == "condition":
        name, _, value = rest.partition("=")
        return Condition(name, value or "True")
    if kind == "jsonpath":
        return _json_path(rest)
    raise ExpressionError(f"{text!r} starts with neither jsonpath= nor condition=")


def _json_path(text: str) -> JsonPath:
    path, *values = _EQUALS.split(text)
    if len(values) > 1 or values == [""]:
        raise ExpressionError(f"{text!r} is not as in {{.path}}=value")
    braces = _BRACES.search(path)
    if braces is None:
        raise ExpressionError(f"{path!r} needs braces, as in {{.path}}")
    inside = braces.group(1)
    query = inside if inside.startswith("$") else f"${inside}"
    _query(query)
    return JsonPath(query, *values)


@lru_cache(maxsize=256)
def _query(path: str) -> Any:
    # Spent only when an object asks for it.
    from jsonpath_rfc9535 import JSONPathError, compile  # noqa: A004, PLC0415

    try:
        return compile(path)
    except JSONPathError as error:
        raise ExpressionError(f"{path!r} is not a JSONPath: {error}") from error


def _written(value: Any) -> str:
    """Return a value as Go prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "<nil>"
    return json.dumps(value) if isinstance(value, list | dict) else str(value)
