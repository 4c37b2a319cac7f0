"""Sessions: requests that aiohttp sends, to one API server: those whose answers have no end, and those through a proxy.

Runs that wait for nothing have none of them, so this is imported with the first. What goes wrong is told by the errors
that `connection.explained` knows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import aiohttp
from yarl import URL

from fleet.engine.kubernetes.access import Access
from fleet.engine.kubernetes.connection import (
    CONNECTION_ERRORS,
    AddressError,
    ConnectionFaultError,
    ConnectTimeoutError,
    HungUpError,
    ProxyError,
)
from fleet.engine.kubernetes.requests import Request
from fleet.engine.kubernetes.retries import CONNECT_TIMEOUT_S
from fleet.engine.kubernetes.sockets import Sockets
from fleet.engine.kubernetes.wire import Answer

_OK = 200
_LONGEST_HEADER = 65536
# A stream on which nothing comes for so long may be dead; a quiet one is sent a bookmark every minute.
_LONGEST_SILENCE_S = 90.0

Take = Callable[[bytes], None]


class Sessions:
    """The connections of aiohttp to one API server. `close` it. timeout_s: for all of an answer that has an end."""

    def __init__(self, timeout_s: float) -> None:
        self._sockets = Sockets()
        self._timeout_s = timeout_s
        self._session = self._opened()
        self._left: list[aiohttp.ClientSession] = []

    def _opened(self) -> aiohttp.ClientSession:
        # Concurrency is limited before a request's time starts to run, so the pool itself has no limit.
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60.0, socket_factory=self._sockets.open),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, connect=CONNECT_TIMEOUT_S),
            max_field_size=_LONGEST_HEADER,
        )

    async def exchange(self, request: Request, access: Access) -> Answer:
        """Send a request and return the answer, whatever it says. Raises one of `connection.CONNECTION_ERRORS`."""
        session = self._session
        try:
            async with self._requested(request, access) as answer:
                return await _whole(answer)
        except TimeoutError:
            self._leave(session)
            raise

    def _leave(self, session: aiohttp.ClientSession) -> None:
        """Use no connection of it any more, as in `Wire`. What is still under way on others of them goes on."""
        if session is self._session:
            self._left.append(session)
            self._session = self._opened()

    async def stream(self, request: Request, access: Access, begun: Callable[[int], None], take: Take) -> Answer | None:
        """Hand over each line of an answer as it comes, until it ends or falls silent; return one that is a refusal.

        begun: is told the status. Raises one of `connection.CONNECTION_ERRORS` where no answer begins.
        """
        timeout = aiohttp.ClientTimeout(connect=CONNECT_TIMEOUT_S, sock_read=_LONGEST_SILENCE_S)
        async with self._requested(request, access, timeout=timeout) as answer:
            begun(answer.status)
            if answer.status != _OK:
                return await _whole(answer)
            # Once there was an answer, its end says nothing about the server.
            with suppress(*CONNECTION_ERRORS), _translated():
                await _hand_over(answer, take)
            return None

    async def close(self) -> None:
        """End all connections."""
        for session in (self._session, *self._left):
            await session.close()
        # A watch that was ended while it began leaves a connection that is still being closed.
        await self._sockets.all_closed()

    @asynccontextmanager
    async def _requested(
        self, request: Request, access: Access, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Yield the answer, as far as it has come. options: of aiohttp."""
        headers = [*access.headers, ("Accept", request.accept)]
        if request.body:
            headers.append(("Content-Type", request.content_type))
        sending = self._session.request(
            request.method,
            URL(access.server + request.path, encoded=True),
            data=request.body or None,
            headers=headers,
            ssl=access.tls,
            server_hostname=access.server_name,
            proxy=access.proxy,
            allow_redirects=False,
            **options,
        )
        with _translated():
            async with sending as answer:
                yield answer


async def _whole(answer: aiohttp.ClientResponse) -> Answer:
    headers = [(name.lower(), value) for name, value in answer.headers.items()]
    return Answer(answer.status, headers, await answer.read())


async def _hand_over(answer: aiohttp.ClientResponse, take: Take) -> None:
    rest = b""
    connection = answer.connection
    try:
        async for chunk in answer.content.iter_any():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in filter(None, lines):
                take(line)
    finally:
        # To take leave of a server that is still talking takes longer than the event loop may live.
        if connection is not None and connection.transport is not None:
            connection.transport.abort()


@contextmanager
def _translated() -> Iterator[None]:
    """Raise our own error, or that of the operating system or of TLS, for one of aiohttp's."""
    try:
        yield
    except aiohttp.ClientError as error:
        raise _translation(error) from error


def _translation(error: aiohttp.ClientError) -> Exception:
    for kinds, translate in _TRANSLATIONS:
        if isinstance(error, kinds):
            return translate(error)
    return ConnectionFaultError(str(error) or type(error).__name__)


# The first that fits; kinds of aiohttp's errors are kinds of each other.
_TRANSLATIONS: tuple[tuple[tuple[type[Exception], ...], Callable[[Any], Exception]], ...] = (
    ((aiohttp.ClientConnectorCertificateError,), lambda error: error.certificate_error),
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), lambda error: ProxyError(str(error))),
    ((aiohttp.ClientConnectorError,), lambda error: error.os_error),
    ((aiohttp.InvalidURL,), lambda error: AddressError(str(error))),
    ((aiohttp.ConnectionTimeoutError,), lambda error: ConnectTimeoutError(str(error))),
    ((aiohttp.ServerTimeoutError,), lambda error: TimeoutError(str(error))),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError), lambda error: HungUpError(str(error))),
    ((OSError,), lambda error: error),
)
