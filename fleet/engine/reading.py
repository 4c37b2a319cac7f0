"""Reading: what the program wants to know of and does not own: objects by `Kind.get()`, and a stack's own last outputs.

In: a read goal. Out: its properties. An object that was read is recorded as external: it is never changed, and never
deleted. Nothing is written to a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fleet.engine import objects, values
from fleet.engine import urn as urns
from fleet.engine.clusters import Cluster, Clusters
from fleet.engine.events import Event, Operation, StepFailed, Subject
from fleet.engine.goal import Goal, ReadGoal
from fleet.engine.kubernetes.errors import ClusterUnavailableError, KubernetesError
from fleet.engine.kubernetes.refs import titled
from fleet.engine.monitor import Registered
from fleet.engine.names import Names
from fleet.engine.registering import Registrar
from fleet.engine.roster import Roster
from fleet.engine.state import Resource, Secret
from fleet.engine.unsupported import unsupported
from fleet.errors import Problem

_STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"


class Reader:
    """Reads for one run of the program."""

    def __init__(
        self,
        roster: Roster,
        clusters: Clusters,
        registrar: Registrar,
        emit: Callable[[Event], None],
        names: Names,
    ) -> None:
        self._roster = roster
        self._clusters = clusters
        self._registrar = registrar
        self._emit = emit
        self._names = names

    async def read(self, wanted: ReadGoal) -> Registered:
        """Return what is known of it by now. Raises UnsupportedError for what only Pulumi can look up."""
        goal = Goal(wanted.type, wanted.name, custom=True, parent=wanted.parent)
        urn = self._names.give(goal)
        if wanted.type == _STACK_REFERENCE:
            return self._read_stack(urn, wanted)
        if not objects.is_object(wanted.type):
            raise unsupported(
                f"{wanted.name!r} reads a {wanted.type}: the embedded engine reads Kubernetes objects only"
            )
        if wanted.id == values.UNKNOWN_ON_THE_WIRE:
            return Registered(urn)
        return await self._read_object(urn, wanted)

    async def exists(self, wanted: ReadGoal) -> bool:
        """Return whether an object is there. Raises UnsupportedError for anything else, KubernetesError for trouble."""
        if not objects.is_object(wanted.type):
            raise unsupported(
                f"{wanted.id!r} is a {wanted.type}: the embedded engine looks for Kubernetes objects only"
            )
        return await self._live(wanted) is not None

    async def _live(self, wanted: ReadGoal) -> Mapping[str, Any] | None:
        connection = self._clusters.of(wanted.provider, f"{wanted.type} {wanted.name or wanted.id!r}")
        ref = objects.reference_by_id(wanted.type, wanted.id)
        provider = connection.cluster.provider
        if not ref.namespace and await provider.is_namespaced(ref.api_version, ref.kind):
            ref = objects.reference_by_id(wanted.type, f"{connection.namespace}/{wanted.id}")
        return await provider.read(ref)

    async def _read_object(self, urn: str, wanted: ReadGoal) -> Registered:
        cluster = self._clusters.of(wanted.provider, f"{wanted.type} {wanted.name!r}").cluster
        try:
            live = await self._live(wanted)
        except ClusterUnavailableError as error:
            cluster.fail(error.problem)
            return self._failed(urn)
        except KubernetesError as error:
            return self._refused(urn, wanted, cluster, error.problem)
        if live is None:
            ref = objects.reference_by_id(wanted.type, wanted.id)
            hint = "It is only read: something else has to make it."
            return self._refused(urn, wanted, cluster, Problem(f"{ref}: it does not exist", hint=hint))
        return self._record(urn, wanted, live)

    def _refused(self, urn: str, wanted: ReadGoal, cluster: Cluster, problem: Problem) -> Registered:
        cluster.has_failed_objects = True
        ref = objects.reference_by_id(wanted.type, wanted.id)
        application = objects.application(self._roster.current(wanted.parent))
        kind = titled(ref.api_version, ref.kind)
        subject = Subject(urn, cluster.name, application, kind, ref.namespace, ref.name)
        self._emit(StepFailed(subject, Operation.READ, problem))
        return self._failed(urn)

    def _failed(self, urn: str) -> Registered:
        """What is known of it from before stays in the state."""
        self._registrar.failed(urn)
        old = self._roster.old.get(urn)
        if old is not None:
            self._roster.put(old)
        return Registered(urn, failed=True)

    def _record(self, urn: str, wanted: ReadGoal, live: Mapping[str, Any]) -> Registered:
        secret = wanted.additional_secret_outputs
        found = Resource(
            urn=urn,
            type=wanted.type,
            custom=True,
            external=True,
            id=objects.object_id(live),
            parent=wanted.parent,
            provider=wanted.provider,
            outputs=objects.read_outputs(live, secret),
            dependencies=tuple(sorted(wanted.dependencies)),
            additional_secret_outputs=secret,
        )
        old = self._roster.old.get(urn)
        if old is not None and not old.external and old.id != found.id:
            # The program owned another object by this name, which is to go.
            self._roster.doom(old)
        self._roster.put(found)
        return Registered(urn, found.id, found.outputs)

    def _read_stack(self, urn: str, wanted: ReadGoal) -> Registered:
        """Return the outputs of this very stack as its last run left them: all that a StackReference can be here."""
        here = urns.parse(urn)
        # <organization>/<project>/<stack>, and the short forms of it.
        project, stack = (here.project, *wanted.id.split("/"))[-2:]
        if (project, stack) != (here.project, here.stack):
            raise unsupported(
                f"{wanted.name!r} reads another stack, {wanted.id}: the embedded engine reads its own only"
            )
        root = self._roster.old.get(urns.root(here.stack, here.project))
        outputs = dict(root.outputs) if root else {}
        secret = sorted(name for name, value in outputs.items() if values.holds(value, Secret))
        return Registered(urn, wanted.id, {"name": wanted.id, "outputs": outputs, "secretOutputNames": secret})
