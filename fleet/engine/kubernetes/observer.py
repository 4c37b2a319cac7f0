"""Looking at what a cluster holds of many objects at once.

In: objects as they were last applied and seen. Out: which are unchanged, drifted, gone. Each collection is listed once,
metadata only; an object that has not moved since costs nothing more. For one that has, the API server says by a dry run
what applying it would change: that is drift, not what merely differs from the manifest. Nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field

from fleet.engine.kubernetes.api import Api, Object
from fleet.engine.kubernetes.concurrency import together
from fleet.engine.kubernetes.diff import Difference, comparable, differences, field_changes
from fleet.engine.kubernetes.dry_runs import DryRuns
from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.observation import Gone, Known, Observation, Present, Unreadable
from fleet.engine.kubernetes.refs import Ref, Resource, Target
from fleet.engine.kubernetes.secrets import with_data
from fleet.engine.kubernetes.subset import unmet
from fleet.errors import Problem, Where
from fleet.frozen import dataclass

# So many moved objects of a collection are read one by one at most, unless that is less than a tenth of it.
FEW_MOVED, FEW_MOVED_SHARE = 20, 0.1

# A dry run says which version it was made on. Where that is not the one that was read, what differs may be somebody
# else's change in between: both are had again, so often.
_COMPARISONS = 3

_CREATED = 201
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Sought:
    """One object to look for, located."""

    known: Known
    target: Target

    @property
    def place(self) -> Place:
        return self.target.ref.namespace, self.target.ref.name


@dataclass(slots=True)
class _Listing:
    """What lists of one kind say. versions: resourceVersion by place. failures: by namespace."""

    versions: dict[Place, str] = field(default_factory=dict)
    failures: dict[str, ObjectFailedError] = field(default_factory=dict)


class Observer:
    """Looks at objects of one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def observe(self, known: Sequence[Known]) -> dict[str, Observation]:
        """Return what became of each object, by key. Raises ClusterUnavailableError."""
        by_kind: dict[tuple[str, str], list[Known]] = defaultdict(list)
        for each in known:
            by_kind[str(each.wanted.get("apiVersion")), str(each.wanted.get("kind"))].append(each)
        found = await together(self._kind(*kind, of_kind) for kind, of_kind in by_kind.items())
        return {key: observation for part in found for key, observation in part.items()}

    async def _kind(self, api_version: str, kind: str, known: Sequence[Known]) -> Mapping[str, Observation]:
        try:
            resource = await self._api.discovery.find(api_version, kind)
        except ObjectFailedError as error:
            return {each.key: Unreadable(error.problem) for each in known}
        if resource is None:
            lost = await self._lost_kind(api_version, kind)
            return dict.fromkeys((each.key for each in known), lost)
        sought = [_Sought(each, await self._api.located(Ref.of(each.wanted), resource)) for each in known]
        listing = await self._list(resource, {each.target.ref.namespace for each in sought})
        return await self._judge_all(resource, sought, listing)

    async def _lost_kind(self, api_version: str, kind: str) -> Observation:
        served = await self._api.discovery.versions(api_version, kind)
        if not served:
            return Gone()
        summary = f"the cluster no longer serves {kind} in {api_version}"
        detail = f"The object may still be there: it serves {kind} in {', '.join(served)}."
        hint = f"Change apiVersion to {served[-1]}."
        return Unreadable(Problem(summary, Where(cluster=self._api.cluster), detail, hint))

    async def _list(self, resource: Resource, namespaces: set[str]) -> _Listing:
        """List once, whatever the number of namespaces; each by itself where all at once are not for us to list."""
        listing = _Listing()
        if len(namespaces) > 1:
            await self._list_one(resource, "", listing)
            if not listing.failures:
                return listing
            listing = _Listing()
        await together(self._list_one(resource, namespace, listing) for namespace in sorted(namespaces))
        return listing

    async def _list_one(self, resource: Resource, namespace: str, listing: _Listing) -> None:
        try:
            async for page in self._api.pages(resource, namespace, metadata_only=True):
                for item in page.get("items") or ():
                    metadata = item["metadata"]
                    listing.versions[_place(metadata)] = metadata["resourceVersion"]
        except ObjectFailedError as error:
            listing.failures[namespace] = error

    async def _judge_all(
        self, resource: Resource, sought: Sequence[_Sought], listing: _Listing
    ) -> dict[str, Observation]:
        verdicts: dict[str, Observation] = {}
        moved: list[_Sought] = []
        for each in sought:
            version, failure = listing.versions.get(each.place), listing.failures.get(each.target.ref.namespace)
            if failure is not None:
                verdicts[each.known.key] = Unreadable(failure.problem)
            elif version is None:
                verdicts[each.known.key] = Gone()
            elif version == each.known.resource_version:
                verdicts[each.known.key] = Present(version)
            else:
                moved.append(each)
        judged = await self._judge_moved(resource, moved, len(listing.versions))
        return verdicts | judged

    async def _judge_moved(self, resource: Resource, moved: Sequence[_Sought], listed: int) -> dict[str, Observation]:
        if not moved:
            return {}
        live: Mapping[Place, Object] | None = None
        if len(moved) > max(FEW_MOVED, FEW_MOVED_SHARE * listed):
            with suppress(ObjectFailedError):
                live = await self._live(resource, moved)
        dry_runs = DryRuns(self._api)
        verdicts = await together(self._judge(each, live, dry_runs) for each in moved)
        return {each.known.key: verdict for each, verdict in zip(moved, verdicts, strict=True)}

    async def _live(self, resource: Resource, moved: Iterable[_Sought]) -> Mapping[Place, Object]:
        """Return many objects by listing what they are among."""
        wanted = {each.place for each in moved}
        namespaces = {namespace for namespace, _ in wanted}
        found: dict[Place, Object] = {}
        async for page in self._api.pages(
            resource, namespaces.pop() if len(namespaces) == 1 else "", metadata_only=False
        ):
            for item in page.get("items") or ():
                if _place(item["metadata"]) in wanted:
                    # Entries of a List do not say what they are.
                    typed = {"apiVersion": resource.api_version, "kind": resource.kind, **item}
                    found[_place(item["metadata"])] = typed
        return found

    async def _judge(self, sought: _Sought, live: Mapping[Place, Object] | None, dry_runs: DryRuns) -> Observation:
        """Say how an object differs from what applying it would make of it."""
        known, target = sought.known, sought.target
        verdict: Observation = Gone()
        try:
            current = live.get(sought.place) if live is not None else await self._api.read(target)
            for _ in range(_COMPARISONS):
                if current is None:
                    return Gone()
                answer = await dry_runs.ask(target, known)
                if isinstance(answer, str):
                    return _estimated(known, current, answer)
                if answer.status == _CREATED:
                    return Gone()
                verdict = _present(known, current, differences(comparable(answer.body), comparable(current)))
                if not verdict.changes or _version(answer.body) == _version(current):
                    return verdict
                current = await self._api.read(target)
        except ObjectFailedError as error:
            return Unreadable(error.problem)
        return verdict


def _estimated(known: Known, live: Object, reason: str) -> Present:
    found = unmet(comparable(with_data(known.wanted)), live)
    return _present(known, live, found, note=f"compared field by field, because the dry run failed: {reason}")


def _present(known: Known, live: Object, found: Iterable[Difference], note: str = "") -> Present:
    return Present(_version(live), field_changes(known.wanted, found), live, note)


def _version(manifest: Object) -> str:
    return str(manifest["metadata"]["resourceVersion"])


def _place(metadata: Object) -> Place:
    return str(metadata.get("namespace") or ""), str(metadata["name"])
