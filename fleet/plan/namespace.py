"""Namespaces: where namespaced objects go, which namespaces are created, and which must be there already.

The rules are Argo CD's (controller/state.go, gitops-engine/pkg/sync/sync_context.go), with one addition: where
neither the manifest nor the destination names a namespace, it is `default`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from fleet.errors import Where
from fleet.model.manifest import Manifest
from fleet.model.plan import Target
from fleet.model.scope import is_namespaced
from fleet.plan.wanted import Wanted

DEFAULT_NAMESPACE: Final = "default"

# Every API server makes these when it starts (kubernetes: pkg/controlplane/controller/systemnamespaces).
ALWAYS_THERE: Final = frozenset({DEFAULT_NAMESPACE, "kube-system", "kube-public", "kube-node-lease"})


def settled(wanted: Wanted, scopes: Mapping[tuple[str, str], bool]) -> Wanted:
    """Return the object with a namespace where its kind has one, and without where it has none.

    scopes: (group, kind) → namespaced, of custom kinds. A kind that nobody knows counts as namespaced.
    """
    manifest = wanted.manifest
    if is_namespaced(manifest.group, manifest.kind, scopes) is False:
        if "namespace" not in manifest.metadata:
            return wanted
        return wanted.with_metadata({key: value for key, value in manifest.metadata.items() if key != "namespace"})
    if manifest.namespace:
        return wanted
    namespace = wanted.target.namespace or DEFAULT_NAMESPACE
    return wanted.with_metadata({**manifest.metadata, "namespace": namespace})


def created(wanted: Sequence[Wanted], targets: Iterable[Target]) -> tuple[Wanted, ...]:
    """Return a Namespace for each one that a destination of the cluster asks for and no manifest of the cluster holds.

    Several applications may ask for the same one: it belongs to the first by name.
    """
    there = _names(wanted) | ALWAYS_THERE
    asking: dict[str, Target] = {}
    for target in sorted(targets, key=lambda each: each.application.name):
        namespace = target.namespace
        if target.application.sync.create_namespace and namespace and namespace not in there:
            asking.setdefault(namespace, target)
    return tuple(Wanted(target, _namespace(name, target), generated=True) for name, target in sorted(asking.items()))


def _namespace(name: str, target: Target) -> Manifest:
    where = Where(key="create_namespace", application=target.application.name)
    return Manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, where)


def required(wanted: Sequence[Wanted]) -> dict[str, tuple[str, ...]]:
    """Return application → the namespaces that its objects need and that nothing in the cluster's plan creates."""
    given = _names(wanted) | ALWAYS_THERE
    needed: defaultdict[str, set[str]] = defaultdict(set)
    for each in wanted:
        namespace = each.manifest.namespace
        if namespace and namespace not in given:
            needed[each.application].add(namespace)
    return {application: tuple(sorted(namespaces)) for application, namespaces in needed.items()}


def _names(wanted: Iterable[Wanted]) -> frozenset[str]:
    manifests = (each.manifest for each in wanted)
    return frozenset(each.name for each in manifests if (each.group, each.kind) == ("", "Namespace"))
