"""The services that the program talks to: Pulumi's ResourceMonitor and Engine, over gRPC on the loopback interface.

In: requests. Out: goals to the deployment, messages as events. Nothing is decided here. A request that the engine
cannot carry out ends the program with one message: it is answered as an RPC error, and the deployment is told why.
From then on nothing else is begun, and what the SDK has to say about it is not shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import grpc
import grpc.aio
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from fleet.engine import goal, values
from fleet.engine.events import Event, Message, Severity
from fleet.engine.unsupported import unsupported
from fleet.errors import FleetError

# Advertised so that a program gets as far as using the feature, and the answer can name it (`goal.from_request`).
_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_STATE_MIGRATIONS,
)
_SEVERITIES = {
    engine_pb2.INFO: Severity.INFO,
    engine_pb2.WARNING: Severity.WARNING,
    engine_pb2.ERROR: Severity.ERROR,
}
# What people know these functions of Pulumi's Kubernetes provider as.
_FUNCTIONS = {
    "kubernetes:yaml:decode": "yaml ConfigFile and ConfigGroup",
    "kubernetes:helm:template": "Helm charts",
    "kubernetes:kustomize:directory": "kustomize directories",
}
_MAX_MESSAGE_BYTES = 400 * 1024 * 1024
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a goal. id: empty when unknown or none.

    failed: the program goes on, dependents are skipped. unknown: so are the outputs that are missing; there is nothing
    behind the resource, because it was not asked for.
    """

    urn: str
    id: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False
    unknown: bool = False

    @property
    def result(self) -> resource_pb2.Result.ValueType:
        """As the protocol says it."""
        return resource_pb2.FAIL if self.failed else resource_pb2.SUCCESS


class Deployment(Protocol):
    """What the services need of a deployment. error: why the program was told to end."""

    dry_run: bool
    error: Exception | None

    async def register(self, wanted: goal.Goal) -> Registered:
        """Bring one resource to its goal. Raises FleetError for what ends the whole program."""

    async def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Record a component's outputs."""

    async def read(self, wanted: goal.ReadGoal) -> Registered:
        """Look up something that the program does not own."""

    async def exists(self, wanted: goal.ReadGoal) -> bool:
        """Return whether something is there."""

    def abort(self, error: Exception) -> None:
        """Remember why the program is told to end."""


class _Services(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Both services in one object, as the SDK gets one address for each and they share the deployment."""

    def __init__(self, deployment: Deployment, emit: Callable[[Event], None]) -> None:
        self._deployment = deployment
        self._emit = emit

    async def _carry_out(self, context: Any, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return what comes of a request. Whatever it raises ends the program; after that nothing is begun."""
        if self._deployment.error is None:
            try:
                return await work()
            except Exception as error:  # noqa: BLE001 - it is raised again where the run ends
                self._deployment.abort(error)
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(self._deployment.error))
        raise AssertionError("unreachable: abort raises")

    async def _refuse(self, context: Any, error: FleetError) -> None:
        self._deployment.abort(error)
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    async def _unsupported(self, context: Any, feature: str) -> None:
        await self._refuse(context, unsupported(f"The embedded engine does not support {feature}"))

    async def GetDeploymentInfo(self, request: empty_pb2.Empty, context: Any) -> resource_pb2.DeploymentInfo:
        return resource_pb2.DeploymentInfo(dryRun=self._deployment.dry_run, supportedFeatures=_FEATURES)

    async def SupportsFeature(
        self, request: resource_pb2.SupportsFeatureRequest, context: Any
    ) -> resource_pb2.SupportsFeatureResponse:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in ("secrets", "aliasSpecs", "deletedWith"))

    async def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, context: Any
    ) -> resource_pb2.RegisterResourceResponse:
        async def register() -> resource_pb2.RegisterResourceResponse:
            registered = await self._deployment.register(goal.from_request(request))
            response = resource_pb2.RegisterResourceResponse(
                urn=registered.urn, id=registered.id, result=registered.result, unknown=registered.unknown
            )
            response.object.SetInParent()
            values.fill(response.object, registered.outputs)
            return response

        return await self._carry_out(context, register)

    async def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: Any
    ) -> empty_pb2.Empty:
        async def register() -> empty_pb2.Empty:
            await self._deployment.register_outputs(request.urn, values.decode(request.outputs))
            return empty_pb2.Empty()

        return await self._carry_out(context, register)

    async def ReadResource(
        self, request: resource_pb2.ReadResourceRequest, context: Any
    ) -> resource_pb2.ReadResourceResponse:
        async def read() -> resource_pb2.ReadResourceResponse:
            found = await self._deployment.read(goal.from_read_request(request))
            return resource_pb2.ReadResourceResponse(
                urn=found.urn,
                id=found.id,
                properties=values.encode(found.outputs),
                result=found.result,
                unknown=found.unknown,
            )

        return await self._carry_out(context, read)

    async def ExistsResource(
        self, request: resource_pb2.ExistsResourceRequest, context: Any
    ) -> resource_pb2.ExistsResourceResponse:
        async def look() -> resource_pb2.ExistsResourceResponse:
            wanted = goal.from_exists_request(request)
            if wanted.id == values.UNKNOWN_ON_THE_WIRE:
                return resource_pb2.ExistsResourceResponse(unknown=True)
            return resource_pb2.ExistsResourceResponse(exists=await self._deployment.exists(wanted))

        return await self._carry_out(context, look)

    async def SignalAndWaitForShutdown(self, request: empty_pb2.Empty, context: Any) -> empty_pb2.Empty:
        # Pulumi waits here for deletions, for the sake of delete hooks; without hooks the program may end.
        return empty_pb2.Empty()

    async def Invoke(self, request: resource_pb2.ResourceInvokeRequest, context: Any) -> struct_pb2.Struct:
        name = _FUNCTIONS.get(request.tok)
        await self._unsupported(
            context, f"{name} (the function {request.tok!r})" if name else f"the function {request.tok!r}"
        )
        return struct_pb2.Struct()

    async def Call(self, request: resource_pb2.ResourceCallRequest, context: Any) -> struct_pb2.Struct:
        await self._unsupported(context, f"the method {request.tok!r}")
        return struct_pb2.Struct()

    async def RegisterStackTransform(self, request: Any, context: Any) -> empty_pb2.Empty:
        await self._unsupported(context, "stack transforms")
        return empty_pb2.Empty()

    async def RegisterStackInvokeTransform(self, request: Any, context: Any) -> empty_pb2.Empty:
        await self._unsupported(context, "invoke transforms")
        return empty_pb2.Empty()

    async def RegisterResourceHook(self, request: Any, context: Any) -> empty_pb2.Empty:
        await self._unsupported(context, "resource hooks")
        return empty_pb2.Empty()

    async def RegisterErrorHook(self, request: Any, context: Any) -> empty_pb2.Empty:
        await self._unsupported(context, "error hooks")
        return empty_pb2.Empty()

    async def RegisterPackage(self, request: Any, context: Any) -> resource_pb2.RegisterPackageResponse:
        await self._unsupported(context, f"the parameterized package {request.name!r}")
        return resource_pb2.RegisterPackageResponse()

    async def RequirePulumiVersion(self, request: Any, context: Any) -> engine_pb2.RequirePulumiVersionResponse:
        await self._unsupported(context, "require_pulumi_version: it is no version of the Pulumi CLI")
        return engine_pb2.RequirePulumiVersionResponse()

    async def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:
        severity = _SEVERITIES.get(request.severity)
        # Once the program has been told to end, it only repeats why, as an unhandled exception.
        if severity is not None and self._deployment.error is None:
            self._emit(Message(request.message, severity, ephemeral=request.ephemeral))
        return empty_pb2.Empty()


@asynccontextmanager
async def serve(deployment: Deployment, emit: Callable[[Event], None]) -> AsyncIterator[str]:
    """Serve both services for the duration of the block; yields the address, `127.0.0.1:<port>`."""
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.so_reuseport", 0),
        ]
    )
    services = _Services(deployment, emit)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(services, server)
    engine_pb2_grpc.add_EngineServicer_to_server(services, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(grace=None)
