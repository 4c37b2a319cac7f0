"""Codec: one resource as the JSON of a checkpoint, and back.

In: a Resource, or the parsed JSON of one. Out: the other. Secrets never leave in the clear: they are encrypted by the
function that a Codec is given, and one that has not changed keeps its ciphertext. Field names and their order are those
of ResourceV3 in Pulumi's sdk/go/common/apitype/core.go; property values as in pkg/resource/stack/deployment.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any, Final

import orjson

from fleet.engine.state import Key, Operation, Resource, Secret

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - it marks secrets, it is none

# JSON name → attribute, in the order in which Pulumi writes them; None for those that only `extra` holds.
_FIELDS: Final[Mapping[str, str | None]] = {
    "urn": "urn",
    "custom": "custom",
    "delete": "delete",
    "id": "id",
    "type": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "taint": None,
    "external": "external",
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "provider": "provider",
    "propertyDependencies": "property_dependencies",
    "pendingReplacement": "pending_replacement",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "customTimeouts": "custom_timeouts",
    "importID": "import_id",
    "retainOnDelete": "retain_on_delete",
    "deletedWith": "deleted_with",
    "replaceWith": None,
    "created": "created",
    "modified": "modified",
    "sourcePosition": "source_position",
    "stackTrace": None,
    "ignoreChanges": "ignore_changes",
    "hideDiff": None,
    "replaceOnChanges": "replace_on_changes",
    "replacementTrigger": None,
    "refreshBeforeUpdate": None,
    "viewOf": None,
    "resourceHooks": None,
    "extensionRef": None,
    "snippetID": None,
}
_ALWAYS_WRITTEN: Final = ("urn", "custom", "type")
_ATTRIBUTES: Final = {name: attribute for name, attribute in _FIELDS.items() if attribute}
_OF_OUR_OWN: Final = tuple((name, f'"{name}":', name in _ALWAYS_WRITTEN) for name in _ATTRIBUTES)
_values: Final[Callable[[Resource], tuple[Any, ...]]] = attrgetter(*_ATTRIBUTES.values())
_ORDER: Final = {name: position for position, name in enumerate(_FIELDS)}


class NotSealedError(Exception):
    """A secret without ciphertext was to be written."""


class _Loader:
    """Parses JSON text, and remembers the secrets that it meets, still locked."""

    def __init__(self) -> None:
        self.secrets: list[Secret] = []

    def load(self, text: str) -> Any:
        """Return the data. Calling back for every object is slow, and done only where there is a secret at all."""
        return json.loads(text, object_hook=self._object if SECRET_SIGNATURE in text else None)

    def _object(self, mapping: dict[str, Any]) -> Any:
        if mapping.get(SIGNATURE_KEY) != SECRET_SIGNATURE:
            return mapping
        if "plaintext" in mapping:
            return Secret(_from_plaintext(mapping["plaintext"]))
        secret = Secret(None, mapping["ciphertext"])
        self.secrets.append(secret)
        return secret


def load(text: str) -> tuple[Any, tuple[Secret, ...]]:
    """Return the data of JSON text, and the secrets in it, whose values are None until they are given to `unlock`.

    Which key they need is only known once everything has been parsed. Raises ValueError or KeyError for bad text.
    """
    loader = _Loader()
    data = loader.load(text)
    return data, tuple(loader.secrets)


def unlock(secrets: Iterable[Secret], decrypt: Callable[[str], str], *, keep: bool) -> None:
    """Give the secrets of one `load` their values. keep: the ciphertexts are still good for the next checkpoint."""
    for secret in secrets:
        object.__setattr__(secret, "value", _from_plaintext(decrypt(secret.ciphertext)))
        if not keep:
            object.__setattr__(secret, "ciphertext", "")


def _from_plaintext(text: str) -> Any:
    """Return the value. Secrets inside carry plaintext where others have ciphertext: the whole is encrypted as one."""
    data, secrets = load(text)
    unlock(secrets, lambda plaintext: plaintext, keep=False)
    return data


def _to_plaintext(value: Any) -> str:
    return _escaped(_NESTED.encode(value))


def _nested(value: object) -> Any:
    if isinstance(value, Secret):
        return {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": _to_plaintext(value.value)}
    return _plain(value)


def _sealed(value: object) -> Any:
    if isinstance(value, Secret):
        if not value.ciphertext:
            raise NotSealedError
        return {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": value.ciphertext}
    return _plain(value)


def _plain(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no property value")


def _encoder(default: Callable[[object], Any]) -> json.JSONEncoder:
    """Return what writes compact JSON with sorted keys. `json.dumps` would make one anew for every value."""
    return json.JSONEncoder(default=default, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


_NESTED: Final = _encoder(_nested)
_SEALED: Final = _encoder(_sealed)
# Dataclasses are left to `_sealed`: orjson would write what is in a Secret.
_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS


def _text_of(value: Any) -> str:
    """Return compact JSON with sorted keys, what Go escapes still to be.

    What orjson does not take, numbers of more than 64 bits and half of a surrogate pair, the standard library does.
    """
    try:
        return orjson.dumps(value, default=_sealed, option=_OPTIONS).decode()
    except orjson.JSONEncodeError:
        return _SEALED.encode(value)


def _escaped(text: str) -> str:
    """Return JSON with its characters as they are, as Pulumi writes it, except for two that Go escapes."""
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def dumps(value: Any) -> str:
    """Return compact JSON with sorted keys. Raises NotSealedError for a secret without ciphertext."""
    return _escaped(_text_of(value))


def decode_resource(raw: Mapping[str, Any]) -> Resource:
    """Return the resource of parsed JSON. Raises KeyError, TypeError or AttributeError where it is none."""
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in raw.items():
        attribute = _ATTRIBUTES.get(name)
        if attribute is None:
            extra[name] = value
        else:
            known[attribute] = tuple(value) if isinstance(value, list) else value
    by_property = known.get("property_dependencies")
    if by_property:
        known["property_dependencies"] = {key: tuple(urns or ()) for key, urns in by_property.items()}
    return Resource(extra=extra, **known)


def decode_operation(raw: Mapping[str, Any]) -> Operation:
    """Return the operation of parsed JSON."""
    return Operation(raw["type"], decode_resource(raw["resource"]))


def _text(value: Any) -> str:
    """Return the JSON of a field, what Go escapes still to be: most are short, and an encoder takes longer to begin."""
    if type(value) is str:
        return encode_basestring(value)
    if value is True:
        return "true"
    return _text_of(value)


def _resource_text(resource: Resource) -> str:
    parts = [
        (name, prefix + _text(value))
        for (name, prefix, always), value in zip(_OF_OUR_OWN, _values(resource), strict=True)
        if value or always
    ]
    if resource.extra:
        parts += ((name, f"{json.dumps(name)}:{_text_of(value)}") for name, value in resource.extra.items())
        parts.sort(key=lambda part: _ORDER.get(part[0], len(_ORDER)))
    return _escaped("{" + ",".join(text for _, text in parts) + "}")


def seal(value: Any, known: Any, encrypt: Callable[[str], str]) -> Any:
    """Return the value with every secret encrypted: like the one at the same place of `known` if they are equal."""
    if isinstance(value, Secret):
        return value if value.ciphertext else _seal_secret(value, known, encrypt)
    if isinstance(value, Mapping):
        other = known if isinstance(known, Mapping) else {}
        return {key: seal(entry, other.get(key), encrypt) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        others = known if isinstance(known, (list, tuple)) else ()
        padded = (*others[: len(value)], *[None] * (len(value) - len(others)))
        return [seal(entry, other, encrypt) for entry, other in zip(value, padded, strict=True)]
    return value


def _seal_secret(secret: Secret, known: Any, encrypt: Callable[[str], str]) -> Secret:
    plaintext = _to_plaintext(secret.value)
    if isinstance(known, Secret) and known.ciphertext and _to_plaintext(known.value) == plaintext:
        return Secret(secret.value, known.ciphertext)
    return Secret(secret.value, encrypt(plaintext))


class Codec:
    """Writes the resources of one stack, with ciphertexts that stay the same as long as the value at its place does.

    encrypt: plaintext → ciphertext; called only for a secret that is new or has changed.
    """

    def __init__(self, encrypt: Callable[[str], str], known: Iterable[Resource] = ()) -> None:
        self._encrypt = encrypt
        self._known = {resource.key: resource for resource in known}
        self._kept: dict[Key, tuple[Resource, str]] = {}

    def resource(self, resource: Resource, *, keep: bool = False) -> str:
        """Return the JSON text of a resource. keep: it will be asked for again, as it is."""
        before, text = self._kept.get(resource.key, (None, ""))
        if before is not resource:
            text = self._text(resource)
            if keep:
                self._kept[resource.key] = (resource, text)
        return text

    def _text(self, resource: Resource) -> str:
        try:
            return _resource_text(resource)
        except NotSealedError:
            return _resource_text(self._seal(resource))

    def operation(self, operation: Operation) -> str:
        """Return the JSON text of a pending operation."""
        return f'{{"resource":{self.resource(operation.resource)},"type":{dumps(operation.type)}}}'

    def _seal(self, resource: Resource) -> Resource:
        known = self._known.get(resource.key, resource)
        sealed = replace(
            resource,
            inputs=seal(resource.inputs, known.inputs, self._encrypt),
            outputs=seal(resource.outputs, known.outputs, self._encrypt),
            extra=seal(resource.extra, known.extra, self._encrypt),
        )
        self._known[resource.key] = sealed
        return sealed
