"""Sending: a request to the engine, and its answer, without a thread that waits in between.

The engine is the one that the SDK is connected to. A call through gRPC's Python library costs more than all else there
is to registering an object, so there is a connection of our own (docs/adr/0021).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

import grpc
import pulumi
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor, grpc_error_to_exception

from fleet.frozen import dataclass
from fleet.rpc.client import Channel, connect
from fleet.rpc.errors import UNAVAILABLE, RpcError

Request = resource_pb2.RegisterResourceRequest
Response = resource_pb2.RegisterResourceResponse
Outputs = resource_pb2.RegisterResourceOutputsRequest

_SERVICE: Final = "/pulumirpc.ResourceMonitor"
# Nobody here reads what comes of an object; the embedded engine need not send it. Pulumi's takes no notice.
_FIELDS: Final = (("fleet-outputs", "none"),)
# What engines name to their programs; a proxy that the environment names is not meant for it.
_ADDRESS: Final = re.compile(r"(?:dns:///|ipv4:)?(127\.0\.0\.1|localhost):(\d+)")


class Sender(Protocol):
    """What asks the engine. It raises what the SDK raises for its own resources: the engine refuses, or is gone."""

    async def register(self, request: Request) -> Response:
        """Register a resource; return when the engine is done with it. The answer's `result` says whether it worked."""

    async def register_outputs(self, request: Outputs) -> None:
        """Say what came of a component, whose children have all been registered."""


@asynccontextmanager
async def sender() -> AsyncIterator[Sender]:
    """Yield, for the duration of the block, what asks the engine that the SDK is connected to."""
    address = _address(get_monitor())
    if address is None:
        yield _Sdk(get_monitor())
        return
    async with connect(*address) as channel:
        yield _Own(channel)


def _address(monitor: Any) -> tuple[str, int] | None:
    """Return where the SDK is connected to; None where only it knows.

    Tests have a monitor of their own, and calls that are traced go another way.
    """
    channel = getattr(getattr(monitor, "RegisterResource", None), "_channel", None)
    if channel is None:
        return None
    found = _ADDRESS.fullmatch(channel.target().decode())
    return None if found is None else (found[1], int(found[2]))


@dataclass(frozen=True, slots=True)
class _Own:
    """Over a connection of our own."""

    channel: Channel

    async def register(self, request: Request) -> Response:
        return Response.FromString(await self._call("RegisterResource", request.SerializeToString(), _FIELDS))

    async def register_outputs(self, request: Outputs) -> None:
        await self._call("RegisterResourceOutputs", request.SerializeToString())

    async def _call(self, method: str, message: bytes, fields: tuple[tuple[str, str], ...] = ()) -> bytes:
        try:
            return await self.channel.call(f"{_SERVICE}/{method}", message, fields)
        except RpcError as error:
            if error.status == UNAVAILABLE:
                raise pulumi.RunError("Resource monitor has terminated, shutting down") from error
            raise Exception(error.message) from error  # noqa: TRY002 - the SDK's own choice


@dataclass(frozen=True, slots=True)
class _Sdk:
    """Through the SDK's connection, or a test's own monitor in its place."""

    monitor: Any

    async def register(self, request: Request) -> Response:
        answer: Response = await _answered(self.monitor.RegisterResource, request)
        return answer

    async def register_outputs(self, request: Outputs) -> None:
        await _answered(self.monitor.RegisterResourceOutputs, request)


async def _answered(method: Any, request: Any) -> Any:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()
    # gRPC answers in a thread of its own.
    call = method.future(request)
    call.add_done_callback(lambda done: loop.call_soon_threadsafe(_pass_on, done, answer))
    return await answer


def _pass_on(call: Any, answer: asyncio.Future[Any]) -> None:
    if answer.done():
        return
    try:
        answer.set_result(call.result())
    except grpc.RpcError as error:
        answer.set_exception(grpc_error_to_exception(error))
