"""Hooks and waves: when an object has its turn among those of its application, and which objects never have one.

In: a Manifest. Out: its Turn; None for what is not deployed, and then perhaps a notice that says why. Source: Argo CD
3.6, gitops-engine/pkg/sync/hook, sync_phase.go and syncwaves; controller/hook.go for deletions. Where its documents
differ from its code this follows the code: each object is looked at by itself, and an annotation of Argo CD's leaves
that of Helm without effect only if it names a time that Argo CD knows.

There is no controller here that runs hooks at every sync. A hook is an object of the plan: it is made before or after
the other objects, and what runs once runs again when its manifest changes. So there is nothing for a hook that is to
run when something fails (SyncFail) or goes (PreDelete, PostDelete), and nothing that would delete one that is done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from fleet.frozen import dataclass
from fleet.model.manifest import Manifest
from fleet.model.plan import Rendered
from fleet.plan.wanted import Wanted

_ARGO_HOOK: Final = "argocd.argoproj.io/hook"
_HELM_HOOK: Final = "helm.sh/hook"
_WAVES: Final = ("argocd.argoproj.io/sync-wave", "helm.sh/hook-weight")
_MARKS: Final = frozenset({_ARGO_HOOK, _HELM_HOOK, *_WAVES})
# What Go's strconv.Atoi reads.
_NUMBER: Final = re.compile(r"[+-]?[0-9]+")


class Phase(IntEnum):
    """The phases of a deployment, in order."""

    PRE_SYNC = 0
    SYNC = 1
    POST_SYNC = 2


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """When an object has its turn: all of a phase and wave come before the next."""

    phase: Phase = Phase.SYNC
    wave: int = 0

    @property
    def phase_name(self) -> str:
        """The phase as Argo CD spells it."""
        return _SPELLED[self.phase]

    def __str__(self) -> str:
        """Return `Sync wave 1`."""
        return f"{self.phase_name} wave {self.wave}"


# The turn of an object that says nothing of it, as nearly all do.
IN_BETWEEN: Final = Turn()

_ARGO: Final[Mapping[str, Phase | None]] = MappingProxyType(
    {"PreSync": Phase.PRE_SYNC, "Sync": Phase.SYNC, "PostSync": Phase.POST_SYNC, "SyncFail": None, "Skip": None}
)
_HELM: Final[Mapping[str, Phase]] = MappingProxyType(
    {
        "pre-install": Phase.PRE_SYNC,
        "pre-upgrade": Phase.PRE_SYNC,
        "post-install": Phase.POST_SYNC,
        "post-upgrade": Phase.POST_SYNC,
    }
)
# Argo CD runs these when an application is deleted, by either annotation.
_DELETIONS: Final = frozenset({"PreDelete", "PostDelete", "pre-delete", "post-delete"})
# What a chart has for people who run `helm test` or `helm rollback`; Argo CD leaves it out without a word.
_HELM_ONLY: Final = frozenset({"test", "test-success", "test-failure", "pre-rollback", "post-rollback"})

# Kinds that run to their end once, and cannot be changed after that.
_RUNS_ONCE: Final = frozenset({("batch", "Job"), ("", "Pod")})


def turn(manifest: Manifest) -> Turn | None:
    """Return when the object has its turn; None for what is not deployed at all.

    An object that is both a PreSync and a PostSync hook, which Argo CD runs twice, has the first of its turns.
    """
    if _MARKS.isdisjoint(manifest.annotations):
        return IN_BETWEEN
    if not is_hook(manifest):
        return None if _is_skipped(manifest) else Turn(Phase.SYNC, _wave(manifest))
    phases = _phases(manifest)
    return Turn(min(phases), _wave(manifest)) if phases else None


def is_hook(manifest: Manifest) -> bool:
    """Return whether the object is one, deployed or not. To Helm, a definition marked `crd-install` is none."""
    annotations = manifest.annotations
    if _ARGO_HOOK in annotations:
        return not _is_skipped(manifest)
    return annotations.get(_HELM_HOOK, "crd-install") != "crd-install"


def runs_once(manifest: Manifest) -> bool:
    """Return whether the object is a hook that runs to its end: its success is waited for.

    When anything in its manifest changes it is deleted and made anew, which is how it runs again (Argo CD's
    BeforeHookCreation, which there happens with every sync).
    """
    return is_hook(manifest) and (manifest.group, manifest.kind) in _RUNS_ONCE


def kept_on_record(wanted: Wanted) -> Wanted:
    """Return a Job that is a hook without `ttlSecondsAfterFinished`: it stays as the record that it has run.

    A cluster that deletes it makes it look like drift, which is healed by running it again.
    """
    manifest = wanted.manifest
    spec = manifest.body.get("spec")
    if not runs_once(manifest) or not isinstance(spec, Mapping) or "ttlSecondsAfterFinished" not in spec:
        return wanted
    kept = {key: value for key, value in spec.items() if key != "ttlSecondsAfterFinished"}
    return replace(wanted, manifest=manifest.with_body({**manifest.body, "spec": kept}))


def without_left_out(rendered: Rendered) -> Rendered:
    """Return the same without the objects that are not deployed."""
    deployed = tuple(each for each in rendered.manifests if turn(each) is not None)
    return rendered if len(deployed) == len(rendered.manifests) else replace(rendered, manifests=deployed)


def notices(rendered: Iterable[Rendered]) -> tuple[str, ...]:
    """Return a line for each hook that Argo CD would treat otherwise, once per application."""
    found = (
        f"{each.target.application.name}: {manifest.key} {text}"
        for each in rendered
        for manifest in each.manifests
        if (text := _notice(manifest))
    )
    return tuple(dict.fromkeys(found))


def _notice(manifest: Manifest) -> str:
    if not is_hook(manifest):
        return ""
    names, phases = _names(manifest), _phases(manifest)
    if len(phases) > 1:
        return f"is deployed once, in phase {_SPELLED[min(phases)]}: a hook ({', '.join(names)}) has one turn here"
    if phases or (names and _HELM_ONLY.issuperset(names)):
        return ""
    times = ", ".join(names) or "nothing"
    if _DELETIONS.intersection(names):
        return f"is left out: it is a hook for {times}, and nothing runs here when an application goes"
    if "SyncFail" in names:
        return f"is left out: it is a hook for {times}, and nothing runs here when a deployment fails"
    return f"is left out: it is a hook for {times}, which is no time that Argo CD knows"


_SPELLED: Final = MappingProxyType({phase: name for name, phase in _ARGO.items() if phase is not None})


def _phases(manifest: Manifest) -> frozenset[Phase]:
    argo = [name for name in _listed(manifest, _ARGO_HOOK) if name in _ARGO]
    if argo:
        return frozenset(phase for name in argo if (phase := _ARGO[name]) is not None)
    return frozenset(_HELM[name] for name in _listed(manifest, _HELM_HOOK) if name in _HELM)


def _is_skipped(manifest: Manifest) -> bool:
    return {name for name in _listed(manifest, _ARGO_HOOK) if name in _ARGO} == {"Skip"}


def _names(manifest: Manifest) -> tuple[str, ...]:
    """Return the times that the annotations name: Argo CD's own, else Helm's."""
    argo = _listed(manifest, _ARGO_HOOK)
    return argo if any(name in _ARGO for name in argo) else (*argo, *_listed(manifest, _HELM_HOOK))


def _listed(manifest: Manifest, annotation: str) -> tuple[str, ...]:
    text = manifest.annotations.get(annotation)
    return tuple(filter(None, map(str.strip, text.split(",")))) if text else ()


def _wave(manifest: Manifest) -> int:
    """Return the wave; a text that is no number counts as if it were not there."""
    annotations = manifest.annotations
    for name in _WAVES:
        text = annotations.get(name)
        if text and _NUMBER.fullmatch(text):
            return int(text)
    return 0
