"""What a YAML scalar means to Kubernetes.

In: a scalar's text. Out: None, a boolean, an integer of 64 bits, a float or the text itself.
The rules are those of sigs.k8s.io/yaml, which kubectl and Argo CD read with: go-yaml v2 makes a value of the text, Go's
JSON encoder writes it, and Kubernetes reads back an int64 where it can and a float64 elsewhere.
Source: https://github.com/yaml/go-yaml/blob/v2.4.3/resolve.go
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

Scalar = str | bool | int | float | None

_SPELLINGS: tuple[tuple[Scalar, str], ...] = (
    (True, "y Y yes Yes YES true True TRUE on On ON"),
    (False, "n N no No NO false False FALSE off Off OFF"),
    (None, "~ null Null NULL"),
    (math.nan, ".nan .NaN .NAN"),
    (math.inf, ".inf .Inf .INF +.inf +.Inf +.INF"),
    (-math.inf, "-.inf -.Inf -.INF"),
)
_WORDS: Mapping[str, Scalar] = MappingProxyType(
    {"": None} | {word: value for value, words in _SPELLINGS for word in words.split()}
)
_NUMBER_STARTS = frozenset("+-.0123456789")
_STARTS = frozenset("~yYnNtTfFoO") | _NUMBER_STARTS

_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]{0,19}))")
_BASES = (16, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**64)


def plain(text: str) -> Scalar:
    """Return what a scalar without quotes and tag means.

    `yes`, `no`, `on`, `off`, `y` and `n` are booleans; `010` and `0o10` are 8, `08` is 8 too, `1_000` and `1e3` are
    1000, `1.0` is 1; there are no base-60 numbers (`12:30`) and no timestamps: these are strings, as is `=`.
    The result may be infinite or not a number: JSON has no such thing, and callers refuse it.
    """
    if text and text[0] not in _STARTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMBER_STARTS else text


def _number(text: str) -> Scalar:
    digits = text.replace("_", "")
    if found := _INTEGER.fullmatch(digits):
        sign, *bodies = found.groups()
        value = next(int(body, base) for body, base in zip(bodies, _BASES, strict=True) if body)
        value = -value if sign == "-" else value
        if value in _INT64:
            return value
        if not sign and value in _UINT64:
            return float(value)
    if _FLOAT.fullmatch(digits) and math.isfinite(float(digits)):
        return number(float(digits))
    return text


def number(value: int | float) -> int | float:
    """Return a number as Kubernetes has it after JSON: whole floats are integers, integers beyond int64 are floats."""
    if isinstance(value, float) and not value.is_integer():
        return value
    # JSON has a float's shortest digits, which beyond 2**53 are not its exact value.
    whole = int(Decimal(repr(value)))
    return whole if whole in _INT64 else float(value)


TAG = "tag:yaml.org,2002:"
# A float may be written as an integer is.
_TAGGED: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {TAG + "bool": (bool,), TAG + "float": (int, float), TAG + "int": (int,), TAG + "null": (type(None),)}
)


def tagged(tag: str, text: str) -> Scalar:
    """Return what a scalar with one of YAML's own tags means; `tag` is its long name.

    `!!binary` stays base64, without white space: that is what a Secret holds. (go-yaml decodes it, and JSON loses what
    is not UTF-8.)

    Raises:
        ValueError: the text is not of that type.
        KeyError: there is no such tag for a scalar.
    """
    if tag in {"!", TAG + "str", TAG + "timestamp"}:
        return text
    if tag == TAG + "binary":
        return "".join(text.split())
    types = _TAGGED[tag]
    value = plain(text)
    if type(value) not in types:
        raise ValueError(text)
    return value


def key(value: Scalar) -> str:
    """Return the string that a key becomes in JSON: `80`, `true`."""
    return value if isinstance(value, str) else str(value).lower()
