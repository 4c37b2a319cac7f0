"""Survey: what a cluster says of itself, its version and the kinds that it serves. Nothing is read of its objects.

In: how to reach the cluster. Out: a Survey. One connection for a few requests; it is closed afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.engine.kubernetes.catalog import Kind
from fleet.engine.kubernetes.discovery import Discovery
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.requests import Request, Response
from fleet.engine.kubernetes.transport import Transport
from fleet.errors import Problem, Where
from fleet.frozen import dataclass

_VERSION = Request("get", "GET", "/version", "the cluster's version")


@dataclass(frozen=True, slots=True)
class Survey:
    """What a cluster says.

    version: as the server has it, `v1.33.1+k3s1`. kinds: (apiVersion, kind) → namespaced, of all whose objects can be
    listed and watched. stale: apiVersions of which the cluster cannot say at the moment what they serve.
    """

    version: str
    kinds: Mapping[Kind, bool]
    stale: frozenset[str] = frozenset()


async def survey(inputs: ProviderInputs) -> Survey:
    """Ask a cluster. Raises KubernetesError."""
    transport = Transport(inputs, _ignore)
    discovery = Discovery(transport, inputs.name)
    try:
        answer = await transport.send(_VERSION)
        catalog = await discovery.catalog()
    finally:
        await discovery.close()
        await transport.close()
    version = _version(answer)
    if not version:
        summary = "the cluster does not say which version of Kubernetes it is"
        raise transport.give_up(Problem(summary, Where(cluster=inputs.name), answer.message))
    kinds = {kind: catalog.resources[kind].namespaced for kind in sorted(catalog.watchable)}
    return Survey(version, kinds, catalog.stale)


def _version(answer: Response) -> str:
    body: Any = answer.body
    return str(body.get("gitVersion") or "") if answer.ok and isinstance(body, Mapping) else ""


def _ignore(_: str) -> None:
    """What the API server warns of concerns objects."""
