"""Asking a cluster which kinds it serves: once, and again when a kind is missing that may have come since."""

from __future__ import annotations

from collections.abc import Iterable

from fleet.engine.kubernetes.catalog import AGGREGATED_KIND, Catalog, Kind, read_catalog
from fleet.engine.kubernetes.concurrency import SingleFlight, together
from fleet.engine.kubernetes.errors import KindNotServedError, ObjectFailedError
from fleet.engine.kubernetes.refs import Resource, group_of, titled
from fleet.engine.kubernetes.requests import Response, discover
from fleet.engine.kubernetes.transport import Transport
from fleet.errors import Problem, Where

_ROOTS = ("/api", "/apis")
_FORBIDDEN = 403


class Discovery:
    """The kinds of one cluster, kept for the run and up to date with the CRDs that we apply ourselves."""

    def __init__(self, transport: Transport, cluster: str) -> None:
        self._transport = transport
        self._cluster = cluster
        self._catalog: Catalog | None = None
        self._learned: dict[Kind, Resource] = {}
        self._forgotten: dict[Kind, Resource] = {}
        self._missed: set[Kind] = set()
        self._loading: SingleFlight[Catalog] = SingleFlight()

    async def resource(self, api_version: str, kind: str) -> Resource:
        """Return how the cluster serves a kind. Raises KindNotServedError."""
        found = await self.find(api_version, kind)
        if found is None:
            raise self._not_served(api_version, kind, await self._known())
        return found

    async def find(self, api_version: str, kind: str) -> Resource | None:
        """Return how the cluster serves a kind, None when it does not.

        The first time that a kind is missing the cluster is asked again. Raises ObjectFailedError where it cannot be
        known because the server behind the kind's API does not answer.
        """
        wanted = (api_version, kind)
        catalog = await self._known()
        if wanted not in catalog.resources and wanted not in self._missed and wanted not in self._forgotten:
            catalog = await self._load()
            self._missed.add(wanted)
        if wanted not in catalog.resources and api_version in catalog.stale:
            raise self._stale(api_version, kind)
        return catalog.resources.get(wanted)

    async def catalog(self) -> Catalog:
        """Return everything that the cluster serves."""
        return await self._known()

    async def versions(self, api_version: str, kind: str) -> tuple[str, ...]:
        """Return the apiVersions in which the kind is served."""
        return (await self._known()).versions(api_version, kind)

    def learn(self, resources: Iterable[Resource]) -> None:
        """Note the versions in which the cluster serves a kind from now on; in no others any more."""
        new = tuple(resources)
        kinds = {(group_of(resource.api_version), resource.kind) for resource in new}
        known = (self._catalog or Catalog()).with_resources(self._learned.values()).resources.values()
        self.forget([each for each in known if (group_of(each.api_version), each.kind) in kinds])
        for each in new:
            self._learned[each.api_version, each.kind] = each
            self._forgotten.pop((each.api_version, each.kind), None)
        if self._catalog is not None:
            self._catalog = self._catalog.with_resources(new)

    def forget(self, resources: Iterable[Resource]) -> None:
        """Note kinds that the cluster serves no longer, though its discovery may say so for a moment."""
        for each in resources:
            self._learned.pop((each.api_version, each.kind), None)
            self._forgotten[each.api_version, each.kind] = each
        if self._catalog is not None:
            self._catalog = self._catalog.without(self._forgotten.values())

    async def close(self) -> None:
        """End what is under way."""
        await self._loading.cancel()

    async def _known(self) -> Catalog:
        return self._catalog if self._catalog is not None else await self._load()

    async def _load(self) -> Catalog:
        loaded = await self._loading.run(self._ask)
        self._catalog = loaded.without(self._forgotten.values()).with_resources(self._learned.values())
        return self._catalog

    async def _ask(self) -> Catalog:
        responses = await together(self._transport.send(discover(root)) for root in _ROOTS)
        for response in responses:
            if not response.ok or not isinstance(response.body, dict) or response.body.get("kind") != AGGREGATED_KIND:
                raise self._transport.give_up(self._undiscoverable(response))
        return read_catalog(response.body for response in responses)

    def _undiscoverable(self, response: Response) -> Problem:
        detail, hint = response.message, ""
        if response.ok:
            detail = "It does not speak aggregated discovery."
            hint = "Kubernetes 1.27 or newer is needed; or something else than an API server answers at its address."
        elif response.status == _FORBIDDEN:
            hint = "The user needs the rights of the ClusterRole system:discovery."
        summary = "the cluster does not say which kinds it serves"
        return Problem(summary, Where(cluster=self._cluster), detail, hint)

    def _not_served(self, api_version: str, kind: str, catalog: Catalog) -> KindNotServedError:
        served = catalog.versions(api_version, kind)
        namesakes = served or catalog.namesakes(kind)
        if namesakes:
            detail = f"It serves {kind} in {', '.join(namesakes)}."
            hint = f"Change apiVersion to {namesakes[-1]}."
        else:
            detail = ""
            hint = "Add its CustomResourceDefinition to what is deployed there, or check the spelling."
        summary = f"the cluster does not serve {kind} in {api_version}"
        return KindNotServedError(Problem(summary, Where(cluster=self._cluster), detail, hint), served)

    def _stale(self, api_version: str, kind: str) -> ObjectFailedError:
        return ObjectFailedError(
            Problem(
                f"{titled(api_version, kind)}: the server of its API does not answer",
                Where(cluster=self._cluster),
                f"The API server cannot ask which kinds {api_version} has.",
                f"`kubectl get apiservices` shows why {api_version} is not available.",
            )
        )
