"""What is waited for after an object was applied, and for how long: by its kind, by its annotations. Pure.

The annotations are those of Pulumi's provider, and mean the same (pulumi-kubernetes, provider/pkg/metadata).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fleet.engine.kubernetes.errors import ObjectFailedError
from fleet.engine.kubernetes.expressions import Expression, ExpressionError, expressions
from fleet.engine.kubernetes.readiness import Verdict, judge
from fleet.engine.kubernetes.refs import Ref, group_of
from fleet.engine.kubernetes.status import READY, Object, State, find, waiting
from fleet.errors import Problem
from fleet.frozen import dataclass

TIMEOUT_S: Final = 600.0
_SKIP_AWAIT: Final = "pulumi.com/skipAwait"
_WAIT_FOR: Final = "pulumi.com/waitFor"
_TIMEOUT: Final = "pulumi.com/timeoutSeconds"
_REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"

# What has come to its end does not change any more.
_ENDING: Final = ("Job", "Pod")
# The kinds that Pulumi's provider waits for when nobody says anything (provider/pkg/await/awaiters.go).
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


@dataclass(frozen=True, slots=True)
class Wait:
    """What is waited for. expressions: all of them have to hold; none for readiness as its kind has it."""

    expressions: tuple[Expression, ...] = ()
    timeout_s: float = TIMEOUT_S

    def judge(self, live: Object) -> Verdict:
        """Return how it stands with an object."""
        if not self.expressions:
            return judge(live)
        unmet = "; ".join(reason for each in self.expressions if (reason := each.unmet(live)))
        if unmet and live.get("kind") in _ENDING and (verdict := judge(live)).state is State.FAILED:
            return verdict
        return waiting(unmet) if unmet else READY


def wait_for(manifest: Mapping[str, Any], *, asked: bool, timeout_s: float | None = None) -> Wait | None:
    """Return what is waited for; None for nothing.

    asked: objects of every kind are to be ready, not only of those that Pulumi waits for. timeout_s: goes before the
    annotation; None where nobody has set one. Raises ObjectFailedError for a `waitFor` that cannot be understood.
    """
    annotations = _annotations(manifest)
    kind = group_of(str(manifest.get("apiVersion") or "")), str(manifest.get("kind") or "")
    if annotations.get(_SKIP_AWAIT) == "true" or not (asked or kind in AWAITED or annotations.get(_WAIT_FOR)):
        return None
    limit_s = timeout(manifest, timeout_s)
    return Wait(
        _expressions(manifest, str(annotations.get(_WAIT_FOR) or "")), TIMEOUT_S if limit_s is None else limit_s
    )


def timeout(manifest: Mapping[str, Any], timeout_s: float | None) -> float | None:
    """Return how long something may take: `timeout_s`, else what the object's annotation says; None for neither."""
    written = str(_annotations(manifest).get(_TIMEOUT) or "")
    return timeout_s if timeout_s is not None or not written.isdecimal() else float(written)


def replaces_unready(manifest: Mapping[str, Any]) -> bool:
    """Return whether an object that did not become ready is to be made anew. Only a Job may ask for it."""
    is_job = manifest.get("kind") == "Job" and group_of(str(manifest.get("apiVersion") or "")) == "batch"
    return is_job and _annotations(manifest).get(_REPLACE_UNREADY) == "true"


def _annotations(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the annotations, as far as they are known."""
    found = find(manifest, "metadata", "annotations")
    return found if isinstance(found, Mapping) else {}


def _expressions(manifest: Mapping[str, Any], annotation: str) -> tuple[Expression, ...]:
    if not annotation:
        return ()
    try:
        return expressions(annotation)
    except ExpressionError as error:
        hint = "Write it like `jsonpath={.status.phase}=Running` or `condition=Ready`, or a JSON list of such."
        summary = f"{Ref.of(manifest)}: its annotation {_WAIT_FOR} cannot be understood"
        raise ObjectFailedError(Problem(summary, detail=str(error), hint=hint)) from error
