"""Marks: the annotations by which we tell Pulumi's Kubernetes provider, and by which a manifest's author tells us.

The provider's annotations end up in the cluster. A manifest that sets one itself is left as it is.
"""

from __future__ import annotations

from typing import Final

from fleet.plan.wanted import Wanted

# One name for all fields that we own, so that they are recognised after the state is lost, and by people.
FIELD_MANAGER: Final = "fleet"

_FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
_SKIP_AWAIT: Final = "pulumi.com/skipAwait"
_WAIT_FOR: Final = "pulumi.com/waitFor"
# True of whatever is there. With `skipAwait` nobody would wait for deletions either, and an object that has to be
# replaced could not be made again while the old one is on its way out.
_IS_THERE: Final = "jsonpath={.metadata.uid}"
_SYNC_OPTIONS: Final = "argocd.argoproj.io/sync-options"
_HELM_POLICY: Final = "helm.sh/resource-policy"

# Kinds that the provider waits for, up to ten minutes on create and update, and looks into on every refresh
# (pulumi-kubernetes: provider/pkg/await/awaiters.go). As in Argo CD, applying does not wait for health. Deleting waits
# until they are gone.
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


def annotated(wanted: Wanted) -> Wanted:
    """Return the object with the annotations that the provider needs."""
    manifest = wanted.manifest
    given = manifest.annotations
    ours = {_FIELD_MANAGER: FIELD_MANAGER}
    # `waitFor` would be without effect beside `skipAwait`.
    if (manifest.group, manifest.kind) in AWAITED and _SKIP_AWAIT not in given:
        ours[_WAIT_FOR] = _IS_THERE
    return wanted.with_metadata({**manifest.metadata, "annotations": {**ours, **given}})


def retained(wanted: Wanted) -> bool:
    """Return whether the object stays in the cluster when it leaves Git."""
    return kept(wanted) or not wanted.target.application.sync.prune or "Prune=false" in _options(wanted)


def kept(wanted: Wanted) -> bool:
    """Return whether the object stays in the cluster even when the stack is destroyed.

    A namespace made by `create_namespace` always stays, as in Argo CD: others may have put things into it.
    """
    in_retain = wanted.manifest.kind in wanted.target.application.retain
    policy = wanted.manifest.annotations.get(_HELM_POLICY)
    return wanted.generated or in_retain or "Delete=false" in _options(wanted) or policy == "keep"


def _options(wanted: Wanted) -> frozenset[str]:
    options = wanted.manifest.annotations.get(_SYNC_OPTIONS, "")
    return frozenset(option.strip() for option in options.split(","))
