"""Calls over real connections: ours on both ends, and gRPC's own library on either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

from fleet.rpc import client, frames, server
from fleet.rpc.errors import CANCELLED, FAILED_PRECONDITION, INTERNAL, UNAVAILABLE, UNIMPLEMENTED, RpcError
from fleet.rpc.frames import Splitter
from fleet.rpc.headers import block_of

Call = Callable[[str, bytes], Awaitable[bytes]]
ECHO, FAIL, BREAK, SLOW = "/test.Service/Echo", "/test.Service/Fail", "/test.Service/Break", "/test.Service/Slow"
LARGE = bytes(range(256)) * 12_000
ANSWER = block_of((":status", "200"), ("content-type", "application/grpc"))
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_STATUSES = {code.value[0]: code for code in grpc.StatusCode}


async def echo(message: bytes, _: object = None) -> bytes:
    return message


async def fail(message: bytes, _: object = None) -> bytes:
    raise RpcError(FAILED_PRECONDITION, message.decode())


async def break_(message: bytes, _: object = None) -> bytes:
    raise ValueError(message)


HANDLERS: dict[str, server.Handler] = {ECHO: echo, FAIL: fail, BREAK: break_}


@asynccontextmanager
async def grpc_server(handlers: dict[str, server.Handler], **options: int) -> AsyncIterator[str]:
    """Serve the same by gRPC's library."""

    def method(handler: server.Handler) -> Any:
        async def answer(message: bytes, context: Any) -> bytes:
            try:
                return await handler(message, dict(context.invocation_metadata()))
            except RpcError as error:
                await context.abort(_STATUSES[error.status], error.message)
                raise AssertionError from error

        return grpc.unary_unary_rpc_method_handler(answer)

    serving = grpc.aio.server(options=[*_UNLIMITED, *((f"grpc.{name}", value) for name, value in options.items())])
    methods = {path.rpartition("/")[2]: method(handler) for path, handler in handlers.items()}
    serving.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Service", methods),))
    port = serving.add_insecure_port("127.0.0.1:0")
    await serving.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await serving.stop(grace=None)


@asynccontextmanager
async def listening(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Yield the address of a server that talks in a way of its own."""
    serving = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{serving.sockets[0].getsockname()[1]}"
    finally:
        serving.close()


@asynccontextmanager
async def ours(address: str) -> AsyncIterator[Call]:
    host, port = address.split(":")
    async with client.connect(host, int(port)) as channel:
        yield channel.call


@asynccontextmanager
async def grpcs(address: str) -> AsyncIterator[Call]:
    """Call by gRPC's library, and raise as we do."""
    async with grpc.aio.insecure_channel(address, options=_UNLIMITED) as channel:

        async def call(path: str, message: bytes) -> bytes:
            try:
                method: Any = channel.unary_unary(path)
                answer: bytes = await method(message)
            except grpc.aio.AioRpcError as error:
                raise RpcError(error.code().value[0], error.details() or "") from error
            return answer

        yield call


PAIRS = [
    pytest.param(server.serve, ours, id="ours"),
    pytest.param(server.serve, grpcs, id="their client"),
    pytest.param(grpc_server, ours, id="their server"),
]
Serve = Callable[[dict[str, server.Handler]], AbstractAsyncContextManager[str]]
Connect = Callable[[str], AbstractAsyncContextManager[Call]]


@pytest.mark.parametrize(("serve", "connect"), PAIRS)
@pytest.mark.parametrize(
    "message", [pytest.param(b"", id="empty"), pytest.param(b"hello", id="small"), pytest.param(LARGE, id="3 MB")]
)
async def test_a_message_comes_back(serve: Serve, connect: Connect, message: bytes) -> None:
    async with serve(HANDLERS) as address, connect(address) as call:
        assert await call(ECHO, message) == message


@pytest.mark.parametrize(("serve", "connect"), PAIRS)
async def test_many_calls_at_once_keep_apart(serve: Serve, connect: Connect) -> None:
    messages = [bytes([number % 256]) * (number * 97 % 40_000) for number in range(600)]
    async with serve(HANDLERS) as address, connect(address) as call:
        assert await asyncio.gather(*(call(ECHO, each) for each in messages)) == messages


@pytest.mark.parametrize(("serve", "connect"), PAIRS)
@pytest.mark.parametrize("text", ["no", "zweite Zeile:\n  ü → \N{ROCKET} 100%"])
async def test_what_a_handler_refuses(serve: Serve, connect: Connect, text: str) -> None:
    async with serve(HANDLERS) as address, connect(address) as call:
        with pytest.raises(RpcError) as caught:
            await call(FAIL, text.encode())
        assert (caught.value.status, caught.value.message) == (FAILED_PRECONDITION, text)
        assert await call(ECHO, b"still there") == b"still there"


@pytest.mark.parametrize("serve", [pytest.param(server.serve, id="ours"), pytest.param(grpc_server, id="theirs")])
async def test_header_fields_go_with_a_call(serve: Serve) -> None:
    async def tell(_: bytes, fields: Mapping[str, str]) -> bytes:
        return fields["to-whom"].encode()

    async with serve({ECHO: tell}) as address:
        host, port = address.split(":")
        async with client.connect(host, int(port)) as channel:
            assert await channel.call(ECHO, b"", (("to-whom", "it may concern"),)) == b"it may concern"
            assert await channel.call(ECHO, b"", (("to-whom", "others"),)) == b"others"


@pytest.mark.parametrize(("serve", "connect"), PAIRS)
async def test_a_method_that_is_not_there(serve: Serve, connect: Connect) -> None:
    async with serve(HANDLERS) as address, connect(address) as call:
        with pytest.raises(RpcError) as caught:
            await call("/test.Service/Other", b"")
    assert caught.value.status == UNIMPLEMENTED


@pytest.mark.parametrize("connect", [pytest.param(ours, id="ours"), pytest.param(grpcs, id="theirs")])
async def test_a_long_reason_is_one_that_every_peer_takes(connect: Connect) -> None:
    async with server.serve(HANDLERS) as address, connect(address) as call:
        with pytest.raises(RpcError) as caught:
            await call(FAIL, b"\n" * 100_000)
    assert caught.value.status == FAILED_PRECONDITION
    assert caught.value.message.startswith("\n" * 2_000)


@pytest.mark.parametrize("connect", [pytest.param(ours, id="ours"), pytest.param(grpcs, id="theirs")])
async def test_a_handler_that_breaks_is_logged(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    async with server.serve(HANDLERS) as address, connect(address) as call:
        with pytest.raises(RpcError) as caught:
            await call(BREAK, b"")
    assert caught.value.status == INTERNAL
    assert "Break failed" in caplog.text


async def test_no_more_calls_are_open_than_the_server_wants() -> None:
    opened: list[int] = []
    most = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most
        await reader.readexactly(len(frames.PREFACE))
        writer.write(frames.settings((frames.MAX_CONCURRENT_STREAMS, 3)))
        splitter = Splitter()
        while data := await reader.read(1_000):
            opened.extend(each.stream for each in splitter.split(data) if each.type == frames.DATA)
            most = max(most, len(opened))
            await asyncio.sleep(0.001)
            for stream in opened:
                writer.write(frames.frame(frames.HEADERS, frames.END_HEADERS, stream, ANSWER))
                writer.write(frames.frame(frames.DATA, 0, stream, b"\x00\x00\x00\x00\x02hi"))
                end = frames.END_HEADERS | frames.END_STREAM
                writer.write(frames.frame(frames.HEADERS, end, stream, block_of(("grpc-status", "0"))))
            opened.clear()
        writer.close()

    async with listening(talk) as address, ours(address) as call:
        # What the server wants is known with its first answer.
        assert await call(ECHO, b"") == b"hi"
        assert await asyncio.gather(*(call(ECHO, b"") for _ in range(100))) == [b"hi"] * 100
    assert most == 3


async def test_calls_of_a_server_that_goes_are_unavailable() -> None:
    begun = asyncio.Event()

    async def wait(message: bytes, _: object = None) -> bytes:
        begun.set()
        await asyncio.Event().wait()
        return message

    async with server.serve({SLOW: wait}) as address:
        host, port = address.split(":")
        async with client.connect(host, int(port)) as channel:
            calling = asyncio.ensure_future(channel.call(SLOW, b""))
            await begun.wait()
            await _hang_up(channel)
            with pytest.raises(RpcError) as caught:
                await calling
            assert caught.value.status == UNAVAILABLE
            with pytest.raises(RpcError) as again:
                await channel.call(SLOW, b"")
            assert again.value.status == UNAVAILABLE


async def _hang_up(channel: client.Channel) -> None:
    channel._link.abort()
    await asyncio.sleep(0)


async def test_what_a_caller_gives_up_goes_on() -> None:
    """As a registration does whose program is gone."""
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait(message: bytes, _: object = None) -> bytes:
        begun.set()
        await go_on.wait()
        ended.set()
        return message

    async with server.serve({SLOW: wait, ECHO: echo}) as address, grpcs(address) as call:
        calling = asyncio.ensure_future(call(SLOW, b""))
        await begun.wait()
        calling.cancel()
        assert await call(ECHO, b"others are answered") == b"others are answered"
        go_on.set()
        await ended.wait()
        assert await call(ECHO, b"afterwards, too") == b"afterwards, too"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", id="HTTP/1.1"),
        pytest.param(frames.PREFACE + frames.head(2**20, frames.DATA, 0, 1), id="a frame that is too long"),
        pytest.param(frames.PREFACE + frames.frame(frames.CONTINUATION, 0, 1, b""), id="the end of no headers"),
        pytest.param(frames.PREFACE + frames.frame(frames.HEADERS, 4, 1, b"\xff\xff\xff\xff\xff\xff"), id="no headers"),
    ],
)
async def test_who_does_not_speak_it_is_hung_up_on(sent: bytes) -> None:
    async with server.serve(HANDLERS) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        await reader.read()
        writer.close()
        async with ours(address) as call:
            assert await call(ECHO, b"the next one is served") == b"the next one is served"


async def test_headers_may_come_in_pieces() -> None:
    async with server.serve(HANDLERS) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        block = block_of((":method", "POST"), (":path", ECHO))
        for piece in (
            frames.PREFACE + frames.settings(),
            frames.frame(frames.HEADERS, 0, 1, block[:5]),
            frames.frame(frames.CONTINUATION, 0, 1, block[5:9]),
            frames.frame(frames.CONTINUATION, frames.END_HEADERS, 1, block[9:]),
            frames.frame(frames.DATA, frames.PADDED, 1, b"\x03\x00\x00\x00\x00\x02h\x00\x00\x00"),
            frames.frame(frames.PING, 0, 0, b"12345678"),
            frames.frame(frames.DATA, frames.END_STREAM, 1, b"i"),
        ):
            for byte in (piece[:3], piece[3:]):
                writer.write(byte)
                await asyncio.sleep(0)
        received = b""
        while b"grpc-status" not in received:
            received += await reader.read(1000)
        found = list(Splitter().split(received))
        assert frames.Frame(frames.PING, frames.ACK, 0, b"12345678") in found
        assert [each.payload for each in found if each.type == frames.DATA] == [b"\x00\x00\x00\x00\x02hi"]
        writer.close()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param(frames.reset(1, 7), CANCELLED, id="reset"),
        pytest.param(frames.goaway(0, 0), UNAVAILABLE, id="gone"),
        pytest.param(frames.frame(frames.DATA, frames.END_STREAM, 1, b""), INTERNAL, id="no status"),
    ],
)
async def test_servers_that_answer_otherwise(answer: bytes, status: int) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"hello")
        writer.write(frames.settings() + answer)
        await writer.drain()
        writer.close()

    async with listening(talk) as address, ours(address) as call:
        with pytest.raises(RpcError) as caught:
            await call(ECHO, b"hello")
    assert caught.value.status == status
