"""Marks: the annotations by which we tell Pulumi's Kubernetes provider, and by which a manifest's author tells us.

The provider's annotations end up in the cluster. A manifest that sets one itself is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fleet.model.manifest import Manifest
from fleet.plan.hooks import is_hook, runs_once
from fleet.plan.wanted import Wanted

# One name for all fields that we own, so that they are recognised after the state is lost, and by people.
FIELD_MANAGER: Final = "fleet"

_FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
_SKIP_AWAIT: Final = "pulumi.com/skipAwait"
_WAIT_FOR: Final = "pulumi.com/waitFor"
# True of whatever is there. With `skipAwait` nobody would wait for deletions either, and an object that has to be
# replaced could not be made again while the old one is on its way out.
_IS_THERE: Final = "jsonpath={.metadata.uid}"
# By itself the provider takes a Pod for ready that has only started.
_HAS_SUCCEEDED: Final = "jsonpath={.status.phase}=Succeeded"
# A Job that has failed is made anew by the next run, though its manifest is the same.
_REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"
_TIMEOUT: Final = "pulumi.com/timeoutSeconds"
# Kinds that the provider does not wait for, and that say by a condition when they are ready.
_CONDITIONS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("apiextensions.k8s.io", "CustomResourceDefinition"): "Established",
        ("apiregistration.k8s.io", "APIService"): "Available",
        ("autoscaling", "HorizontalPodAutoscaler"): "AbleToScale",
    }
)
_SYNC_OPTIONS: Final = "argocd.argoproj.io/sync-options"
_HELM_POLICY: Final = "helm.sh/resource-policy"

# Kinds that the provider waits for, up to ten minutes on create and update, and looks into on every refresh
# (pulumi-kubernetes: provider/pkg/await/awaiters.go). As in Argo CD, applying does not wait for health, unless they are
# hooks or the application says `wait`. Deleting waits until they are gone.
AWAITED: Final = frozenset(
    (group, kind)
    for group, kinds in (
        ("", "PersistentVolume PersistentVolumeClaim Pod ReplicationController"),
        ("", "ResourceQuota Secret Service ServiceAccount"),
        ("apps", "DaemonSet Deployment StatefulSet"),
        ("batch", "Job"),
        ("extensions", "DaemonSet Deployment Ingress"),
        ("networking.k8s.io", "Ingress"),
    )
    for kind in kinds.split()
)
# Hooks of these kinds are waited for: until Jobs and Pods have succeeded, and the others are up.
WORKLOADS: Final = frozenset(
    {("apps", "DaemonSet"), ("apps", "Deployment"), ("apps", "StatefulSet"), ("batch", "Job"), ("", "Pod")}
)
_HOOK_MARKS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"Job": {_REPLACE_UNREADY: "true"}, "Pod": {_WAIT_FOR: _HAS_SUCCEEDED}}
)


def annotated(wanted: Wanted) -> Wanted:
    """Return the object with the annotations that the provider needs."""
    given = wanted.manifest.annotations
    ours = {_FIELD_MANAGER: FIELD_MANAGER, **_awaiting(wanted)}
    return wanted.with_metadata({**wanted.manifest.metadata, "annotations": {**ours, **given}})


def waits(wanted: Wanted) -> bool:
    """Return whether the object is to become ready before it counts as deployed."""
    manifest = wanted.manifest
    if manifest.annotations.get(_SKIP_AWAIT) == "true":
        return False
    is_waited_for = is_hook(manifest) and (manifest.group, manifest.kind) in WORKLOADS
    return is_waited_for or wanted.target.application.wait


def wait_timeout_s(wanted: Wanted) -> float | None:
    """Return how long it may take; None for what its own annotation says, or else for ten minutes."""
    application = wanted.target.application
    says_itself = _TIMEOUT in wanted.manifest.annotations
    return application.wait_timeout_s if application.wait and waits(wanted) and not says_itself else None


def _awaiting(wanted: Wanted) -> Mapping[str, str]:
    """Return what says for what the provider waits. `waitFor` has no effect beside `skipAwait`."""
    manifest = wanted.manifest
    if _SKIP_AWAIT in manifest.annotations:
        return {}
    is_awaited = (manifest.group, manifest.kind) in AWAITED
    if not waits(wanted):
        return {_WAIT_FOR: _IS_THERE} if is_awaited else {}
    if is_hook(manifest) and is_awaited:
        return _HOOK_MARKS.get(manifest.kind, {})
    return _readiness(manifest)


def _readiness(manifest: Manifest) -> Mapping[str, str]:
    """Return what says when an object is ready of a kind of which the provider does not know it."""
    if (manifest.group, manifest.kind) == ("apps", "ReplicaSet"):
        replicas = (manifest.body.get("spec") or {}).get("replicas", 1)
        return {_WAIT_FOR: f"jsonpath={{.status.availableReplicas}}={replicas}"} if replicas else {}
    # Version 1 of an autoscaler keeps its conditions elsewhere.
    condition = "" if manifest.api_version == "autoscaling/v1" else _CONDITIONS.get((manifest.group, manifest.kind))
    return {_WAIT_FOR: f"condition={condition}"} if condition else {}


def retained(wanted: Wanted) -> bool:
    """Return whether the object stays in the cluster when it leaves Git.

    A hook that runs to its end never does: where it stayed, the next one could not be made.
    """
    if runs_once(wanted.manifest):
        return False
    return kept(wanted) or not wanted.target.application.sync.prune or "Prune=false" in _options(wanted, _SYNC_OPTIONS)


def kept(wanted: Wanted) -> bool:
    """Return whether the object stays in the cluster even when the stack is destroyed.

    A namespace made by `create_namespace` always stays, as in Argo CD: others may have put things into it. Argo CD
    looks at `Delete=false` and `helm.sh/resource-policy: keep` only when it deletes the application
    (controller/appcontroller.go: shouldBeDeleted), and its documents say that both are also about pruning. To Helm,
    `keep` is; Pulumi knows one option for both. So here they stay either way.
    """
    if runs_once(wanted.manifest):
        return False
    in_retain = wanted.manifest.kind in wanted.target.application.retain
    is_kept = "Delete=false" in _options(wanted, _SYNC_OPTIONS) or "keep" in _options(wanted, _HELM_POLICY)
    return wanted.generated or in_retain or is_kept


def _options(wanted: Wanted, annotation: str) -> frozenset[str]:
    options = wanted.manifest.annotations.get(annotation)
    return frozenset(option.strip() for option in options.split(",")) if options else frozenset()
