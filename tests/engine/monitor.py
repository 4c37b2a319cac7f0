"""An engine that keeps what it is told, in this process: no gRPC, no state, no cluster.

It answers as in a first update of an empty stack, so that a program's registrations can be looked at, in order.
"""

# ruff: noqa: N802 - methods are named by the protocol

from __future__ import annotations

import asyncio
import contextvars
import itertools
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pulumi.runtime
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import engine_pb2, resource_pb2

PROJECT, STACK = "fleet", "dev"
_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
)
_STACK_TYPE = "pulumi:pulumi:Stack"


class Refusal(grpc.RpcError):
    """What a program gets for a request that the engine does not carry out."""

    def __init__(self, details: str) -> None:
        super().__init__(details)
        self._details = details

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.FAILED_PRECONDITION

    def details(self) -> str:
        return self._details


@dataclass(frozen=True, slots=True)
class Registration:
    """One RegisterResource request, and its place among all requests."""

    urn: str
    request: resource_pb2.RegisterResourceRequest
    position: int

    @property
    def inputs(self) -> dict[str, Any]:
        return json_format.MessageToDict(self.request.object)


class _Method:
    """A method of a gRPC stub: to be called, or to be asked for a future."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self._answer = answer
        self._threads = ThreadPoolExecutor(max_workers=4)

    def __call__(self, request: Any) -> Any:
        return self._answer(request)

    def future(self, request: Any) -> Future[Any]:
        return self._threads.submit(self._answer, request)


@dataclass
class Monitor:
    """A ResourceMonitor. outputs: of the stack's last run, None for an engine that cannot tell; refuses: types."""

    outputs: Mapping[str, Any] | None = None
    refuses: frozenset[str] = frozenset()
    registrations: list[Registration] = field(default_factory=list)
    registered_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    _positions: itertools.count[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.RegisterResource = _Method(self._register)
        self.RegisterResourceOutputs = _Method(self._register_outputs)

    def GetDeploymentInfo(self, _: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def _register(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        if request.type in self.refuses:
            raise Refusal(f"no {request.type} here")
        urn = self._urn(request)
        with self._lock:
            self.registrations.append(Registration(urn, request, next(self._positions)))
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=request.name if request.custom else "", object=request.object
        )

    def _register_outputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        self.registered_outputs[request.urn] = json_format.MessageToDict(request.outputs)
        return empty_pb2.Empty()

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        assert request.type == "pulumi:pulumi:StackReference"
        assert request.id == f"organization/{PROJECT}/{STACK}"
        if self.outputs is None:
            raise Refusal("the state is out of reach")
        properties = struct_pb2.Struct()
        properties.update({"name": request.id, "outputs": dict(self.outputs), "secretOutputNames": []})
        return resource_pb2.ReadResourceResponse(urn=f"urn:read::{request.name}", properties=properties)

    def SignalAndWaitForShutdown(self, _: empty_pb2.Empty) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def _urn(self, request: resource_pb2.RegisterResourceRequest) -> str:
        parents, _, _ = request.parent.rpartition("::")
        parent = parents.rpartition("::")[2]
        chain = f"{parent}$" if parent and parent != _STACK_TYPE else ""
        return f"urn:pulumi:{STACK}::{PROJECT}::{chain}{request.type}::{request.name}"

    def of_type(self, prefix: str) -> dict[str, Registration]:
        """Return name → registration of the types that start so."""
        return {each.request.name: each for each in self.registrations if each.request.type.startswith(prefix)}

    @property
    def stack_outputs(self) -> dict[str, Any]:
        return self.registered_outputs[f"urn:pulumi:{STACK}::{PROJECT}::{_STACK_TYPE}::{PROJECT}-{STACK}"]


@dataclass(slots=True)
class Engine:
    """The Engine service: keeps messages as (severity, text), debugging left out."""

    messages: list[tuple[str, str]] = field(default_factory=list)

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        if request.severity != engine_pb2.DEBUG:
            self.messages.append((engine_pb2.LogSeverity.Name(request.severity).lower(), request.message))
        return empty_pb2.Empty()

    def said(self, severity: str) -> list[str]:
        return [text for each, text in self.messages if each == severity]


def run(
    program: Callable[[], Awaitable[Any]],
    monitor: Monitor,
    engine: Engine | None = None,
    *,
    config: Mapping[str, str] | None = None,
    project_dir: Path = Path(),
) -> None:
    """Run an asynchronous Pulumi program to its end as the language host does, with a loop and threads of its own."""

    def host() -> None:
        pulumi.runtime.set_all_config(dict(config or {}))
        pulumi.runtime.configure(
            pulumi.runtime.Settings(
                project=PROJECT,
                stack=STACK,
                monitor=monitor,
                engine=engine or Engine(),
                organization="organization",
                root_directory=str(project_dir),
                dry_run=False,
            )
        )
        asyncio.run(_in_stack(program))

    contextvars.copy_context().run(host)


async def _in_stack(program: Callable[[], Awaitable[Any]]) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=64))
    # After a failure the SDK leaves futures behind that nobody awaits; the language host silences asyncio too.
    loop.set_exception_handler(lambda _loop, _context: None)
    await pulumi.runtime.run_in_stack(lambda: pulumi.run(program))
