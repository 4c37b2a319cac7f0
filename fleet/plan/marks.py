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
_SYNC_OPTIONS: Final = "argocd.argoproj.io/sync-options"
_HELM_POLICY: Final = "helm.sh/resource-policy"

# Kinds that the provider waits for, up to ten minutes on create and update, and looks into on every refresh
# (pulumi-kubernetes: provider/pkg/await/awaiters.go). As in Argo CD, applying does not wait for health, unless they are
# hooks. Deleting waits until they are gone.
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
    ours = {_FIELD_MANAGER: FIELD_MANAGER, **_awaiting(wanted.manifest)}
    return wanted.with_metadata({**wanted.manifest.metadata, "annotations": {**ours, **given}})


def _awaiting(manifest: Manifest) -> Mapping[str, str]:
    """Return what says how long the provider waits for the object. `waitFor` has no effect beside `skipAwait`."""
    if (manifest.group, manifest.kind) not in AWAITED or _SKIP_AWAIT in manifest.annotations:
        return {}
    if not is_hook(manifest) or (manifest.group, manifest.kind) not in WORKLOADS:
        return {_WAIT_FOR: _IS_THERE}
    return _HOOK_MARKS.get(manifest.kind, {})


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
    options = wanted.manifest.annotations.get(annotation, "")
    return frozenset(option.strip() for option in options.split(","))
