"""One cluster as the engine uses it: create, update, delete, read, observe.

In: objects as the program wants them. Out: objects as the cluster has them, or errors for people. One Provider is one
connection: its concurrency, its retries and its failure are its own, whatever happens to other clusters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.catalog import Kind, defined_by
from fleet.engine.kubernetes.definitions import established
from fleet.engine.kubernetes.deletion import TIMEOUT_S, Deletion
from fleet.engine.kubernetes.diagnosis import Diagnosis
from fleet.engine.kubernetes.discovery import Discovery
from fleet.engine.kubernetes.errors import ImmutableFieldError, ObjectExistsError, ObjectFailedError
from fleet.engine.kubernetes.existence import Existence
from fleet.engine.kubernetes.inputs import ProviderInputs
from fleet.engine.kubernetes.observation import Known, Live, Observation
from fleet.engine.kubernetes.observer import Observer
from fleet.engine.kubernetes.ownership import managers
from fleet.engine.kubernetes.propagation import Propagation, default_propagation
from fleet.engine.kubernetes.refs import Ref, Target, is_crd
from fleet.engine.kubernetes.requests import Response
from fleet.engine.kubernetes.secrets import with_data
from fleet.engine.kubernetes.transfer import seize, transfer
from fleet.engine.kubernetes.transport import IN_FLIGHT, Transport
from fleet.engine.kubernetes.waiting import Waiting
from fleet.engine.kubernetes.waits import Wait
from fleet.engine.kubernetes.watching import Watches
from fleet.errors import Problem, Where

AboutTo = Callable[[], Awaitable[None]]

_OK, _CREATED, _INVALID = 200, 201, 422
# An answer that leaves no doubt that nothing was written.
_REFUSED = range(400, 500)


class Provider:
    """One cluster. Connects when it is first asked for something; an async context manager, or `close` it.

    warn: gets what the API server warns of, such as deprecated versions; each warning once.
    in_flight: requests under way at once.

    Every method raises ClusterUnavailableError when the cluster cannot be worked with, and after the first time at
    once; and ObjectFailedError, or one of its kinds, for the object at hand. Objects that name no namespace are in the
    provider's. Numbers may be floats where Kubernetes wants integers, if they are whole.
    """

    def __init__(
        self, inputs: ProviderInputs, *, warn: Callable[[str], None] | None = None, in_flight: int = IN_FLIGHT
    ) -> None:
        self.inputs = inputs
        self._warn = warn or _ignore
        self._transport = Transport(inputs, self._warn, in_flight)
        self._discovery = Discovery(self._transport, inputs.name)
        self._api = Api(self._transport, self._discovery, inputs.name)
        self._existence = Existence(self._api)
        self._watches = Watches(self._api)
        diagnosis = Diagnosis(self._api)
        self._waiting = Waiting(self._api, self._watches, diagnosis)
        self._deletion = Deletion(self._api, self._watches, diagnosis)
        self._observer = Observer(self._api)

    async def __aenter__(self) -> Provider:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End all connections, and whatever is still under way."""
        for part in (self._watches, self._existence, self._discovery, self._transport):
            await part.close()

    @property
    def stats(self) -> Mapping[str, int]:
        """Requests sent so far: discover, get, list, watch, apply, dry-run, patch, delete, log."""
        return MappingProxyType(self._transport.sent)

    async def create(
        self, wanted: Object, *, manager: str, adopt: bool, dry_run: bool = False, about_to: AboutTo | None = None
    ) -> Live:
        """Make an object that is not there yet; with `adopt` (or upsert of the inputs) also one that is.

        An adopted object is changed to what is wanted, and fields that `kubectl apply` or Argo CD put there become
        ours. Without adopt nothing that exists is touched, unless it appears between the look and the apply. A
        CustomResourceDefinition is made when it is established. about_to: awaited before the first write.

        Raises ObjectExistsError, NamespaceMissingError, KindNotServedError.
        """
        target = await self._api.target(wanted)
        adopt = adopt or self.inputs.upsert
        if not adopt and await self._existence.exists(target):
            raise await self._exists(target)
        await _announce(about_to)
        return await self._apply(target, wanted, manager=manager, adopt=adopt, dry_run=dry_run)

    async def update(
        self, wanted: Object, *, manager: str, dry_run: bool = False, about_to: AboutTo | None = None
    ) -> Live:
        """Bring an object to what is wanted: fields that we no longer send go, those of other managers stay.

        An object that is not there is made. about_to: awaited before the first write. Raises ImmutableFieldError where
        it must be replaced instead.
        """
        target = await self._api.target(wanted)
        await _announce(about_to)
        return await self._apply(target, wanted, manager=manager, adopt=False, dry_run=dry_run)

    async def ready(
        self,
        live: Object,
        wait: Wait,
        *,
        tell: Callable[[str], None] | None = None,
        stop: asyncio.Event | None = None,
    ) -> Object:
        """Return an object that was applied once it is ready.

        live: what `create` or `update` returned. tell: gets what is waited for, whenever that changes. Raises
        NotReadyError when it fails, is deleted, or is not ready within the time for it, StoppedError once `stop` is
        set.
        """
        target = await self._api.target(live)
        return await self._waiting.until_ready(target, live, wait, tell=tell or _ignore, stop=stop)

    async def delete(
        self,
        ref: Ref,
        *,
        propagation: Propagation | None = None,
        timeout_s: float | None = None,
        tell: Callable[[str], None] | None = None,
        stop: asyncio.Event | None = None,
        about_to: AboutTo | None = None,
    ) -> None:
        """Delete an object and return when it is really gone; at once when it was gone before.

        A ref with a uid never deletes a later object of the same name. propagation: None for the default of the kind;
        `propagation.propagation` reads it from a manifest. timeout_s: None for ten minutes; an object that is still
        there then is an ObjectFailedError that names its finalizers. tell: gets what is waited for. stop: once it is
        set, what is on its way out is not waited for: StoppedError. about_to: awaited before the deletion is asked for.
        """
        resource = await self._discovery.find(ref.api_version, ref.kind)
        if resource is None:
            await self._refuse_other_version(ref)
            return
        target = await self._api.located(ref, resource)
        before = await self._api.read(target) if is_crd(ref.api_version, ref.kind) else None
        chosen = propagation or default_propagation(ref.api_version, ref.kind)
        limit_s = TIMEOUT_S if timeout_s is None else timeout_s
        await _announce(about_to)
        await self._deletion.delete(target, chosen, limit_s, tell=tell or _ignore, stop=stop)
        self._existence.deleted(target)
        if before is not None:
            self._discovery.forget(defined_by(before))
            self._existence.forget(defined_by(before))

    async def read(self, ref: Ref) -> Object | None:
        """Return an object as it is; None when it, or its kind, is not there."""
        resource = await self._discovery.find(ref.api_version, ref.kind)
        return await self._api.read(await self._api.located(ref, resource)) if resource else None

    async def is_namespaced(self, api_version: str, kind: str) -> bool:
        """Return whether objects of the kind are in namespaces. Raises KindNotServedError."""
        return (await self._discovery.resource(api_version, kind)).namespaced

    async def observe(self, known: Sequence[Known]) -> Mapping[str, Observation]:
        """Return what became of objects, by key: one LIST for each kind, or for each of its few namespaces.

        Only objects that changed since they were last seen cost more: a read and a dry run each.
        """
        return await self._observer.observe(known)

    async def namespaces_missing(self, names: Iterable[str]) -> set[str]:
        """Return those of the namespaces that do not exist; those that we may not ask for count as there."""
        return await self._existence.missing_namespaces(names)

    async def kinds_missing(self, kinds: Iterable[Kind]) -> dict[Kind, tuple[str, ...]]:
        """Return those of the (apiVersion, kind) that the cluster does not serve, with the versions that it does.

        One of which it cannot tell at the moment counts as served.
        """
        missing = [kind for kind in dict.fromkeys(kinds) if await self._is_missing(*kind)]
        return {kind: await self._discovery.versions(*kind) for kind in missing}

    async def _is_missing(self, api_version: str, kind: str) -> bool:
        try:
            return await self._discovery.find(api_version, kind) is None
        except ObjectFailedError:
            return False

    async def _apply(self, target: Target, wanted: Object, *, manager: str, adopt: bool, dry_run: bool) -> Live:
        try:
            response = await self._applied(target, wanted, manager=manager, adopt=adopt, dry_run=dry_run)
        except ObjectFailedError as error:
            error.is_made = not dry_run and error.status not in _REFUSED
            raise
        live, is_new = response.body, response.status == _CREATED
        self._refuse_terminating(target, response)
        if dry_run:
            return Live(live, adopted=adopt and not is_new)
        self._existence.made(target)
        try:
            live = await self._settled(target, wanted, live, manager=manager, take_over=None if is_new else adopt)
        except ObjectFailedError as error:
            error.is_made = True
            raise
        return Live(live, adopted=adopt and not is_new)

    async def _applied(self, target: Target, wanted: Object, *, manager: str, adopt: bool, dry_run: bool) -> Response:
        """Apply; what is refused is applied once more when others' fields are ours that may be in its way."""
        try:
            return await self._api.apply(target, wanted, manager=manager, dry_run=dry_run)
        except ImmutableFieldError:
            raise
        except ObjectFailedError as error:
            if error.status != _INVALID:
                raise
            before = await seize(self._api, target, manager=manager, take_over=adopt, dry_run=dry_run)
            if before is None:
                raise
        if not dry_run:
            return await self._api.apply(target, wanted, manager=manager)
        names = ", ".join(managers(before["metadata"]["managedFields"]))
        self._warn(f"{target}: it cannot be tried out, because fields are not ours yet that are in its way: {names}")
        metadata = {**before["metadata"], **wanted["metadata"]}
        return Response(_OK, {**before, **with_data(wanted), "metadata": metadata})

    async def _settled(
        self, target: Target, wanted: Object, live: Object, *, manager: str, take_over: bool | None
    ) -> Object:
        """Return the object when all that belongs to applying it is done. take_over: None for a new object."""
        if take_over is not None:
            live = await transfer(self._api, target, wanted, live, manager=manager, take_over=take_over)
        if is_crd(target.ref.api_version, target.ref.kind):
            live = await established(self._watches, target, live, self.inputs.name)
            self._discovery.learn(defined_by(live))
        return live

    async def _exists(self, target: Target) -> ObjectExistsError:
        live = await self._api.read(target, metadata_only=True)
        metadata = live["metadata"] if live else {}
        names = ", ".join(managers(metadata.get("managedFields") or ())) or "nobody that it names"
        if metadata.get("deletionTimestamp"):
            detail, hint = "It is being deleted.", "Run again once it is gone."
        else:
            detail = f"It was not created by this stack. It is managed by {names}."
            hint = (
                "To take it over, set adopt=True on the application "
                '(in Argo CD YAML: the annotation fleet.pulumi.com/adopt: "true").'
            )
        summary = f"{target}: it exists already in the cluster"
        return ObjectExistsError(Problem(summary, Where(cluster=self.inputs.name), detail, hint))

    def _refuse_terminating(self, target: Target, response: Response) -> None:
        """Applying to an object on its way out succeeds, and is for nothing."""
        metadata = response.body["metadata"]
        since = metadata.get("deletionTimestamp")
        if since:
            finalizers = ", ".join(metadata.get("finalizers") or ()) or "none"
            detail = f"Since {since}; finalizers: {finalizers}."
            summary, hint = f"{target}: it is being deleted", "Run again once it is gone."
            raise ObjectFailedError(Problem(summary, Where(cluster=self.inputs.name), detail, hint))

    async def _refuse_other_version(self, ref: Ref) -> None:
        """A kind that is not served has no objects; one that is served in another version may have this one."""
        if await self._discovery.versions(ref.api_version, ref.kind):
            await self._discovery.resource(ref.api_version, ref.kind)


async def _announce(about_to: AboutTo | None) -> None:
    if about_to is not None:
        await about_to()


def _ignore(_: str) -> None:
    """Where nobody listens to warnings."""
