"""Checks that values make of their own fields, in the constructor: a wrong value fails where it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from fleet.errors import DeclarationError, Problem
from fleet.model.glob import compile_glob

# RFC 1123 as Kubernetes applies it to object names.
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_KUBE_VERSION = re.compile(r"v?[0-9]+\.[0-9]+(?![0-9A-Za-z])")
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def fail(owner: str, field: str, value: object, allowed: str) -> DeclarationError:
    """Return the error for a field whose value is not allowed. `allowed` completes "must be …"."""
    return DeclarationError(Problem(f"{owner}: {field} must be {allowed}", detail=f"It is {_shown(value)}."))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def name(owner: str, field: str, value: object) -> None:
    """Check for a name that can be part of a URN: an RFC 1123 subdomain of at most 253 characters."""
    if not (isinstance(value, str) and len(value) <= 253 and _DNS_SUBDOMAIN.fullmatch(value)):
        allowed = 'lower-case letters, digits, "-" and ".", starting and ending with a letter or digit'
        raise fail(owner, field, value, allowed)


def namespace(owner: str, field: str, value: object) -> None:
    """Check for a namespace's name: an RFC 1123 label of at most 63 characters. None is allowed."""
    if value is None:
        return
    if not (isinstance(value, str) and len(value) <= 63 and _DNS_LABEL.fullmatch(value)):
        allowed = 'at most 63 lower-case letters, digits and "-", starting and ending with a letter or digit'
        raise fail(owner, field, value, allowed)


def text(owner: str, field: str, value: object, *, optional: bool = False) -> None:
    """Check for a string that is not empty; with `optional`, None is allowed too."""
    if (value is None and optional) or (isinstance(value, str) and value.strip()):
        return
    raise fail(owner, field, value, "a string that is not empty" + (", or None" if optional else ""))


def revision(owner: str, field: str, value: object, *, optional: bool = False) -> None:
    """Check for a revision or version: nothing that Git could take for an option; with `optional`, None is allowed."""
    text(owner, field, value, optional=optional)
    if isinstance(value, str) and value.startswith("-"):
        raise fail(owner, field, value, "a branch, tag, SHA, HEAD, refs/… or a version")


def seconds(owner: str, field: str, value: object) -> None:
    """Check for a number of seconds above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise fail(owner, field, value, "a number of seconds above 0")


def any_text(owner: str, field: str, value: object) -> None:
    """Check for a string; it may be empty."""
    if not isinstance(value, str):
        raise fail(owner, field, value, "a string")


def kube_version(owner: str, field: str, value: object) -> None:
    """Check for the version of a Kubernetes, `1.33.1`, `v1.33` or one with a vendor's suffix; it may be empty."""
    if not (isinstance(value, str) and (not value or _KUBE_VERSION.match(value))):
        raise fail(owner, field, value, "a Kubernetes version as a string, such as '1.33.1'")


def api_versions(owner: str, field: str, value: object) -> None:
    """Check for a sequence of strings."""
    sequence(owner, field, value, str, "strings")


def flag(owner: str, field: str, value: object) -> None:
    """Check for True or False and nothing that merely looks like it."""
    if not isinstance(value, bool):
        raise fail(owner, field, value, "True or False")


def optional_flag(owner: str, field: str, value: object) -> None:
    """Check for True, False or None."""
    if value is not None:
        flag(owner, field, value)


def relative_path(owner: str, field: str, value: object, *, optional: bool = False) -> None:
    """Check for a path inside a repository: relative, with no `..` that leads out of it."""
    if value is None and optional:
        return
    if not isinstance(value, str) or not value.strip():
        raise fail(owner, field, value, 'a path inside the repository, such as "manifests" or "."')
    if value.startswith("/") or ".." in value.split("/"):
        raise fail(owner, field, value, 'relative to the repository\'s root, without ".."')


def expression(owner: str, field: str, value: str) -> None:
    """Check for a regular expression."""
    try:
        re.compile(value)
    except re.error as error:
        raise fail(owner, field, value, f"a regular expression: {error}") from None


def glob(owner: str, field: str, value: str) -> None:
    """Check for a glob that is not empty."""
    text(owner, field, value)
    try:
        compile_glob(value)
    except ValueError as error:
        raise fail(owner, field, value, f"a name or glob: {error}") from None


def sequence(owner: str, field: str, value: object, of: type | tuple[type, ...], what: str) -> tuple[object, ...]:
    """Return the entries as a tuple after checking each one's type. `what` names them in the message."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise fail(owner, field, value, f"a list of {what}")
    entries = tuple(value)
    for position, entry in enumerate(entries):
        if not isinstance(entry, of):
            raise fail(owner, f"{field}[{position}]", entry, what)
    return entries


def labels(owner: str, field: str, value: object) -> Mapping[str, str]:
    """Return a read-only copy of a mapping of strings to strings."""
    if not isinstance(value, Mapping) or not all(
        isinstance(key, str) and isinstance(entry, str) for key, entry in value.items()
    ):
        raise fail(owner, field, value, "a mapping of strings to strings")
    return MappingProxyType(dict(sorted(value.items())))
