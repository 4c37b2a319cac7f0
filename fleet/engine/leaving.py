"""Leaving: one object is deleted from its cluster.

In: the resource that stands for it. Out: when it is gone, or why it is not. That it is about to go is durable before:
whatever becomes of this run, the next one knows that it may be gone. That it is gone is the caller's to record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fleet.engine import objects
from fleet.engine.clusters import Cluster
from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.propagation import propagation
from fleet.engine.kubernetes.provider import AboutTo
from fleet.engine.kubernetes.refs import Ref
from fleet.engine.kubernetes.waits import timeout
from fleet.engine.roster import Roster
from fleet.engine.state import Resource

# Answers that leave no doubt that nothing was deleted.
_REFUSED = range(400, 500)


async def delete(
    cluster: Cluster, resource: Resource, roster: Roster, *, tell: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Delete what a resource of the state stands for. Raises KubernetesError."""
    try:
        await until_gone(
            cluster,
            resource,
            objects.reference(resource),
            tell=tell,
            stop=stop,
            about_to=lambda: roster.touching(resource, "deleting"),
        )
    except ObjectFailedError as error:
        if error.status in _REFUSED:
            roster.untouched(resource)
        raise


async def until_gone(
    cluster: Cluster,
    resource: Resource,
    ref: Ref,
    *,
    tell: Callable[[str], None],
    stop: asyncio.Event,
    about_to: AboutTo | None = None,
) -> None:
    """Delete an object as its manifest has it. resource: what it is, or was to become. Raises KubernetesError."""
    head = objects.head(resource.inputs)
    await cluster.provider.delete(
        ref,
        propagation=propagation(head),
        timeout_s=timeout(head, resource.custom_timeouts.get("delete")),
        tell=tell,
        stop=stop,
        about_to=about_to,
    )
