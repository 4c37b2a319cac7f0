"""Providers: a cluster → the connection that Pulumi deploys through."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pulumi_kubernetes.provider import Provider

from fleet.errors import DeclarationError, Problem, Where
from fleet.model.cluster import Cluster

_DEFAULT_KUBECONFIG = "~/.kube/config"


def profile(cluster: Cluster, environment: Mapping[str, str] = os.environ) -> Mapping[str, Any]:
    """Return a cluster's provider arguments.

    Raises DeclarationError where the cluster leaves the kubeconfig to $KUBECONFIG and that names several.
    """
    return {
        "kubeconfig": kubeconfig_path(cluster, environment),
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


def kubeconfig_path(cluster: Cluster, environment: Mapping[str, str]) -> str:
    """Return the path of the cluster's kubeconfig, `~` and relative paths as they were written.

    Engines expand `~`, and resolve paths from the project's directory (pulumi-kubernetes: parseKubeconfigString in
    provider/pkg/provider/util.go), so a path in the state means the same on every machine. It is always set: where it
    is not, the SDK copies $KUBECONFIG into the state.
    """
    if cluster.kubeconfig is not None:
        return cluster.kubeconfig
    paths = [path for path in environment.get("KUBECONFIG", "").split(os.pathsep) if path]
    if len(paths) > 1:
        raise DeclarationError(
            Problem(
                "the cluster names no kubeconfig, and $KUBECONFIG names more than one",
                Where(cluster=cluster.name),
                detail=f"$KUBECONFIG is {os.pathsep.join(paths)}",
                hint="Set the cluster's `kubeconfig` to one of them.",
            )
        )
    return paths[0] if paths else _DEFAULT_KUBECONFIG


def register_provider(name: str, arguments: Mapping[str, Any], *, adopt: bool) -> Provider:
    """Register a provider. adopt: objects that exist already are taken over instead of being an error."""
    return Provider(name, **arguments, upsert_existing_objects=adopt)
