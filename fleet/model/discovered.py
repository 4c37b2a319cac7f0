"""Discovered: what a cluster was found to be, when somebody asked it; remembered in a file of the project."""

from __future__ import annotations

from collections.abc import Mapping

from fleet.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a cluster said of itself.

    kube_version: without `v` and a vendor's suffix, `1.33.1`.
    kinds: (apiVersion, kind) → whether its objects live in namespaces, of all kinds that can be listed and watched.
    """

    kube_version: str
    kinds: Mapping[tuple[str, str], bool]

    @property
    def api_versions(self) -> tuple[str, ...]:
        """What charts are told that it serves, `apps/v1` and `apps/v1/Deployment`, sorted.

        Source: Argo CD, APIResourcesToStrings in util/argo/argo.go, of what GetAPIResources finds.
        """
        versions = {api_version for api_version, _ in self.kinds}
        return tuple(sorted(versions | {f"{api_version}/{kind}" for api_version, kind in self.kinds}))

    @property
    def scopes(self) -> Mapping[tuple[str, str], bool]:
        """(group, kind) → whether its objects live in namespaces; no kind is both in two versions of a group."""
        return {(api_version.rpartition("/")[0], kind): found for (api_version, kind), found in self.kinds.items()}
