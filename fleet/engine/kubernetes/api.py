"""The operations of one API server that the rest is made of: read, list, apply, delete.

In: objects and where they are. Out: what the server says, as data or as errors for people.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fleet.engine.kubernetes import requests
from fleet.engine.kubernetes.answers import refusal
from fleet.engine.kubernetes.discovery import Discovery
from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.refs import Ref, Resource, Target, titled
from fleet.engine.kubernetes.requests import Request, Response
from fleet.engine.kubernetes.retries import backoff_s
from fleet.engine.kubernetes.secrets import with_data
from fleet.engine.kubernetes.transport import Transport

Object = Mapping[str, Any]

_NOT_FOUND, _CONFLICT, _EXPIRED = 404, 409, 410
_APPLY_RETRIES = 4


class Api:
    """One API server."""

    def __init__(self, transport: Transport, discovery: Discovery, cluster: str) -> None:
        self.transport = transport
        self.discovery = discovery
        self.cluster = cluster

    async def target(self, manifest: Object) -> Target:
        """Return where an object belongs. Raises KindNotServedError."""
        ref = Ref.of(manifest)
        return await self.located(ref, await self.discovery.resource(ref.api_version, ref.kind))

    async def located(self, ref: Ref, resource: Resource) -> Target:
        """Return the object with its namespace resolved: the default one where it names none."""
        if not resource.namespaced:
            return Target(replace(ref, namespace=""), resource)
        return Target(replace(ref, namespace=ref.namespace or await self.namespace()), resource)

    async def namespace(self) -> str:
        """Return the namespace of objects that name none."""
        return (await self.transport.access()).namespace

    async def apply(self, target: Target, wanted: Object, *, manager: str, dry_run: bool = False) -> Response:
        """Server-side apply. Returns a success: status 201 where the object was made. Raises ObjectFailedError."""
        body = requests.encoded(with_data(wanted))
        request = requests.apply(target.path, str(target), body, manager=manager, dry_run=dry_run)
        response = await self.transport.send(request)
        for attempt in range(_APPLY_RETRIES):
            if not _is_race(response):
                break
            await asyncio.sleep(backoff_s(attempt))
            response = await self.transport.send(request)
        if not response.ok:
            raise self.refused(response, str(target), wanted)
        return response

    async def read(self, target: Target, *, metadata_only: bool = False) -> Object | None:
        """Return an object as it is, None when it is not there. Raises ObjectFailedError."""
        response = await self.transport.send(requests.read(target.path, str(target), metadata_only=metadata_only))
        if response.status == _NOT_FOUND:
            return None
        return self._body(response, str(target))

    async def pages(
        self, resource: Resource, namespace: str = "", *, metadata_only: bool
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Yield a collection page by page, as Lists. namespace: empty for all. Raises ObjectFailedError.

        A list that takes so long that the server forgets where it was goes on with what is there by then.
        """
        path, about = resource.path(namespace), _collection(resource, namespace)
        token = ""
        while True:
            request = requests.read_page(path, about, metadata_only=metadata_only, token=token)
            response = await self.transport.send(request)
            if response.status == _EXPIRED and token:
                token = str(response.body.get("metadata", {}).get("continue") or "")
                continue
            page = self._body(response, about)
            yield page
            token = str((page.get("metadata") or {}).get("continue") or "")
            if not token:
                return

    async def watch(
        self,
        resource: Resource,
        namespace: str,
        version: str,
        take: Callable[[str, Object], None],
        *,
        metadata_only: bool,
    ) -> Response | None:
        """Hand over what becomes of a collection's objects after a version, until the server ends it.

        namespace: empty for all. take: gets `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`, and the object. Returns None
        for an end after which to go on from the last version, or the refusal, 410 where the version is too old.
        """
        ended: list[Response] = []

        def pass_on(event: Any) -> None:
            kind, body = (event.get("type"), event.get("object")) if isinstance(event, Mapping) else (None, None)
            if kind == "ERROR":
                ended.append(Response(int((body or {}).get("code") or 0), body))
            elif kind and body and not ended:
                take(kind, body)

        request = requests.watch(
            resource.path(namespace), _collection(resource, namespace), version=version, metadata_only=metadata_only
        )
        refusal = await self.transport.stream(request, pass_on)
        return refusal or next(iter(ended), None)

    async def set_managed_fields(
        self, target: Target, entries: Sequence[Object], resource_version: str, *, manager: str
    ) -> bool:
        """Rewrite managedFields; False when the object was changed meanwhile. Raises ObjectFailedError."""
        request = requests.set_managed_fields(target.path, str(target), entries, resource_version, manager=manager)
        response = await self.transport.send(request)
        if response.status == _CONFLICT:
            return False
        self._body(response, str(target))
        return True

    async def send(self, request: Request) -> Response:
        """Send a request whose refusals mean something to the caller."""
        return await self.transport.send(request)

    def refused(self, response: Response, about: str, sent: Object | None = None) -> ObjectFailedError:
        """Return the error for a refusal. sent: what must not be repeated in it."""
        return refusal(response, about, self.cluster, sent)

    def _body(self, response: Response, about: str) -> Mapping[str, Any]:
        if not response.ok or not isinstance(response.body, Mapping):
            raise self.refused(response, about)
        return response.body


def _is_race(response: Response) -> bool:
    """Return whether applying again helps: two writers at once, or a kind that is served only just now."""
    is_kind_unknown = response.status == _NOT_FOUND and not response.details
    return response.status == _CONFLICT or is_kind_unknown


def _collection(resource: Resource, namespace: str) -> str:
    kind = titled(resource.api_version, resource.kind)
    return f"list of {kind} in {namespace}" if namespace else f"list of {kind}"
