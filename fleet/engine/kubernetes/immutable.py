"""Whether an API server refused a change because a field can never change. Pure.

Kubernetes has no machine-readable mark for it: a refusal is a Status with reason Invalid and causes in prose. The
wording is that of Kubernetes 1.36's validation; tests hold it against a real API server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

INVALID = 422

# (what a cause says, where it is said)
_WORDINGS = (
    # FieldImmutableErrorMsg of apimachinery/pkg/api/validation, and of most kinds: selectors of Deployments, DaemonSets
    # and ReplicaSets, template of Jobs, type of Secrets, immutable ConfigMaps, scope of CRDs, parameters of
    # StorageClasses, scopes of ResourceQuotas; and of CRDs by convention (`self == oldSelf`, message "is immutable").
    re.compile(r"\bis immutable\b"),
    # pkg/apis/core/validation: clusterIP, ipFamilies and loadBalancerClass of Services.
    re.compile(r"\bmay not change once set\b"),
    re.compile(r"\bprimary (clusterIP|ipFamily) can not be unset\b"),
    # pkg/apis/core/validation: Pods.
    re.compile(r"\bpod updates may not change fields other than\b"),
    # pkg/apis/apps/validation: StatefulSets.
    re.compile(r"\bupdates to statefulset spec for fields other than\b"),
    # pkg/apis/rbac/validation: RoleBindings and ClusterRoleBindings.
    re.compile(r"\bcannot change roleRef\b"),
    # pkg/apis/scheduling/validation: PriorityClasses.
    re.compile(r"\bmay not be changed in an update\b"),
    # pkg/apis/storage/validation: VolumeAttributesClasses.
    re.compile(r"\bupdates to (driverName|parameters) are forbidden\b"),
    # apiserver/pkg/cel and apiextensions: transition rules without a message of their own.
    re.compile(r"\bfailed rule: self == oldSelf\b"),
)
# What no replacement could set right: the object's own identity, and the choices of people who wrote a policy.
_IDENTITY = re.compile(r"metadata\.(uid|name|namespace|creationTimestamp|resourceVersion)\b.*")
_POLICY = re.compile(r"^(ValidatingAdmissionPolicy|admission webhook)\b")


def immutable_fields(status: int, body: Any) -> tuple[str, ...]:
    """Return the fields that the API server refuses to change, from its answer.

    Empty unless immutability is all that it complains about: an object that is invalid for another reason too must not
    be deleted to make room for one that could not be made.
    """
    if status != INVALID or not isinstance(body, Mapping):
        return ()
    causes = (body.get("details") or {}).get("causes") or ()
    if not causes or not all(_is_immutability(cause) for cause in causes):
        return ()
    return tuple(dict.fromkeys(str(cause.get("field") or "") for cause in causes))


def _is_immutability(cause: Mapping[str, Any]) -> bool:
    message, field = str(cause.get("message") or ""), str(cause.get("field") or "")
    if _IDENTITY.fullmatch(field) or _POLICY.search(message):
        return False
    return any(wording.search(message) for wording in _WORDINGS)
