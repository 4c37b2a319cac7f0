"""Hooks: what becomes of a chart's objects that are none of the release, but to be run at some time. Pure.

Argo CD (gitops-engine, pkg/sync/hook): `helm.sh/hook` makes an object a hook, unless it says `crd-install`. Install and
upgrade hooks run before and after a sync; tests, rollbacks and deletions have no such time, and are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable

from fleet.errors import Problem, RenderError
from fleet.model.manifest import Manifest

_HOOK = "helm.sh/hook"
_RUN = frozenset({"pre-install", "post-install", "pre-upgrade", "post-upgrade"})


def without_hooks(manifests: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """Return what stays. Raises RenderError naming each object that Argo CD would run before or after a sync."""
    manifests = tuple(manifests)
    problems = [_problem(each) for each in manifests if _times(each) & _RUN]
    if problems:
        raise RenderError(*problems)
    return tuple(each for each in manifests if not _times(each))


def _times(manifest: Manifest) -> frozenset[str]:
    value = manifest.annotations.get(_HOOK, "")
    return frozenset() if value == "crd-install" else frozenset(filter(None, map(str.strip, value.split(","))))


def _problem(manifest: Manifest) -> Problem:
    return Problem(
        f"{manifest.key} is a Helm hook: hooks are not run yet",
        manifest.where,
        detail=f"It is to run at {', '.join(sorted(_times(manifest)))}, and leaving it out might break the release.",
        hint="Switch it off by the chart's values, or take the annotation helm.sh/hook off it\n"
        "to have it deployed as a plain object.",
    )
