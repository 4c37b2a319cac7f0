"""Who owns which fields of an object: `metadata.managedFields`, read and rewritten. Pure.

Server-side apply removes a field that its manager stops sending only if nobody else owns it. An object that was made
by POST (Pulumi), by `kubectl apply` or by Argo CD has other owners for the same fields: without a transfer, everything
that is dropped later would stay for ever. The transfer is that of client-go's csaupgrade and of Flux's pkg/ssa: the
others' fields are added to our own Apply entry, their entries removed, and the object applied once more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

Claim = tuple[str, str]
Entry = Mapping[str, Any]

# Managers that write whole manifests, as the one who takes an object over does from now on. Editors of single fields
# (kubectl edit, scale, rollout, other controllers) keep what they own.
PREDECESSORS: frozenset[Claim] = frozenset(
    {
        ("kubectl-client-side-apply", "Update"),
        ("before-first-apply", "Update"),
        ("kubectl", "Apply"),
        ("argocd-controller", "Update"),
        ("argocd-controller", "Apply"),
    }
)


# What Pulumi's provider makes an object with, by POST, whatever manager it applies with afterwards (pulumi-kubernetes,
# provider/pkg/await/await.go: Creation and fixCSAFieldManagers).
PULUMI: frozenset[Claim] = frozenset(
    (name, "Update") for name in ("pulumi-kubernetes", "pulumi-kubernetes.exe", "pulumi-resource-kubernetes")
)


def claims_to_take(manager: str, *, take_over: bool) -> frozenset[Claim]:
    """Return whose fields become ours: what a run of ours, or of Pulumi's on the same state, made by POST.

    On taking over an object also what its predecessors applied.
    """
    ours = PULUMI | {(manager, "Update")}
    return (ours | PREDECESSORS if take_over else ours) - {(manager, "Apply")}


def transferred(entries: Sequence[Entry], manager: str, claims: Collection[Claim]) -> list[Entry] | None:
    """Return managedFields with the claims' fields in our Apply entry; None where there is nothing to transfer.

    As in csaupgrade, fields claimed in another apiVersion than ours are not taken, because their paths may not exist in
    ours; their entries go all the same. Entries of subresources (status, scale) stay.
    """
    taken = [each for each in entries if _claim(each) in claims and not each.get("subresource")]
    ours = next((each for each in entries if _is_apply_of(each, manager)), None)
    if not taken or ours is None:
        return None
    fields = ours.get("fieldsV1") or {}
    for entry in taken:
        if entry.get("apiVersion") == ours.get("apiVersion"):
            fields = union(fields, entry.get("fieldsV1") or {})
    kept = (each for each in entries if each not in taken)
    return [{**each, "fieldsV1": fields} if each is ours else each for each in kept]


def seized(entries: Sequence[Entry], manager: str, claims: Collection[Claim]) -> list[Entry] | None:
    """Return managedFields as `transferred` does, also where we have not applied the object yet.

    Then the first of the claims' entries becomes our Apply entry, as in csaupgrade.
    """
    taken = [each for each in entries if _claim(each) in claims and not each.get("subresource")]
    if not taken or any(_is_apply_of(each, manager) for each in entries):
        return transferred(entries, manager, claims)
    ours = {**taken[0], "manager": manager, "operation": "Apply"}
    others = [ours if each is taken[0] else each for each in entries]
    return transferred(others, manager, claims) or others


def managers(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return who manages the object, first by name, without those that only write its status."""
    return tuple(sorted({str(each.get("manager")) for each in entries if not each.get("subresource")}))


def union(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """Return the union of two sets of fields in the FieldsV1 form.

    A node without children is a field that is owned; a node with children is owned itself where it has the key `.`
    (sigs.k8s.io/structured-merge-diff, fieldpath/serialize.go).
    """
    return {key: _joined(left.get(key), right.get(key)) for key in {**left, **right}}


def _joined(left: Mapping[str, Any] | None, right: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if left is None or right is None:
        return (left or right) or {}
    children = {key: value for key, value in union(left, right).items() if key != "."}
    return {".": {}, **children} if children and (_is_owned(left) or _is_owned(right)) else children


def _is_owned(node: Mapping[str, Any]) -> bool:
    return not node or "." in node


def _claim(entry: Entry) -> Claim:
    return str(entry.get("manager")), str(entry.get("operation"))


def _is_apply_of(entry: Entry, manager: str) -> bool:
    return _claim(entry) == (manager, "Apply") and not entry.get("subresource")
