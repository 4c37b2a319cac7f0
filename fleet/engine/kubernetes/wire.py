"""HTTP/1.1 to one API server: connections that stay open, each with one request under way at a time.

Most of what a run costs is requests of a few hundred bytes. A general client spends more time on each than the API
server's answer takes to parse; this one does what the path of an apply needs, and nothing else: no redirects, cookies,
proxies or streams. httptools, Node's parser, reads the answers. What goes wrong is told by errors that
`connection.explained` knows.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

import httptools
from aiohappyeyeballs import AddrInfoType, start_connection

from fleet.engine.kubernetes.access import Access
from fleet.engine.kubernetes.connection import AddressError, ConnectTimeoutError, HungUpError
from fleet.engine.kubernetes.requests import Request
from fleet.frozen import dataclass

_AGENT = "fleet"
_PORTS = {"https": 443, "http": 80}
# API servers keep idle connections for longer; what is in between, a load balancer, mostly for a minute.
_LONGEST_IDLE_S = 55.0
# RFC 8305, section 5: how long to wait for one address of a name before the next is tried too.
_NEXT_ADDRESS_S = 0.25
_FIRST_FINAL = 200
# What says where an answer ends; without, it ends with the connection, as of servers that refuse to speak with us.
_LENGTHS = ("content-length", "transfer-encoding")
# zlib's wbits for data with a gzip header.
_GZIP = 31


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came. headers: names in lower case, in order, repeated ones too. body: decompressed."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of the headers with this name, in lower case."""
        return [value for key, value in self.headers if key == name]


class StaleConnectionError(HungUpError):
    """The server closed a connection that was idle just when it was used again: no trouble yet, but no answer."""


class Wire:
    """The connections to one API server; with other access, other connections. `close` it.

    connect_timeout_s: for a connection to be ready for a request, TLS included. timeout_s: for the answer, from then.
    """

    def __init__(self, *, timeout_s: float, connect_timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._connect_timeout_s = min(connect_timeout_s, timeout_s)
        self._route: _Route | None = None
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()

    async def exchange(self, request: Request, access: Access, *, anew: bool = False) -> Answer:
        """Send a request and return the answer, whatever it says.

        anew: over a connection of its own. Raises StaleConnectionError where that would have been better, otherwise one
        of `connection.CONNECTION_ERRORS`.
        """
        route = self._to(access)
        used = None if anew else self._used()
        connection = used or await self._connect(route)
        try:
            answer = await connection.exchange(route.message(request), self._timeout_s)
        except (HungUpError, ConnectionError) as error:
            connection.abort()
            if used is None or used.has_answered:
                raise
            raise StaleConnectionError from error
        except BaseException as error:
            connection.abort()
            if isinstance(error, TimeoutError):
                # What is between may have forgotten all connections; each would have to be waited for.
                self._leave_idle()
            raise
        if connection.is_reusable and route is self._route:
            self._idle.append(connection)
        else:
            connection.abort()
        return answer

    async def close(self) -> None:
        """End all connections."""
        self._idle.clear()
        for connection in (closing := tuple(self._open)):
            connection.abort()
        await asyncio.gather(*(connection.closed for connection in closing))

    def _to(self, access: Access) -> _Route:
        if self._route is None or self._route.access is not access:
            self._leave_idle()
            self._route = _Route.of(access)
        return self._route

    def _leave_idle(self) -> None:
        for connection in self._idle:
            connection.abort()
        self._idle.clear()

    def _used(self) -> _Connection | None:
        """Return a connection that is open and idle."""
        oldest = asyncio.get_running_loop().time() - _LONGEST_IDLE_S
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable and connection.idle_since > oldest:
                connection.has_answered = False
                return connection
            connection.abort()
        return None

    async def _connect(self, route: _Route) -> _Connection:
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                return await route.connect(self._open)
        except TimeoutError as error:
            raise ConnectTimeoutError(f"no connection to {route.host}") from error


@dataclass(frozen=True, slots=True)
class _Route:
    """The way to a server. prefix: of every path. head: the header lines that all requests have."""

    access: Access
    host: str
    port: int
    prefix: str
    head: str

    @classmethod
    def of(cls, access: Access) -> _Route:
        parts = urlsplit(access.server)
        try:
            host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        except ValueError as error:
            raise AddressError(access.server) from error
        headers = [("Host", parts.netloc.rpartition("@")[2]), ("User-Agent", _AGENT), ("Accept-Encoding", "gzip")]
        head = "".join(f"{name}: {value}\r\n" for name, value in (*headers, *access.headers))
        return cls(access, host, port, parts.path.rstrip("/"), head)

    def message(self, request: Request) -> bytes:
        """Return what is sent for a request. Its path is encoded already, so that it cannot hold a line's end."""
        body = request.body
        about = f"Content-Type: {request.content_type}\r\nContent-Length: {len(body)}\r\n" if body else ""
        first = f"{request.method} {self.prefix}{request.path} HTTP/1.1\r\n"
        return f"{first}{self.head}Accept: {request.accept}\r\n{about}\r\n".encode("latin-1") + body

    async def connect(self, among: set[_Connection]) -> _Connection:
        """Return a new connection; it is one of `among` until it is closed."""
        tls = self.access.tls if isinstance(self.access.tls, ssl.SSLContext) else None
        connected = await start_connection(await self._addresses(), happy_eyeballs_delay=_NEXT_ADDRESS_S)
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: _Connection(among),
            sock=connected,
            ssl=tls,
            server_hostname=(self.access.server_name or self.host) if tls else None,
        )
        return connection

    async def _addresses(self) -> Sequence[AddrInfoType]:
        try:
            numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
            return socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM, flags=numeric)
        except socket.gaierror:
            loop = asyncio.get_running_loop()
            return await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)


class _Connection(asyncio.Protocol):
    """One connection, and the answer that comes on it.

    has_answered: something has come since it was last taken. idle_since: on the loop's clock. closed: done once it is.
    """

    def __init__(self, among: set[_Connection]) -> None:
        self._among = among
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._has_head = False
        self.closed = asyncio.get_running_loop().create_future()
        self.has_answered = False
        self.is_reusable = False
        self.idle_since = 0.0

    async def exchange(self, message: bytes, timeout_s: float) -> Answer:
        """Send a request and return its answer. Raises TimeoutError where it is not there in time."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._answer = answer
        timer = loop.call_later(timeout_s, self._fail, TimeoutError())
        try:
            self._send(message)
            return await answer
        finally:
            timer.cancel()

    def _send(self, message: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            self._fail(HungUpError())
        else:
            self._transport.write(message)

    def abort(self) -> None:
        """End the connection at once."""
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._among.add(self)

    def data_received(self, data: bytes) -> None:
        self.has_answered = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(HungUpError(f"it does not speak HTTP: {error}"))
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_reusable = False
        self._among.discard(self)
        self.closed.set_result(None)
        if exc is None and self._ends_with_connection():
            self.on_message_complete()
        self._fail(exc or HungUpError())

    def _ends_with_connection(self) -> bool:
        return self._has_head and not any(name in _LENGTHS for name, _ in self._headers)

    def on_message_begin(self) -> None:
        self._headers, self._body, self._has_head = [], [], False

    def on_headers_complete(self) -> None:
        self._has_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1").lower(), value.decode("utf-8", "replace")))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < _FIRST_FINAL or self._answer is None:
            return
        self.is_reusable = not self.closed.done() and self._parser.should_keep_alive()
        self.idle_since = asyncio.get_running_loop().time()
        answer, self._answer = self._answer, None
        if not answer.done():
            _settle(answer, status, self._headers, b"".join(self._body))
        self._headers, self._body, self._has_head = [], [], False

    def _fail(self, error: Exception) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)


def _settle(answer: asyncio.Future[Answer], status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
    try:
        is_packed = body and ("content-encoding", "gzip") in headers
        answer.set_result(Answer(status, headers, zlib.decompress(body, _GZIP) if is_packed else body))
    except zlib.error as error:
        answer.set_exception(HungUpError(f"what it sends cannot be unpacked: {error}"))
