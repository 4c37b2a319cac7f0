"""Deployment: what the program registers, brought about while it is still registering.

The monitor hands in goals; each is answered when its step is done, and the SDK registers what depends on it only
then, so the order of steps is the program's own. Objects go to the registrar; components and providers are only
recorded.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fleet.engine import objects, recording, refreshing, values
from fleet.engine import urn as urns
from fleet.engine.arrivals import Arrivals
from fleet.engine.clusters import KUBERNETES, Cluster, Clusters, identifier
from fleet.engine.events import Event
from fleet.engine.goal import Goal, ReadGoal
from fleet.engine.interrupted import Interrupted
from fleet.engine.monitor import Registered
from fleet.engine.names import Names
from fleet.engine.pruning import Pruning
from fleet.engine.reading import Reader
from fleet.engine.registering import Registrar
from fleet.engine.roster import Roster
from fleet.engine.selection import Scope, outputs_beside
from fleet.engine.state import PROVIDER_PREFIX, Resource, timestamp
from fleet.engine.steps import Step
from fleet.engine.unsupported import unsupported
from fleet.engine.values import Unknown
from fleet.frozen import dataclass

_DYNAMIC = "pulumi-python:dynamic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a deployment goes about it. scope: what the user asked for. details: as `RunRequest` has it."""

    stack: str
    project: str
    dry_run: bool
    refresh: bool
    scope: Scope
    details: bool = False


class Deployment:
    """One run of the program. Owns the registrations under way and why the program was told to end."""

    def __init__(
        self,
        options: Options,
        roster: Roster,
        clusters: Clusters,
        interrupted: Interrupted,
        pruning: Pruning,
        *,
        emit: Callable[[Event], None],
        stop: asyncio.Event,
    ) -> None:
        self.dry_run = options.dry_run
        self.error: Exception | None = None
        self._options = options
        self._roster = roster
        self._clusters = clusters
        self._pruning = pruning
        self._emit = emit
        self._names = Names(options.stack, options.project)
        self._registrar = Registrar(
            roster,
            clusters,
            interrupted,
            Arrivals(lambda: len(self._under_way), stop),
            emit=emit,
            now=self._now,
            stop=stop,
            dry_run=options.dry_run,
            details=options.details,
        )
        self._reader = Reader(roster, clusters, self._registrar, emit, self._names)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._observed: dict[Cluster, asyncio.Task[refreshing.Observed]] = {}
        self._deployed = _by_identifier(roster.old) if options.refresh else {}
        self._identities: dict[Cluster, str] = {}
        self._stack_outputs: Mapping[str, Any] | None = None

    @staticmethod
    def _now() -> str:
        return timestamp(time.time_ns())

    async def register(self, wanted: Goal) -> Registered:
        """Bring one resource to its goal, in a task of its own, which nobody cancels.

        What has begun is carried to its end even when the program is gone: its answer is lost, the state is not.
        Raises FleetError for what ends the whole program.
        """
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            return await self._register(wanted)
        except Exception as error:
            # Where the program is gone by now, nobody else learns of it.
            self.abort(error)
            raise
        finally:
            self._under_way.discard(task)

    async def _register(self, wanted: Goal) -> Registered:
        urn = self._names.give(wanted)
        old = self._names.find(urn, wanted, self._roster.old)
        if wanted.type.startswith(PROVIDER_PREFIX):
            return self._register_provider(urn, wanted, old)
        if objects.is_object(wanted.type) and wanted.custom:
            objects.refuse_patch(wanted.type, wanted.name, wanted.inputs)
            return await self._register_object(urn, wanted, None if old is None or old.external else old)
        if not wanted.custom:
            return self._register_component(urn, wanted, old)
        if wanted.type.startswith(_DYNAMIC):
            raise unsupported(f"{wanted.name!r}: the embedded engine does not support dynamic providers")
        raise unsupported(f"{wanted.name!r} is a {wanted.type}: the embedded engine deploys to Kubernetes only")

    def _register_component(self, urn: str, wanted: Goal, old: Resource | None) -> Registered:
        failed = self._registrar.fails_with(urn, wanted)
        if failed or not self._options.scope.component(urn, wanted.type, wanted.inputs, wanted.parent):
            if old is not None:
                self._roster.put(old)
            return Registered(urn, outputs=wanted.inputs, failed=failed)
        component = recording.record(wanted, urn, old, now=self._now())
        self._roster.put(component, former=old.urn if old else None)
        cluster = self._clusters.named(str(wanted.inputs.get("cluster") or ""))
        if wanted.type == objects.APPLICATION_TYPE and cluster is not None:
            application = str(wanted.inputs.get("application") or wanted.name)
            cluster.needs.namespaces(wanted.inputs.get("requiredNamespaces") or (), application)
            cluster.needs.kinds(wanted.inputs.get("requiredKinds") or (), application)
            self._pruning.begun(urn, cluster)
            if not objects.is_paused(component):
                self._look(cluster)
        return Registered(urn, outputs=wanted.inputs)

    def _register_provider(self, urn: str, wanted: Goal, old: Resource | None) -> Registered:
        if wanted.type != KUBERNETES:
            package = wanted.type.removeprefix(PROVIDER_PREFIX)
            raise unsupported(
                f"{wanted.name!r} is a provider of {package}: the embedded engine deploys to Kubernetes only"
            )
        if values.holds(wanted.inputs, Unknown):
            summary = f"{wanted.name!r}: what the provider connects to is only known once something else is deployed"
            hint = "Deploy without a preview (`--skip-preview`), or with Pulumi."
            raise unsupported(f"{summary}; the embedded engine cannot preview that", hint=hint)
        # Pulumi keeps the version of the provider's package among its inputs, and what it says of it to itself.
        inputs = {**wanted.inputs, "version": wanted.version} if wanted.version else wanted.inputs
        kept = {"__internal": {}, **inputs}
        # A provider for another cluster is another provider: what was deployed through it is deployed anew.
        stays = old is not None and not self._clusters.replaces(urn, inputs, old)
        id_ = old.id if old is not None and stays else str(uuid.uuid4())
        reference = f"{urn}::{id_}"
        cluster = self._clusters.add(reference, inputs).cluster
        if old is not None and stays:
            self._clusters.renamed(old.reference, reference)
            self._identities.setdefault(cluster, identifier(old.reference, old.inputs))
        self._identities.setdefault(cluster, identifier(reference, inputs))
        recorded = recording.record(wanted, urn, old, id_=id_, inputs=kept, outputs=inputs, now=self._now())
        self._roster.put(recorded, former=old.urn if old else None)
        return Registered(urn, id_, inputs)

    def _look(self, cluster: Cluster) -> None:
        """Begin to look at the cluster while the program goes on, so that it is done when objects arrive."""
        if self._options.refresh and cluster not in self._observed:
            known = self._deployed.get(self._identities[cluster], [])
            deployed = [each for each in known if self._options.scope.included(each.urn)]
            self._observed[cluster] = asyncio.ensure_future(refreshing.observe(cluster, deployed, self._emit))

    async def _register_object(self, urn: str, wanted: Goal, old: Resource | None) -> Registered:
        parent = self._roster.current(wanted.parent)
        step = await self._registrar.step(urn, wanted, old, parent)
        if not self._options.scope.object(urn, wanted.parent):
            return self._registrar.leave(step)
        seen = step if objects.is_paused(parent) else await self._seen(step)
        return await self._registrar.register(seen, parent)

    async def _seen(self, step: Step) -> Step:
        self._look(step.connection.cluster)
        looking = self._observed.get(step.connection.cluster)
        if looking is None or step.old is None:
            return step
        found = (await looking).get(step.old.urn)
        if found is None:
            return step
        return replace(step, observation=refreshing.refined(found, step.old.inputs, step.goal.ignore_changes))

    async def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Record a component's outputs. The stack's own wait for the program's success: a failed one has only some.

        What is not known, because something that it comes from has failed, is no output.
        """
        if not self.dry_run:
            outputs = {key: value for key, value in outputs.items() if not values.holds(value, Unknown)}
        if urn == urns.root(self._options.stack, self._options.project):
            self._stack_outputs = outputs
            return
        component = self._roster.current(urn)
        if component is not None and component.outputs != outputs:
            self._roster.put(replace(component, outputs=outputs))
        self._pruning.ended(urn)

    async def read(self, wanted: ReadGoal) -> Registered:
        """Look up something that the program does not own."""
        return await self._reader.read(wanted)

    async def exists(self, wanted: ReadGoal) -> bool:
        """Return whether something is there."""
        return await self._reader.exists(wanted)

    def abort(self, error: Exception) -> None:
        """Remember why the program is told to end: the first reason is the one to show."""
        self.error = self.error or error

    async def settle(self) -> None:
        """Wait until nothing is under way any more."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        for looking in self._observed.values():
            await looking
        self._registrar.conclude()

    def succeed(self) -> None:
        """Take the stack's outputs over: the program has run to its end."""
        root = self._roster.current(urns.root(self._options.stack, self._options.project))
        if root is None or self._stack_outputs is None:
            return
        outputs = outputs_beside(self._stack_outputs, root.outputs, self._options.scope.untouched())
        if root.outputs != outputs:
            self._roster.put(replace(root, outputs=outputs))


def _by_identifier(state: Mapping[str, Resource]) -> Mapping[str, list[Resource]]:
    """Return the objects of the state by what identifies their cluster."""
    grouped: dict[str, list[Resource]] = defaultdict(list)
    for resource in state.values():
        provider = state.get(resource.provider_urn)
        is_there = not resource.external and not resource.pending_replacement
        if provider is not None and is_there and objects.is_object(resource.type):
            grouped[identifier(provider.reference, provider.inputs)].append(resource)
    return grouped
