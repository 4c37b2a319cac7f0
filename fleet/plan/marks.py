"""Marks: the annotations by which we tell Pulumi's Kubernetes provider, and by which a manifest's author tells us.

The provider's annotations end up in the cluster. A manifest that sets one itself is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fleet.model.manifest import Manifest
from fleet.model.scope import BUILT_IN
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
_REPLICA_SET: Final = ("apps", "ReplicaSet")
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
# Of these the provider waits for pods behind them, which may be of a later wave. Argo CD waits for an address, where
# they are to get one (gitops-engine/pkg/health).
_ADDRESSED: Final = frozenset({("", "Service"), ("extensions", "Ingress"), ("networking.k8s.io", "Ingress")})
_HAS_ADDRESS: Final = "jsonpath={.status.loadBalancer.ingress}"
# Of these the provider waits for what Kubernetes used to add to them, and Argo CD for nothing.
_READY_AT_ONCE: Final = frozenset({("", "Secret"), ("", "ServiceAccount")})
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
    if is_hook(manifest) and (manifest.group, manifest.kind) in WORKLOADS:
        return True
    wait = wanted.target.application.wait
    return bool(wanted.followed_by) if wait is None else wait


def wait_timeout_s(wanted: Wanted) -> float | None:
    """Return how long it may take; None for what its own annotation says, or where nobody waits for anything."""
    application = wanted.target.application
    if _TIMEOUT in wanted.manifest.annotations or not waits(wanted):
        return None
    return application.wait_timeout_s if application.wait or _may_take_time(wanted) else None


def awaited_by(wanted: Wanted) -> str:
    """Return what begins when the object is ready; empty if nothing does, or if that is as soon as it is there."""
    return wanted.followed_by if wanted.followed_by and waits(wanted) and _may_take_time(wanted) else ""


def _may_take_time(wanted: Wanted) -> bool:
    """Return whether an object can be there without being ready: as far as is known of its kind, or by its own word."""
    manifest = wanted.manifest
    kind = manifest.group, manifest.kind
    said = manifest.annotations.get(_WAIT_FOR)
    if said is not None:
        return said != _IS_THERE
    return kind in AWAITED or kind in _CONDITIONS or kind == _REPLICA_SET or kind not in BUILT_IN


def _awaiting(wanted: Wanted) -> Mapping[str, str]:
    """Return what says for what the provider waits. `waitFor` has no effect beside `skipAwait`."""
    manifest = wanted.manifest
    if _SKIP_AWAIT in manifest.annotations:
        return {}
    is_awaited = (manifest.group, manifest.kind) in AWAITED
    if not waits(wanted) or (wanted.followed_by and _is_ready_at_once(manifest)):
        return {_WAIT_FOR: _IS_THERE} if is_awaited else {}
    if wanted.followed_by and (manifest.group, manifest.kind) in _ADDRESSED:
        return {_WAIT_FOR: _HAS_ADDRESS}
    if is_hook(manifest) and is_awaited:
        return _HOOK_MARKS.get(manifest.kind, {})
    return _readiness(manifest)


def _is_ready_at_once(manifest: Manifest) -> bool:
    if (manifest.group, manifest.kind) == ("", "Service"):
        return (manifest.body.get("spec") or {}).get("type") != "LoadBalancer"
    return (manifest.group, manifest.kind) in _READY_AT_ONCE


def _readiness(manifest: Manifest) -> Mapping[str, str]:
    """Return what says when an object is ready of a kind of which the provider does not know it."""
    if (manifest.group, manifest.kind) == _REPLICA_SET:
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


def may_be_unknown(wanted: Wanted) -> bool:
    """Return whether something else may bring the object's kind in the meantime, by its own word, as in Argo CD."""
    return "SkipDryRunOnMissingResource=true" in _options(wanted, _SYNC_OPTIONS)


def _options(wanted: Wanted, annotation: str) -> frozenset[str]:
    options = wanted.manifest.annotations.get(annotation)
    return frozenset(option.strip() for option in options.split(",")) if options else frozenset()
