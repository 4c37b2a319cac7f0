"""The services that the program talks to: Pulumi's ResourceMonitor and Engine, over gRPC (`fleet.rpc`).

In: requests. Out: goals to the deployment, messages as events. Nothing is decided here. A request that the engine
cannot carry out ends the program with one message: it is answered as an RPC error, and the deployment is told why.
From then on nothing else is begun, and what the SDK has to say about it is not shown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import field
from typing import Any, NoReturn, Protocol, TypeVar

from google.protobuf import empty_pb2, message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message as ProtobufMessage

from fleet.engine import goal, values
from fleet.engine.events import Event, Message, Severity
from fleet.engine.protocol import engine_pb2, resource_pb2
from fleet.engine.unsupported import unsupported
from fleet.frozen import dataclass
from fleet.rpc import server
from fleet.rpc.errors import FAILED_PRECONDITION, RpcError

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
_REGISTER = "/pulumirpc.ResourceMonitor/RegisterResource"
# What a program of ours says in the header of a call whose outputs it will not read. Pulumi's engine does not know it.
_OUTPUTS, _NONE = "fleet-outputs", "none"
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


class _Services:
    """Both services in one object, as the SDK gets one address for each and they share the deployment."""

    def __init__(self, deployment: Deployment, emit: Callable[[Event], None]) -> None:
        self._deployment = deployment
        self._emit = emit

    async def _carry_out(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return what comes of a request. Whatever it raises ends the program; after that nothing is begun."""
        if self._deployment.error is None:
            try:
                return await work()
            except Exception as error:  # noqa: BLE001 - it is raised again where the run ends
                self._deployment.abort(error)
        raise RpcError(FAILED_PRECONDITION, str(self._deployment.error))

    def _unsupported(self, feature: str) -> NoReturn:
        error = unsupported(f"The embedded engine does not support {feature}")
        self._deployment.abort(error)
        raise RpcError(FAILED_PRECONDITION, str(error))

    async def GetDeploymentInfo(self, request: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:
        return resource_pb2.DeploymentInfo(dryRun=self._deployment.dry_run, supportedFeatures=_FEATURES)

    async def SupportsFeature(
        self, request: resource_pb2.SupportsFeatureRequest
    ) -> resource_pb2.SupportsFeatureResponse:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in ("secrets", "aliasSpecs", "deletedWith"))

    async def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, *, outputs: bool = True
    ) -> resource_pb2.RegisterResourceResponse:
        async def register() -> resource_pb2.RegisterResourceResponse:
            registered = await self._deployment.register(goal.from_request(request))
            response = resource_pb2.RegisterResourceResponse(
                urn=registered.urn, id=registered.id, result=registered.result, unknown=registered.unknown
            )
            response.object.SetInParent()
            if outputs:
                values.fill(response.object, registered.outputs)
            return response

        return await self._carry_out(register)

    async def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        async def register() -> empty_pb2.Empty:
            await self._deployment.register_outputs(request.urn, values.decode(request.outputs))
            return empty_pb2.Empty()

        return await self._carry_out(register)

    async def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        async def read() -> resource_pb2.ReadResourceResponse:
            found = await self._deployment.read(goal.from_read_request(request))
            return resource_pb2.ReadResourceResponse(
                urn=found.urn,
                id=found.id,
                properties=values.encode(found.outputs),
                result=found.result,
                unknown=found.unknown,
            )

        return await self._carry_out(read)

    async def ExistsResource(self, request: resource_pb2.ExistsResourceRequest) -> resource_pb2.ExistsResourceResponse:
        async def look() -> resource_pb2.ExistsResourceResponse:
            wanted = goal.from_exists_request(request)
            if wanted.id == values.UNKNOWN_ON_THE_WIRE:
                return resource_pb2.ExistsResourceResponse(unknown=True)
            return resource_pb2.ExistsResourceResponse(exists=await self._deployment.exists(wanted))

        return await self._carry_out(look)

    async def SignalAndWaitForShutdown(self, request: empty_pb2.Empty) -> empty_pb2.Empty:
        # Pulumi waits here for deletions, for the sake of delete hooks; without hooks the program may end.
        return empty_pb2.Empty()

    async def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> NoReturn:
        name = _FUNCTIONS.get(request.tok)
        self._unsupported(f"{name} (the function {request.tok!r})" if name else f"the function {request.tok!r}")

    async def Call(self, request: resource_pb2.ResourceCallRequest) -> NoReturn:
        self._unsupported(f"the method {request.tok!r}")

    async def RegisterStackTransform(self, request: Any) -> NoReturn:
        self._unsupported("stack transforms")

    async def RegisterStackInvokeTransform(self, request: Any) -> NoReturn:
        self._unsupported("invoke transforms")

    async def RegisterResourceHook(self, request: Any) -> NoReturn:
        self._unsupported("resource hooks")

    async def RegisterErrorHook(self, request: Any) -> NoReturn:
        self._unsupported("error hooks")

    async def RegisterPackage(self, request: Any) -> NoReturn:
        self._unsupported(f"the parameterized package {request.name!r}")

    async def RequirePulumiVersion(self, request: Any) -> NoReturn:
        self._unsupported("require_pulumi_version: it is no version of the Pulumi CLI")

    async def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        severity = _SEVERITIES.get(request.severity)
        # Once the program has been told to end, it only repeats why, as an unhandled exception.
        if severity is not None and self._deployment.error is None:
            self._emit(Message(request.message, severity, ephemeral=request.ephemeral))
        return empty_pb2.Empty()


def serve(deployment: Deployment, emit: Callable[[Event], None]) -> AbstractAsyncContextManager[str]:
    """Serve both services for the duration of a block, which gets the address, `127.0.0.1:<port>`."""
    services = _Services(deployment, emit)
    return server.serve({**dict(_handlers(services)), _REGISTER: _registering(services)})


def _handlers(services: _Services) -> Iterator[tuple[str, server.Handler]]:
    """Yield the methods by their paths. What the protocol has besides is not served."""
    for service in (
        resource_pb2.DESCRIPTOR.services_by_name["ResourceMonitor"],
        engine_pb2.DESCRIPTOR.services_by_name["Engine"],
    ):
        for method in service.methods:
            answer = getattr(services, method.name, None)
            if answer is not None:
                yield f"/{service.full_name}/{method.name}", _handler(method, answer)


def _handler(method: MethodDescriptor, answer: Callable[[Any], Awaitable[ProtobufMessage]]) -> server.Handler:
    read = message_factory.GetMessageClass(method.input_type).FromString

    async def handle(message: bytes, _: Mapping[str, str]) -> bytes:
        return (await answer(read(message))).SerializeToString()

    return handle


def _registering(services: _Services) -> server.Handler:
    """Return what answers without outputs where they are not wanted: to put them together takes long."""
    read = resource_pb2.RegisterResourceRequest.FromString

    async def handle(message: bytes, fields: Mapping[str, str]) -> bytes:
        outputs = fields.get(_OUTPUTS) != _NONE
        return (await services.RegisterResource(read(message), outputs=outputs)).SerializeToString()

    return handle
