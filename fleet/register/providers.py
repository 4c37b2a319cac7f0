"""Providers: a cluster → the connection that Pulumi deploys through."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.provider import Provider

from fleet.errors import DeclarationError, Problem, Where
from fleet.model.cluster import Cluster

_DEFAULT_KUBECONFIG = "~/.kube/config"


def profiles(
    clusters: Iterable[Cluster], environment: Mapping[str, str] = os.environ
) -> Mapping[str, Mapping[str, Any]]:
    """Return cluster → the arguments of its provider.

    Raises DeclarationError for clusters that leave the kubeconfig to $KUBECONFIG when that names more than one, and for
    clusters that are one and the same connection.
    """
    default = [path for path in environment.get("KUBECONFIG", "").split(os.pathsep) if path] or [_DEFAULT_KUBECONFIG]
    found = tuple(clusters)
    if len(default) > 1 and any(cluster.kubeconfig is None for cluster in found):
        raise DeclarationError(*(_undecided(cluster, default) for cluster in found if cluster.kubeconfig is None))
    connections: dict[tuple[str, str], list[Cluster]] = {}
    for cluster in found:
        connections.setdefault((cluster.kubeconfig or default[0], cluster.context or ""), []).append(cluster)
    shared = [_shared(*connection, same) for connection, same in connections.items() if len(same) > 1]
    if shared:
        raise DeclarationError(*shared)
    return {cluster.name: _profile(cluster, default[0]) for cluster in found}


def _profile(cluster: Cluster, default_kubeconfig: str) -> Mapping[str, Any]:
    return {
        # Engines expand `~`, and resolve paths from the project's directory (pulumi-kubernetes: parseKubeconfigString),
        # so that a path in the state means the same on every machine. Where it is not set, the SDK copies $KUBECONFIG.
        "kubeconfig": cluster.kubeconfig or default_kubeconfig,
        "context": cluster.context,
        # Without it, a new URL or certificate of the API server would replace everything that was deployed.
        "cluster_identifier": cluster.identifier or cluster.name,
        # Drift is healed also where another manager, kubectl say, has taken a field over.
        "enable_patch_force": True,
        # Otherwise a changed ConfigMap or Secret is deleted and made anew.
        "enable_config_map_mutable": True,
        "enable_secret_mutable": True,
        # A cluster that cannot be reached fails neither a refresh nor the other clusters.
        "skip_update_unreachable": True,
        "kube_client_settings": {"qps": 50, "burst": 100, "timeout": 30},
        "suppress_deprecation_warnings": True,
    }


def _undecided(cluster: Cluster, paths: Iterable[str]) -> Problem:
    return Problem(
        "the cluster names no kubeconfig, and $KUBECONFIG names more than one",
        Where(cluster=cluster.name),
        detail=f"$KUBECONFIG is {os.pathsep.join(paths)}",
        hint="Set the cluster's `kubeconfig` to one of them.",
    )


def _shared(kubeconfig: str, context: str, clusters: Iterable[Cluster]) -> Problem:
    names = ", ".join(sorted(cluster.name for cluster in clusters))
    where = f"context {context}" if context else "current context"
    return Problem(
        f"clusters are one and the same connection: {names}",
        detail=f"It is the {where} of kubeconfig {kubeconfig}. What goes to one of them would overwrite the others'.",
        hint="Give each its own `context`. To deploy twice to a cluster, give the application two destinations there.",
    )


def register_provider(
    name: str, arguments: Mapping[str, Any], *, adopt: bool, after: pulumi.Resource | None = None
) -> Provider:
    """Register a provider. adopt: objects that exist already are taken over instead of being an error."""
    options = pulumi.ResourceOptions(depends_on=[after] if after else [])
    return Provider(name, options, **arguments, upsert_existing_objects=adopt)
