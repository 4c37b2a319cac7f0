"""Stack outputs: which commit of which application is where; and what the last run left there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pulumi

from fleet.errors import Problem, StateError
from fleet.model.plan import ClusterPlan, PlannedApplication

DEPLOYED = "deployed"

# Of one source its full SHA, or chart version; of several a list of them, in the order of the sources.
Commits = str | list[str]

_DEFAULT_NAMESPACE = "default"


def deployed(plans: Iterable[ClusterPlan]) -> dict[str, dict[str, dict[str, Commits]]]:
    """Return application → cluster → the destination's namespace → commits; constant for constant input."""
    found: dict[str, dict[str, dict[str, Commits]]] = {}
    for plan in plans:
        for planned in plan.applications:
            found.setdefault(planned.application.name, {})[plan.cluster.name] = commits(planned)
    return found


def arrived(
    wanted: Mapping[str, Mapping[str, Mapping[str, Commits]]],
    before: Mapping[tuple[str, str, str], tuple[str, ...]],
    failed: Collection[tuple[str, str]],
) -> dict[str, dict[str, dict[str, Commits]]]:
    """Return what `deployed` may say: where something failed, the commits from before stay.

    before: (application, cluster, namespace) → commits. failed: (application, cluster). What was never deployed
    before, and is there in part now, counts as deployed: it must not be forgotten.
    """

    def there(place: tuple[str, str, str], commits: Commits) -> Commits:
        known = before.get(place) if place[:2] in failed else None
        return _written(known) if known else commits

    return {
        application: {
            cluster: {
                namespace: there((application, cluster, namespace), commits)
                for namespace, commits in by_namespace.items()
            }
            for cluster, by_namespace in clusters.items()
        }
        for application, clusters in wanted.items()
    }


def commits(planned: PlannedApplication) -> dict[str, Commits]:
    """Return the destination's namespace → commits; `default` where the destination names none."""
    return {namespace or _DEFAULT_NAMESPACE: _written(commits) for namespace, commits in planned.commits}


def _written(commits: Sequence[str]) -> Commits:
    return commits[0] if len(commits) == 1 else list(commits)


async def read_deployed() -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Return (application, cluster, namespace) → a commit per source, as the stack's last run left it.

    Raises StateError where the engine cannot tell.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        outputs = await pulumi.StackReference(stack).outputs.future()
    except Exception as error:
        raise StateError(
            Problem(
                "what is deployed to the paused clusters cannot be read from the stack's outputs",
                detail=str(error),
                hint="Resume the clusters, or make the stack's state readable.",
            )
        ) from error
    return parse_deployed((outputs or {}).get(DEPLOYED))


def parse_deployed(value: object) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Return what `deployed` had said. None is nothing; raises StateError for anything else that it never says."""
    try:
        return {
            (application, cluster, namespace): _read(commits)
            for application, clusters in _items(value)
            for cluster, by_namespace in _items(clusters)
            for namespace, commits in _items(by_namespace)
        }
    except TypeError as error:
        raise StateError(
            Problem(
                f"the stack's output `{DEPLOYED}` is not as this project writes it",
                hint="A run without paused clusters writes it anew.",
            )
        ) from error


def _items(value: object) -> Iterable[tuple[str, Any]]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise TypeError(type(value))
    return value.items()


def _read(value: object) -> tuple[str, ...]:
    commits = value if isinstance(value, list) else [value]
    if not all(isinstance(commit, str) for commit in commits):
        raise TypeError(type(value))
    return tuple(commits)
