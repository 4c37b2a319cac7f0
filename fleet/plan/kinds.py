"""Kinds: which of them a cluster has to serve before anything is deployed there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from fleet.plan import marks
from fleet.plan.wanted import Wanted


def required(wanted: Sequence[Wanted], definitions: Collection[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return application → the kinds of its objects that nothing in the cluster's plan defines, as `v1/ConfigMap`.

    definitions: (group, kind) of the CustomResourceDefinitions in the plan. Kinds that something else brings, an
    operator while it starts, are left out where the objects say so, as in Argo CD.
    """
    needed: defaultdict[str, set[str]] = defaultdict(set)
    for each in wanted:
        manifest = each.manifest
        if (manifest.group, manifest.kind) not in definitions and not marks.may_be_unknown(each):
            needed[each.application].add(f"{manifest.api_version}/{manifest.kind}")
    return {application: tuple(sorted(kinds)) for application, kinds in needed.items()}
