"""A cable to a real API server that breaks in the middle: what passes through it is TLS, of which it knows nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Break = Callable[["Strand"], Awaitable[None]]
_CHUNK = 16_384


@dataclass(eq=False)
class Strand:
    """One connection through the cable. passed: bytes of the server's that came through."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    passed: int = 0
    is_dead: bool = False

    async def up(self, reader: asyncio.StreamReader) -> None:
        """Carry what the client sends."""
        while data := await reader.read(_CHUNK):
            if not self.is_dead:
                self.server.write(data)
                await self.server.drain()

    async def down(self, reader: asyncio.StreamReader, limit: int | None, end: Break) -> None:
        """Carry what the server sends; after `limit` bytes, break."""
        while data := await reader.read(_CHUNK):
            room = len(data) if limit is None else min(len(data), limit - self.passed)
            if not self.is_dead and room:
                self.client.write(data[:room])
                await self.client.drain()
                self.passed += room
            if limit is not None and self.passed >= limit:
                await end(self)
                limit = None

    def close(self) -> None:
        """Take both ends down."""
        for writer in (self.client, self.server):
            writer.transport.abort()


async def reset(strand: Strand) -> None:
    """Break as a machine does that knows nothing of the connection any more."""
    strand.close()


async def hang_up(strand: Strand) -> None:
    """End as a process does that is gone: no word of TLS's, but an end."""
    strand.client.close()
    strand.server.transport.abort()


async def swallow(strand: Strand) -> None:
    """Let nothing through any more, and say nothing of it."""
    strand.is_dead = True


@dataclass(eq=False)
class Cable:
    """limits: of the next connections, how many bytes of answers come through; then `end`. strands: that are open."""

    there: tuple[str, int]
    limits: deque[int] = field(default_factory=deque)
    end: Break = reset
    port: int = 0
    connections: int = 0
    strands: list[Strand] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin to be one connection more."""
        self.tasks.add(asyncio.ensure_future(self._carry(reader, writer)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        limit = self.limits.popleft() if self.limits else None
        there, onward = await asyncio.open_connection(*self.there)
        strand = Strand(writer, onward)
        self.strands.append(strand)
        ways = [asyncio.ensure_future(each) for each in (strand.up(reader), strand.down(there, limit, self.end))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
                with suppress(asyncio.CancelledError, OSError):
                    await way
            strand.close()
            self.strands.remove(strand)


@asynccontextmanager
async def laid(host: str, port: int) -> AsyncIterator[Cable]:
    """Yield a cable to a server."""
    cable = Cable((host, port))
    server = await asyncio.start_server(cable.take, "127.0.0.1", 0)
    cable.port = server.sockets[0].getsockname()[1]
    try:
        yield cable
    finally:
        server.close()
        for strand in tuple(cable.strands):
            strand.close()
        await asyncio.gather(*cable.tasks)
