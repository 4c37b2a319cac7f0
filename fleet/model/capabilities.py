"""Capabilities: what charts are told of the cluster that they are rendered for."""

from __future__ import annotations

import re

from fleet.frozen import dataclass

# k8s.io/apimachinery/pkg/util/version: ParseGeneric.
_VERSION = re.compile(r"\s*v?([0-9]+(?:\.[0-9]+)+)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A Kubernetes version, and what is served in it: `apps/v1`, `apps/v1/Deployment`. Empty is what Helm assumes."""

    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


def plain_version(text: str) -> str:
    """Return a Kubernetes version as Argo CD passes it to Helm: `1.33.1` for `v1.33.1-gke.100` and `1.33.1+k3s1`.

    A text that is no version stays, for Helm to refuse. Source: Argo CD, parseKubeVersion in
    reposerver/repository/repository.go.
    """
    found = _VERSION.fullmatch(text)
    return found[1] if found else text
