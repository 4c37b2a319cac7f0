"""What a call from a program to an engine costs: gRPC's Python library beside `fleet.rpc`, on either side.

`python -m benchmarks calls` starts a server in a process of its own, which answers with what it was asked, and calls it
as often as asked for, 64 at a time. The processor time is what each process has used for its own side.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import grpc
import grpc.aio
import uvloop

from benchmarks import document, machine
from benchmarks.errors import BenchmarkError
from benchmarks.fleet_cli import REPOSITORY
from benchmarks.table import aligned
from fleet.rpc import client, server

_PATH: Final = "/benchmarks.Calls/Echo"
_SERVICE, _METHOD = _PATH.strip("/").split("/")
_WINDOW: Final = 64

Call = Callable[[bytes], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Side:
    """What a number of calls took: of the clock, and of the processor, on each side."""

    name: str
    wall_s: float
    client_cpu_s: float
    server_cpu_s: float

    def row(self, number: int) -> tuple[str, ...]:
        """Return the figures for one call, in microseconds."""
        parts = (self.wall_s, self.client_cpu_s, self.server_cpu_s)
        return (self.name, *(f"{each / number * 1e6:.0f}" for each in parts))


@click.command()
@click.option("--calls", "number", type=click.IntRange(min=1), default=10_000, show_default=True, help="How many.")
@click.option("--size", type=click.IntRange(min=0), default=500, show_default=True, help="Bytes of each message.")
@click.option("--write", type=click.Path(path_type=Path), help="Also write the table into this document.")
def calls(number: int, size: int, write: Path | None) -> None:
    """Measure what a call between a program and an engine costs on both sides."""
    try:
        report = _report(number, bytes(size))
        print(report)
        if write:
            document.write(write, "calls", report)
    except (BenchmarkError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _report(number: int, message: bytes) -> str:
    with _serving("grpc") as (address, done):
        theirs = Side("gRPC's library", *_through_grpc(address, number, message), done())
    with _serving("fleet") as (address, done):
        ours = Side("fleet.rpc", *asyncio.run(_through_ours(address, number, message)), done())
    head = ("", "wall", "processor, caller", "processor, server")
    title = f"{number:,} calls with messages of {len(message)} bytes, {_WINDOW} at a time; microseconds for each"
    table = aligned([head, theirs.row(number), ours.row(number)])
    return f"{title}\n{machine.look(repository=REPOSITORY)}\n\n{table}"


@contextmanager
def _serving(kind: str) -> Iterator[tuple[str, Callable[[], float]]]:
    """Yield the address of a server, and what ends it and returns the processor time that it took."""
    command = [sys.executable, "-m", "benchmarks.calls", kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise BenchmarkError("the server did not start")
        yield address, lambda: float(process.communicate()[0])


def _through_grpc(address: str, number: int, message: bytes) -> tuple[float, float]:
    """Call as the SDK's stub does, from an event loop; gRPC answers in a thread of its own."""
    with grpc.insecure_channel(address) as channel:
        method: Any = channel.unary_unary(_PATH)

        async def call(content: bytes) -> None:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[bytes] = loop.create_future()

            def pass_on(done: Future[bytes]) -> None:
                loop.call_soon_threadsafe(answer.set_result, done.result())

            method.future(content).add_done_callback(pass_on)
            await answer

        return asyncio.run(_timed(call, number, message))


async def _through_ours(address: str, number: int, message: bytes) -> tuple[float, float]:
    host, port = address.split(":")
    async with client.connect(host, int(port)) as channel:
        return await _timed(partial(channel.call, _PATH), number, message)


async def _timed(call: Call, number: int, message: bytes) -> tuple[float, float]:
    """Return the wall time and the processor time that the calls took."""
    window = asyncio.Semaphore(_WINDOW)

    async def one() -> None:
        await call(message)
        window.release()

    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(number):
            await window.acquire()
            group.create_task(one())
    return time.perf_counter() - began, time.process_time() - cpu


async def _echo(message: bytes, _: Mapping[str, str]) -> bytes:
    return message


async def _serve_ours() -> None:
    async with server.serve({_PATH: _echo}) as address:
        await _until_told(address)


async def _serve_grpc() -> None:
    async def echo(message: bytes, _: Any) -> bytes:
        return message

    serving = grpc.aio.server()
    methods: dict[str, Any] = {_METHOD: grpc.unary_unary_rpc_method_handler(echo)}
    serving.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, methods),))
    port = serving.add_insecure_port("127.0.0.1:0")
    await serving.start()
    await _until_told(f"127.0.0.1:{port}")
    await serving.stop(grace=None)


async def _until_told(address: str) -> None:
    """Say where the server is; when the standard input ends, say how much processor time it took."""
    cpu = time.process_time()
    print(address, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(time.process_time() - cpu)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run({"grpc": _serve_grpc, "fleet": _serve_ours}[sys.argv[1]]())
