"""Server: answers unary calls on a port of the loopback interface.

In: a function for each method, bytes to bytes. Out: an address. Who calls may be any gRPC library.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from fleet.rpc import frames
from fleet.rpc.errors import INTERNAL, OK, UNIMPLEMENTED, ProtocolError, RpcError
from fleet.rpc.headers import block_of, message_field
from fleet.rpc.link import Link, message_of

Handler = Callable[[bytes], Awaitable[bytes]]

_log = logging.getLogger(__name__)

_RESPONSE: Final = (":status", "200"), ("content-type", "application/grpc")
_RESPONSE_BLOCK: Final = block_of(*_RESPONSE)
_OK_BLOCK: Final = block_of(("grpc-status", str(OK)))
_LOOPBACK: Final = "127.0.0.1"


class _ServerLink(Link):
    """One caller. Owns its calls under way."""

    def __init__(self, handlers: Mapping[str, Handler], among: set[_ServerLink]) -> None:
        super().__init__()
        self._handlers = handlers
        self._among = among
        self._greeting = frames.PREFACE
        self._asked: dict[int, tuple[str, list[bytes]]] = {}
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        super().connection_made(transport)
        self._among.add(self)
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
        self._asked[stream] = fields.get(":path", ""), []
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
        self._under_way.pop(stream, None)

    def lost(self) -> None:
        """Forget all calls."""
        self._among.discard(self)
        self._asked.clear()
        self._under_way.clear()

    def _begin(self, stream: int) -> None:
        path, parts = self._asked.pop(stream)
        self._under_way[stream] = self._loop.create_task(self._answer(stream, path, b"".join(parts)))

    async def _answer(self, stream: int, path: str, data: bytes) -> None:
        try:
            answer = await self._handle(path, data)
        except RpcError as error:
            if self._under_way.pop(stream, None) is not None:
                self._refuse(stream, error)
            return
        if self._under_way.pop(stream, None) is not None:
            self.send(stream, _RESPONSE_BLOCK, answer, _OK_BLOCK)

    async def _handle(self, path: str, data: bytes) -> bytes:
        handler = self._handlers.get(path)
        if handler is None:
            raise RpcError(UNIMPLEMENTED, f"there is no method {path}")
        try:
            return await handler(message_of(data))
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

    handlers: by `/<service>/<method>`. One says by RpcError what is wrong with a call. Calls that are under way at the
    end are answered no more.
    """
    links: set[_ServerLink] = set()
    server = await asyncio.get_running_loop().create_server(lambda: _ServerLink(handlers, links), _LOOPBACK, 0)
    try:
        yield f"{_LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        closing = tuple(links)
        for link in closing:
            link.abort()
        await asyncio.gather(*(link.closed for link in closing))
