"""Needs: what applications need of a cluster before anything is written there: namespaces, and kinds that it serves.

In: what their components say. Out: one problem per cluster with all that is missing. Nothing is asked before somebody
is about to write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from fleet.engine.kubernetes.provider import Provider
from fleet.errors import Problem

_Kind = tuple[str, str]
_NAMESPACES = (
    "Create the namespaces, add them to Git, or let them be created: `create_namespace=True` in the DSL, "
    "`CreateNamespace=true` among the syncOptions of Argo CD YAML."
)
_KINDS = (
    "Correct apiVersion, or add the CustomResourceDefinition to what is deployed there. Where something that is "
    "deployed brings the kind itself, say so on its objects: "
    "`argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true`."
)


class Needs:
    """What is needed of one cluster, and by which applications."""

    def __init__(self) -> None:
        self._namespaces: defaultdict[str, set[str]] = defaultdict(set)
        self._kinds: defaultdict[_Kind, set[str]] = defaultdict(set)

    def namespaces(self, names: Iterable[Any], application: str) -> None:
        """Note namespaces that must be there."""
        for name in names:
            self._namespaces[str(name)].add(application)

    def kinds(self, kinds: Iterable[Any], application: str) -> None:
        """Note kinds that must be served, as `apps/v1/Deployment`."""
        for each in kinds:
            api_version, _, kind = str(each).rpartition("/")
            self._kinds[api_version, kind].add(application)

    async def missing(self, provider: Provider) -> Problem | None:
        """Return what a cluster lacks, None where that is nothing. Raises KubernetesError."""
        namespaces = sorted(await provider.namespaces_missing(self._namespaces)) if self._namespaces else []
        kinds = await provider.kinds_missing(sorted(self._kinds)) if self._kinds else {}
        lines = [f"{each}: wanted by {_listed(self._namespaces[each])}" for each in namespaces]
        for (api_version, kind), served in kinds.items():
            users = _listed(self._kinds[api_version, kind])
            instead = f"; it serves {kind} in {', '.join(served)}" if served else ""
            lines.append(f"{kind} in {api_version}: wanted by {users}{instead}")
        return _problem(bool(namespaces), bool(kinds), lines) if lines else None


def _problem(is_about_namespaces: bool, is_about_kinds: bool, lines: Sequence[str]) -> Problem:
    found = ["Namespaces do not exist"] if is_about_namespaces else []
    found += ["kinds are not served" if found else "Kinds are not served"] if is_about_kinds else []
    hints = ([_NAMESPACES] if is_about_namespaces else []) + ([_KINDS] if is_about_kinds else [])
    summary = f"{', and '.join(found)}; nothing was written to this cluster"
    return Problem(summary, detail="\n".join(lines), hint=" ".join(hints))


def _listed(applications: Iterable[str]) -> str:
    return ", ".join(sorted(applications))
