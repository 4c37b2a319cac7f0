"""Client: unary calls to one server, many at a time, over one connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from fleet.rpc import frames
from fleet.rpc.errors import CANCELLED, INTERNAL, OK, UNAVAILABLE, UNKNOWN, RpcError
from fleet.rpc.headers import block_of, message_of
from fleet.rpc.link import Link
from fleet.rpc.link import message_of as content_of

Fields = tuple[tuple[str, str], ...]

_ENDED: Final = "the connection has ended"


@dataclass(slots=True)
class _Call:
    """A call that waits for its answer. parts: of the message, as far as it has come."""

    answer: asyncio.Future[bytes]
    parts: list[bytes] = field(default_factory=list)


class _ClientLink(Link):
    """The connection. Owns the calls that are not answered, and those that the server has no room for yet."""

    def __init__(self, authority: str) -> None:
        super().__init__()
        self._authority = authority
        self._blocks: dict[tuple[str, Fields], bytes] = {}
        self._calls: dict[int, _Call] = {}
        self._waiting: deque[tuple[bytes, bytes, _Call]] = deque()
        self._next = 1
        self._is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        super().connection_made(transport)
        self.begin(frames.PREFACE)

    def call(self, path: str, message: bytes, fields: Fields) -> asyncio.Future[bytes]:
        """Make a call; the future is its answer."""
        block = self._block_of(path, fields)
        call = _Call(self._loop.create_future())
        if self._is_over:
            call.answer.set_exception(RpcError(UNAVAILABLE, _ENDED))
        elif len(self._calls) < self.limit:
            self._ask(block, message, call)
        else:
            self._waiting.append((block, message, call))
        return call.answer

    def _ask(self, block: bytes, message: bytes, call: _Call) -> None:
        self._calls[self._next] = call
        self.send(self._next, block, message, b"")
        self._next += 2

    def _block_of(self, path: str, fields: Fields) -> bytes:
        block = self._blocks.get((path, fields))
        if block is None:
            block = self._blocks[path, fields] = block_of(
                (":method", "POST"),
                (":scheme", "http"),
                (":path", path),
                (":authority", self._authority),
                ("te", "trailers"),
                ("content-type", "application/grpc"),
                ("user-agent", "fleet"),
                *fields,
            )
        return block

    def received_headers(self, stream: int, fields: Mapping[str, str], *, ends: bool) -> None:
        """Take the beginning, or the end, of an answer."""
        if not ends or stream not in self._calls:
            return
        if fields.get("grpc-status") == str(OK):
            self._settle(stream, None)
        else:
            self._settle(stream, _error_of(fields))

    def received_data(self, stream: int, data: bytes, *, ends: bool) -> None:
        """Take a piece of an answer's message."""
        call = self._calls.get(stream)
        if call is None:
            return
        call.parts.append(data)
        if ends:
            self._settle(stream, RpcError(INTERNAL, "the answer has no status"))

    def received_reset(self, stream: int) -> None:
        """Take it that a call is not answered."""
        if stream in self._calls:
            self._settle(stream, RpcError(CANCELLED, "the server has given the call up"))

    def lost(self) -> None:
        """Take it that no call is answered any more."""
        self._is_over = True
        for call in (*self._calls.values(), *(call for _, _, call in self._waiting)):
            _fail(call, RpcError(UNAVAILABLE, _ENDED))
        self._calls.clear()
        self._waiting.clear()

    def _settle(self, stream: int, error: RpcError | None) -> None:
        call = self._calls.pop(stream)
        if error is not None:
            _fail(call, error)
        elif not call.answer.done():
            try:
                call.answer.set_result(content_of(call.parts[0] if len(call.parts) == 1 else b"".join(call.parts)))
            except RpcError as wrong:
                _fail(call, wrong)
        self.ended(stream)
        while self._waiting and len(self._calls) < self.limit:
            self._ask(*self._waiting.popleft())


def _error_of(fields: Mapping[str, str]) -> RpcError:
    status, message = fields.get("grpc-status", ""), message_of(fields.get("grpc-message", ""))
    if status.isdecimal():
        return RpcError(int(status), message)
    return RpcError(UNKNOWN, message or f"the server answers with HTTP status {fields.get(':status', 'unknown')}")


def _fail(call: _Call, error: RpcError) -> None:
    if not call.answer.done():
        call.answer.set_exception(error)


class Channel:
    """Where calls are made. Once the connection has ended, each of them is UNAVAILABLE."""

    def __init__(self, link: _ClientLink) -> None:
        self._link = link

    async def call(self, path: str, message: bytes, fields: Fields = ()) -> bytes:
        """Return the answer to a call of `/<service>/<method>`. Raises RpcError.

        fields: further header fields, gRPC's metadata. A server that does not know them takes no notice.
        """
        return await self._link.call(path, message, fields)


@asynccontextmanager
async def connect(host: str, port: int) -> AsyncIterator[Channel]:
    """Yield a channel to a server, for the duration of the block. Raises OSError where there is none."""
    _, link = await asyncio.get_running_loop().create_connection(lambda: _ClientLink(f"{host}:{port}"), host, port)
    try:
        yield Channel(link)
    finally:
        link.abort()
        await link.closed
