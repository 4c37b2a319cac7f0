"""Server: answers unary calls on a port of the loopback interface.

In: a function for each method, bytes to bytes. Out: an address. Who calls may be any gRPC library.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import field
from typing import Final

from fleet.frozen import dataclass
from fleet.rpc import frames
from fleet.rpc.errors import INTERNAL, OK, UNIMPLEMENTED, ProtocolError, RpcError
from fleet.rpc.headers import block_of, message_field
from fleet.rpc.link import Link, message_of

Handler = Callable[[bytes, Mapping[str, str]], Awaitable[bytes]]

_log = logging.getLogger(__name__)

_RESPONSE: Final = (":status", "200"), ("content-type", "application/grpc")
_RESPONSE_BLOCK: Final = block_of(*_RESPONSE)
_OK_BLOCK: Final = block_of(("grpc-status", str(OK)))
_LOOPBACK: Final = "127.0.0.1"
_FEW: Final = 16


@dataclass(frozen=True, slots=True)
class _Service:
    """What all callers share. links: the callers. tasks: calls being handled, also those whose callers are gone."""

    handlers: Mapping[str, Handler]
    links: set[_ServerLink] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class _ServerLink(Link):
    """One caller. Owns its calls whose answers it waits for."""

    def __init__(self, service: _Service) -> None:
        super().__init__()
        self._service = service
        self._greeting = frames.PREFACE
        self._asked: dict[int, tuple[Mapping[str, str], list[bytes]]] = {}
        self._awaited: set[int] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        super().connection_made(transport)
        self._service.links.add(self)
        self.begin(b"")

    def data_received(self, data: bytes) -> None:
        """Take what the caller has sent."""
        if self._greeting:
            greeting, data = data[: len(self._greeting)], data[len(self._greeting) :]
            if not self._greeting.startswith(greeting):
                self.close()
                return
            self._greeting = self._greeting[len(greeting) :]
        super().data_received(data)

    def received_headers(self, stream: int, fields: Mapping[str, str], *, ends: bool) -> None:
        """Take the beginning of a call."""
        if stream in self._asked:
            raise ProtocolError("a call has no trailers")
        self.opened(stream)
        self._asked[stream] = fields, []
        if ends:
            self._begin(stream)

    def received_data(self, stream: int, data: bytes, *, ends: bool) -> None:
        """Take a piece of a call's message."""
        asked = self._asked.get(stream)
        if asked is None:
            return
        asked[1].append(data)
        if ends:
            self._begin(stream)

    def received_reset(self, stream: int) -> None:
        """Forget a call whose answer nobody waits for; what has begun with it goes on."""
        self._asked.pop(stream, None)
        self._awaited.discard(stream)

    def is_busy(self) -> bool:
        """Return whether there are many calls under way: then the caller waits for none of them in particular."""
        return len(self._awaited) > _FEW

    def lost(self) -> None:
        """Forget all calls."""
        self._service.links.discard(self)
        self._asked.clear()
        self._awaited.clear()

    def _begin(self, stream: int) -> None:
        fields, parts = self._asked.pop(stream)
        self._awaited.add(stream)
        task = self._loop.create_task(self._answer(stream, fields, b"".join(parts)))
        self._service.tasks.add(task)
        task.add_done_callback(self._service.tasks.discard)

    async def _answer(self, stream: int, fields: Mapping[str, str], data: bytes) -> None:
        try:
            answer = await self._handle(fields, data)
        except RpcError as error:
            if self._is_awaited(stream):
                self._refuse(stream, error)
            return
        if self._is_awaited(stream):
            self.send(stream, _RESPONSE_BLOCK, answer, _OK_BLOCK)

    def _is_awaited(self, stream: int) -> bool:
        """Return whether somebody waits for an answer, which comes now."""
        if stream not in self._awaited:
            return False
        self._awaited.remove(stream)
        return True

    async def _handle(self, fields: Mapping[str, str], data: bytes) -> bytes:
        path = fields.get(":path", "")
        handler = self._service.handlers.get(path)
        if handler is None:
            raise RpcError(UNIMPLEMENTED, f"there is no method {path}")
        try:
            return await handler(message_of(data), fields)
        except RpcError:
            raise
        except Exception as error:
            _log.exception("%s failed", path)
            raise RpcError(INTERNAL, f"{type(error).__name__} in {path}") from error

    def _refuse(self, stream: int, error: RpcError) -> None:
        status = ("grpc-status", str(error.status)), ("grpc-message", message_field(error.message))
        block = block_of(*_RESPONSE, *status)
        self.write(frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, stream, block))
        self.ended(stream)


@asynccontextmanager
async def serve(handlers: Mapping[str, Handler]) -> AsyncIterator[str]:
    """Serve for the duration of the block; yields the address, `127.0.0.1:<port>`.

    handlers: by `/<service>/<method>`; they get the message and the header fields of a call, and say by RpcError what
    is wrong with it. Calls that are under way at the end are answered no more.
    """
    service = _Service(handlers)
    server = await asyncio.get_running_loop().create_server(lambda: _ServerLink(service), _LOOPBACK, 0)
    try:
        yield f"{_LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        closing = tuple(service.links)
        for link in closing:
            link.abort()
        await asyncio.gather(*(link.closed for link in closing))
