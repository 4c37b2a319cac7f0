"""Stack outputs: which commit of which application is where; and what the last run left there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pulumi

from fleet.errors import Problem, StateError
from fleet.model.plan import ClusterPlan, PlannedApplication

DEPLOYED = "deployed"
_DEFAULT_NAMESPACE = "default"


def deployed(plans: Iterable[ClusterPlan]) -> dict[str, dict[str, dict[str, str]]]:
    """Return application → cluster → the destination's namespace → full SHA; constant for constant input."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for plan in plans:
        for planned in plan.applications:
            found.setdefault(planned.application.name, {})[plan.cluster.name] = commits(planned)
    return found


def arrived(
    wanted: Mapping[str, Mapping[str, Mapping[str, str]]],
    before: Mapping[tuple[str, str, str], str],
    failed: Collection[tuple[str, str]],
) -> dict[str, dict[str, dict[str, str]]]:
    """Return what `deployed` may say: where something failed, the commits from before stay.

    before: (application, cluster, namespace) → full SHA. failed: (application, cluster). What was never deployed
    before, and is there in part now, counts as deployed: it must not be forgotten.
    """
    return {
        application: {
            cluster: {
                namespace: before.get((application, cluster, namespace), commit)
                if (application, cluster) in failed
                else commit
                for namespace, commit in by_namespace.items()
            }
            for cluster, by_namespace in clusters.items()
        }
        for application, clusters in wanted.items()
    }


def commits(planned: PlannedApplication) -> dict[str, str]:
    """Return the destination's namespace → full SHA; `default` where the destination names none."""
    return {namespace or _DEFAULT_NAMESPACE: commit for namespace, commit in planned.commits}


async def read_deployed() -> dict[tuple[str, str, str], str]:
    """Return (application, cluster, namespace) → the full SHA, as the stack's last run left it.

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


def parse_deployed(value: object) -> dict[tuple[str, str, str], str]:
    """Return what `deployed` had said. None is nothing; raises StateError for anything else that it never says."""
    try:
        return {
            (application, cluster, namespace): _sha(commit)
            for application, clusters in _items(value)
            for cluster, commits in _items(clusters)
            for namespace, commit in _items(commits)
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


def _sha(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value))
    return value
