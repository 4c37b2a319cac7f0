"""What is sent over a connection, what answers may look like, and when a connection is used again."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from fleet.engine.kubernetes import requests
from fleet.engine.kubernetes.access import Access
from fleet.engine.kubernetes.connection import HungUpError
from fleet.engine.kubernetes.requests import Request
from fleet.engine.kubernetes.wire import StaleConnectionError, Wire

READ = Request("get", "GET", "/api/v1/x?limit=1", "x")
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LONG = b"a text that is repeated, " * 1_000


@dataclass
class Server:
    """Says what it was told to, one text for each request; None hangs up. seen: (connection, head, body)."""

    answers: list[bytes | None]
    seen: list[tuple[int, str, bytes]] = field(default_factory=list)
    connections: int = 0
    address: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(line[16:]) for line in head.split("\r\n") if line.startswith("Content-Length: ")), 0)
                self.seen.append((number, head, await reader.readexactly(length)))
                answer = self.answers.pop(0)
                if answer is None:
                    return
                writer.write(answer)
                if b"Connection: close" in answer or (b"Content-Length" not in answer and b"chunked" not in answer):
                    return
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    def access(self, path: str = "", **headers: str) -> Access:
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return Access(
            self.address + path, "default", "test", named, tls=False, server_name=None, proxy=None, expires_at=None
        )


@asynccontextmanager
async def serving(*answers: bytes | None) -> AsyncIterator[tuple[Server, Wire]]:
    server, wire = Server(list(answers)), Wire(timeout_s=5.0, connect_timeout_s=5.0)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.address = "http://127.0.0.1:{1}".format(*listening.sockets[0].getsockname())
        try:
            yield server, wire
        finally:
            await wire.close()


async def test_what_is_sent() -> None:
    async with serving(PLAIN) as (server, wire):
        access = server.access("/k8s/clusters/one", Authorization="Bearer t", Impersonate_Group="a")
        await wire.exchange(requests.apply("/api/v1/y", "y", b"{}", manager="m", dry_run=False), access)
    _, head, body = server.seen[0]
    first, *lines = head.split("\r\n")
    assert first == "PATCH /k8s/clusters/one/api/v1/y?fieldManager=m&force=true&fieldValidation=Ignore HTTP/1.1"
    assert body == b"{}"
    assert set(filter(None, lines)) == {
        f"Host: {server.address[7:]}",
        "User-Agent: fleet",
        "Accept-Encoding: gzip",
        "Authorization: Bearer t",
        "Impersonate-Group: a",
        "Accept: application/json",
        "Content-Type: application/apply-patch+yaml",
        "Content-Length: 2",
    }


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(PLAIN, b"{}", id="length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n3\r\n...\r\n0\r\n\r\n",
            b"{}...",
            id="chunks",
        ),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nall of it", b"all of it", id="until-the-end"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, b"{}", id="after-100"),
        pytest.param(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", b"", id="nothing"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
            % (len(gzip.compress(LONG, mtime=0)), gzip.compress(LONG, mtime=0)),
            LONG,
            id="packed",
        ),
    ],
)
async def test_what_an_answer_may_look_like(raw: bytes, expected: bytes) -> None:
    async with serving(raw) as (server, wire):
        assert (await wire.exchange(READ, server.access())).body == expected


async def test_headers_may_come_more_than_once() -> None:
    async with serving(PLAIN.replace(b"\r\n\r\n", b'\r\nWarning: 299 - "a"\r\nwarning: 299 - "b"\r\n\r\n')) as (
        server,
        wire,
    ):
        answer = await wire.exchange(READ, server.access())
    assert answer.all("warning") == ['299 - "a"', '299 - "b"']


async def test_a_connection_is_used_again() -> None:
    async with serving(PLAIN, PLAIN) as (server, wire):
        access = server.access()
        assert await wire.exchange(READ, access) == await wire.exchange(READ, access)
    assert [connection for connection, *_ in server.seen] == [1, 1]


@pytest.mark.parametrize("way", ["said-so", "other-access", "anew"])
async def test_a_connection_is_not_used_again(way: str) -> None:
    closing = PLAIN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with serving(closing if way == "said-so" else PLAIN, PLAIN) as (server, wire):
        access = server.access()
        await wire.exchange(READ, access)
        await wire.exchange(READ, server.access() if way == "other-access" else access, anew=way == "anew")
    assert [connection for connection, *_ in server.seen] == [1, 2]


async def test_a_connection_that_was_idle_and_is_closed_is_told_apart() -> None:
    async with serving(PLAIN, None, PLAIN) as (server, wire):
        access = server.access()
        await wire.exchange(READ, access)
        with pytest.raises(StaleConnectionError):
            await wire.exchange(READ, access)
        assert (await wire.exchange(READ, access, anew=True)).body == b"{}"


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        pytest.param(None, HungUpError, id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{", HungUpError, id="half"),
        pytest.param(b"220 smtp.example.com ESMTP\r\n", HungUpError, id="not-http"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            HungUpError,
            id="not-packed",
        ),
    ],
)
async def test_what_is_no_answer(raw: bytes | None, error: type[Exception]) -> None:
    async with serving(raw) as (server, wire):
        with pytest.raises(error) as raised:
            await wire.exchange(READ, server.access())
    assert not isinstance(raised.value, StaleConnectionError)


async def test_an_answer_has_its_time() -> None:
    silent, wire = Server([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]), Wire(timeout_s=0.2, connect_timeout_s=5.0)
    async with await asyncio.start_server(silent.serve, "127.0.0.1", 0) as listening:
        silent.address = "http://127.0.0.1:{1}".format(*listening.sockets[0].getsockname())
        with pytest.raises(TimeoutError):
            await wire.exchange(READ, silent.access())
        await wire.close()
