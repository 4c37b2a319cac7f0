"""Applications: an application in one cluster as the messages that register it, a component. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from pulumi.runtime.proto import resource_pb2

from fleet.model.plan import PlannedApplication, PlannedObject
from fleet.register.outputs import commits
from fleet.register.requests import component_request

APPLICATION_TYPE: Final = "fleet:index:Application"


def application_request(
    planned: PlannedApplication, objects: Collection[PlannedObject], *, parent: str, provider: str, paused: bool
) -> resource_pb2.RegisterResourceRequest:
    """Return the request: the application is the parent of its objects in the cluster.

    objects: all of the application's there. parent: the stack's URN. provider: `<urn>::<id>`.
    """
    inputs = _inputs(planned, objects, paused=paused)
    request = component_request(APPLICATION_TYPE, planned.name, inputs, parent=parent)
    request.providers["kubernetes"] = provider
    return request


def ended(urn: str) -> resource_pb2.RegisterResourceOutputsRequest:
    """Return the message that says that all of a component's children have been registered."""
    request = resource_pb2.RegisterResourceOutputsRequest(urn=urn)
    request.outputs.SetInParent()
    return request


def _inputs(planned: PlannedApplication, objects: Collection[PlannedObject], *, paused: bool) -> dict[str, Any]:
    """Return all that an engine knows of the application."""
    application = planned.application
    awaited = {each.name: each.awaited_by for each in objects if each.awaited_by}
    return {
        "application": application.name,
        "cluster": planned.cluster,
        "project": application.project,
        "labels": dict(application.labels),
        "selfHeal": application.sync.self_heal,
        "requiredNamespaces": list(planned.required_namespaces),
        "requiredKinds": list(planned.required_kinds),
        "commits": commits(planned),
        "keeps": sorted(each.name for each in objects if each.keep),
        **({"paused": True} if paused else {}),
        **({"wait": True} if application.wait else {}),
        **({"awaitedBy": awaited} if awaited else {}),
    }
