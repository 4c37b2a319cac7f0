"""Short ways to write down what the tests of the plan are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet import Application, Cluster, Destination, GitSource, SyncPolicy
from fleet.errors import Where
from fleet.model.application import RETAINED_KINDS
from fleet.model.fleet import Fleet
from fleet.model.manifest import Manifest
from fleet.model.plan import ClusterPlan, PlannedObject, Rendered, Target
from fleet.plan.expand import expand
from fleet.plan.finish import finish

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def manifest(
    kind: str,
    name: str,
    *,
    api_version: str = "v1",
    namespace: str | None = None,
    annotations: Mapping[str, str] | None = None,
    file: str = "app.yaml",
    **fields: Any,
) -> Manifest:
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    if annotations is not None:
        metadata["annotations"] = dict(annotations)
    return Manifest({"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}, Where(file, line=1))


def crd(group: str, kind: str, *, scope: str = "Namespaced", versions: Sequence[str] = ("v1",)) -> Manifest:
    plural = f"{kind.lower()}s"
    return manifest(
        "CustomResourceDefinition",
        f"{plural}.{group}",
        api_version="apiextensions.k8s.io/v1",
        spec={
            "group": group,
            "scope": scope,
            "names": {"kind": kind, "plural": plural},
            "versions": [{"name": version} for version in versions],
        },
    )


def application(
    name: str = "web",
    *destinations: Destination | str,
    sync: SyncPolicy | None = None,
    adopt: bool = False,
    retain: Sequence[str] = RETAINED_KINDS,
    project: str = "default",
    wait: bool | None = None,
    wait_timeout_s: float = 600,
) -> Application:
    return Application(
        name,
        source=GitSource("https://example.com/repo.git", path="manifests"),
        destinations=destinations or ("dev",),
        sync=sync or SyncPolicy(prune=True),
        wait=wait,
        wait_timeout_s=wait_timeout_s,
        adopt=adopt,
        retain=retain,
        project=project,
    )


def targets(*applications: Application, clusters: Sequence[Cluster] = ()) -> tuple[Target, ...]:
    named = {each.reference for app in applications for each in app.targets}
    declared = clusters or [Cluster(name) for name in sorted(named)]
    return expand(Fleet(clusters=declared, applications=applications), {})


def rendered(app: Application, *manifests: Manifest, commit: str = COMMIT) -> tuple[Rendered, ...]:
    """Return the application with the same manifests at each of its destinations."""
    return tuple(Rendered(target, (commit,), manifests) for target in targets(app))


def plan(*each: tuple[Rendered, ...]) -> ClusterPlan:
    """Return the plan of the only cluster that anything goes to."""
    (only,) = finish([one for group in each for one in group])
    return only


def by_name(cluster: ClusterPlan) -> dict[str, PlannedObject]:
    return {str(each.manifest.key): each for each in cluster.objects}
