"""Requests to an API server and its answers, as values. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import orjson

from fleet.frozen import dataclass

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
DISCOVERY = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
)
PAGE = 500
# The API server ends a watch after so long; it is gone on with. Its own default is anything from half an hour to one.
_WATCH_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Request:
    """One request that may be sent any number of times: everything we send is idempotent.

    verb: what it counts as. path: with query. about: what it is about, for messages: `Deployment.apps default/web`.
    """

    verb: str
    method: str
    path: str
    about: str
    body: bytes = b""
    content_type: str = JSON
    accept: str = JSON


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. body: decoded JSON, or the text where it is none. retry_after_s: what the server asks to wait."""

    status: int
    body: Any
    retry_after_s: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        """What the server says, for people."""
        text = self.body.get("message") if isinstance(self.body, Mapping) else self.body
        return str(text or "").strip() or f"HTTP status {self.status}"

    @property
    def reason(self) -> str:
        """The word of Kubernetes for it, `AlreadyExists`; empty where there is none."""
        return str(self.body.get("reason") or "") if isinstance(self.body, Mapping) else ""

    @property
    def details(self) -> Mapping[str, Any]:
        """The details of a Status."""
        details = self.body.get("details") if isinstance(self.body, Mapping) else None
        return details if isinstance(details, Mapping) else {}

    @property
    def causes(self) -> Sequence[Mapping[str, Any]]:
        """The causes in the details."""
        return self.details.get("causes") or ()


def encoded(value: Any) -> bytes:
    """Return JSON; mappings of any class are objects."""
    try:
        return orjson.dumps(value, default=_plain)
    except orjson.JSONEncodeError:
        # Numbers of more than 64 bits, and half of a surrogate pair: the API server says what is wrong with them.
        return json.dumps(value, default=_plain, separators=(",", ":")).encode()


def apply(path: str, about: str, body: bytes, *, manager: str, dry_run: bool) -> Request:
    """Server-side apply; JSON is YAML. In a conflict the program wins, which is what makes it the source of truth."""
    verb = "dry-run" if dry_run else "apply"
    return Request(verb, "PATCH", f"{path}?{_apply_query(manager, dry_run=dry_run)}", about, body, APPLY)


@lru_cache(maxsize=64)
def _apply_query(manager: str, *, dry_run: bool) -> str:
    """Return what follows the path.

    fieldValidation=Ignore: server-side apply refuses unknown fields and warns of deprecations whatever is asked for.
    All that Warn and Strict add is to parse the body a second time, in search of keys that are there twice
    (apiserver/pkg/endpoints/handlers/patch.go, applyPatcher), which there are none of in what `encoded` returns.
    """
    query = {"fieldManager": manager, "force": "true", "fieldValidation": "Ignore"}
    return urlencode({**query, "dryRun": "All"} if dry_run else query)


def read(path: str, about: str, *, metadata_only: bool = False) -> Request:
    """GET of one object."""
    return Request("get", "GET", path, about, accept=METADATA if metadata_only else JSON)


def read_page(path: str, about: str, *, metadata_only: bool, token: str = "") -> Request:
    """GET of one page of a collection."""
    query = {"limit": str(PAGE), **({"continue": token} if token else {})}
    accept = METADATA_LIST if metadata_only else JSON
    return Request("list", "GET", f"{path}?{urlencode(query)}", about, accept=accept)


def watch(path: str, about: str, *, version: str, metadata_only: bool) -> Request:
    """Watch a collection for what comes after a version."""
    query = {
        "watch": "true",
        "resourceVersion": version,
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(_WATCH_TIMEOUT_S),
    }
    return Request("watch", "GET", f"{path}?{urlencode(query)}", about, accept=METADATA if metadata_only else JSON)


def select(path: str, about: str, **selectors: str) -> Request:
    """GET of the first page of what selectors (`labelSelector`, `fieldSelector`) choose in a collection."""
    return Request("list", "GET", f"{path}?{urlencode({'limit': str(PAGE), **selectors})}", about)


def read_log(path: str, about: str, *, container: str, previous: bool, lines: int) -> Request:
    """GET of the last lines that a container has said. path: of its pod. previous: its last life."""
    query = {"container": container, "tailLines": str(lines), "previous": str(previous).lower()}
    return Request("log", "GET", f"{path}/log?{urlencode(query)}", about, accept="*/*")


def discover(path: str) -> Request:
    """GET of the kinds below /api or /apis, in the aggregated form."""
    return Request("discover", "GET", path, "the kinds that the cluster serves", accept=DISCOVERY)


def delete(path: str, about: str, *, propagation: str, uid: str = "") -> Request:
    """DELETE of one object, and only of the one with the uid where it is given."""
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
    if uid:
        options["preconditions"] = {"uid": uid}
    return Request("delete", "DELETE", path, about, encoded(options))


def set_managed_fields(
    path: str, about: str, entries: Sequence[Mapping[str, Any]], resource_version: str, *, manager: str
) -> Request:
    """Rewrite managedFields of exactly the version that they were read from; a Conflict otherwise.

    resourceVersion is replaced, not tested, so that a change in between is answered with 409 (csaupgrade).
    """
    patch = [
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": resource_version},
    ]
    query = urlencode({"fieldManager": manager})
    return Request("patch", "PATCH", f"{path}?{query}", about, encoded(patch), JSON_PATCH)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not JSON: {type(value).__name__}")
