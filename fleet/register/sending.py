"""Sending: a request to the engine, and its answer, without a thread that waits in between.

The engine is the one that the SDK is connected to. A call through gRPC's Python library costs more than all else there
is to registering an object, so there is a connection of our own (docs/adr/0021).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import grpc
import pulumi
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor, grpc_error_to_exception

from fleet.rpc.client import Channel, connect
from fleet.rpc.errors import UNAVAILABLE, RpcError

Request = resource_pb2.RegisterResourceRequest
Response = resource_pb2.RegisterResourceResponse
Send = Callable[[Request], Awaitable[Response]]

_METHOD: Final = "/pulumirpc.ResourceMonitor/RegisterResource"
# Nobody here reads what comes of an object; the embedded engine need not send it. Pulumi's takes no notice.
_FIELDS: Final = (("fleet-outputs", "none"),)
# What engines name to their programs; a proxy that the environment names is not meant for it.
_ADDRESS: Final = re.compile(r"(?:dns:///|ipv4:)?(127\.0\.0\.1|localhost):(\d+)")


@asynccontextmanager
async def sender() -> AsyncIterator[Send]:
    """Yield, for the duration of the block, what registers a resource and returns when the engine is done with it.

    The answer's `result` says whether it worked. Raised is what the SDK raises for its own resources, when the engine
    refuses, or is gone.
    """
    address = _address(get_monitor())
    if address is None:
        yield _send_through_sdk
        return
    async with connect(*address) as channel:
        yield partial(_send, channel)


def _address(monitor: Any) -> tuple[str, int] | None:
    """Return where the SDK is connected to; None where only it knows.

    Tests have a monitor of their own, and calls that are traced go another way.
    """
    channel = getattr(getattr(monitor, "RegisterResource", None), "_channel", None)
    if channel is None:
        return None
    found = _ADDRESS.fullmatch(channel.target().decode())
    return None if found is None else (found[1], int(found[2]))


async def _send(channel: Channel, request: Request) -> Response:
    try:
        return Response.FromString(await channel.call(_METHOD, request.SerializeToString(), _FIELDS))
    except RpcError as error:
        if error.status == UNAVAILABLE:
            raise pulumi.RunError("Resource monitor has terminated, shutting down") from error
        raise Exception(error.message) from error  # noqa: TRY002 - the SDK's own choice


async def _send_through_sdk(request: Request) -> Response:
    method: Any = getattr(get_monitor(), "RegisterResource")  # noqa: B009 - of the stub's, or of a test's own monitor
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Response] = loop.create_future()
    # gRPC answers in a thread of its own.
    call = method.future(request)
    call.add_done_callback(lambda done: loop.call_soon_threadsafe(_pass_on, done, answer))
    return await answer


def _pass_on(call: Any, answer: asyncio.Future[Response]) -> None:
    if answer.done():
        return
    try:
        answer.set_result(call.result())
    except grpc.RpcError as error:
        answer.set_exception(grpc_error_to_exception(error))
