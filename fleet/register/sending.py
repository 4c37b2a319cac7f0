"""Sending: a request to the engine, and its answer, without a thread that waits in between."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor, grpc_error_to_exception


async def send(request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
    """Register a resource and return when the engine is done with it; `result` says whether it worked.

    Raises what the SDK raises for its own resources when the engine refuses, or is gone.
    """
    method: Any = getattr(get_monitor(), "RegisterResource")  # noqa: B009 - of the stub's, or of a test's own monitor
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[resource_pb2.RegisterResourceResponse] = loop.create_future()
    # gRPC answers in a thread of its own.
    call = method.future(request)
    call.add_done_callback(lambda done: loop.call_soon_threadsafe(_pass_on, done, answer))
    return await answer


def _pass_on(call: Any, answer: asyncio.Future[resource_pb2.RegisterResourceResponse]) -> None:
    if answer.done():
        return
    try:
        answer.set_result(call.result())
    except grpc.RpcError as error:
        answer.set_exception(grpc_error_to_exception(error))
