"""What is secret in an object, kept out of everything that people read. Pure.

Kubernetes keeps secret values in the `data` and `stringData` of the core kind Secret; kubectl copies them into an
annotation. Other kinds have no place for secrets that a client could know.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

MASK = "[secret]"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET_FIELDS = ("data", "stringData")
_SHORTEST_TO_SCRUB = 3


def is_secret(manifest: Mapping[str, Any]) -> bool:
    """Return whether the object is a core Secret."""
    return manifest.get("kind") == "Secret" and manifest.get("apiVersion") == "v1"


def with_data(secret: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a Secret with `stringData` moved into `data`; other objects as they are.

    The API server moves it too, but then nobody owns the keys in `data`, and a key that is dropped later stays
    (kubernetes issue 108008; Flux's ssa/normalize does the same).
    """
    plain = secret.get("stringData") if is_secret(secret) else None
    if not isinstance(plain, Mapping) or not all(isinstance(value, str) for value in plain.values()):
        return secret
    data = dict(secret.get("data") or {})
    data.update({key: base64.b64encode(value.encode()).decode() for key, value in plain.items()})
    rest = {key: value for key, value in secret.items() if key != "stringData"}
    return {**rest, "data": data} if data else rest


def masked(path: tuple[str | int, ...], value: Any) -> Any:
    """Return a value found at a path of a Secret as people may see it: keys stay, secret values do not."""
    if value is None:
        return None
    if path and path[0] in _SECRET_FIELDS:
        return _hidden(value)
    return _without_last_applied(path, value)


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _hidden(inner) for key, inner in value.items()}
    return MASK


def _without_last_applied(path: tuple[str | int, ...], value: Any) -> Any:
    if path and path[-1] == LAST_APPLIED:
        return MASK
    if isinstance(value, Mapping):
        return {key: _without_last_applied((*path, key), inner) for key, inner in value.items()}
    return value


def scrubbed(text: str, manifest: Mapping[str, Any]) -> str:
    """Return a message of the API server about a Secret without the values that the Secret holds.

    Values of up to two characters stay: they would be found everywhere, and give nothing away.
    """
    if not is_secret(manifest):
        return text
    values = {value for field in _SECRET_FIELDS for value in _texts(manifest.get(field))}
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST_TO_SCRUB:
            text = text.replace(value, MASK)
    return text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)
        yield from _decoded(str(value))


def _decoded(value: str) -> Iterator[str]:
    try:
        yield base64.b64decode(value, validate=True).decode()
    except ValueError:
        return
