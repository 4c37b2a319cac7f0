from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from fleet.engine.kubernetes.ownership import PREDECESSORS, claims_to_take, managers, seized, transferred, union
from tests.unit.engine_kubernetes.trees import field_sets


def entry(manager: str, operation: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields, **more}


OURS = entry("fleet", "Apply", {"f:data": {"f:a": {}}})
POSTED = entry("fleet", "Update", {"f:data": {".": {}, "f:a": {}, "f:b": {}}})
STATUS = entry("fleet", "Update", {"f:status": {}}, subresource="status")
OTHER = entry("kube-controller-manager", "Update", {"f:metadata": {}})
KUBECTL = entry("kubectl-client-side-apply", "Update", {"f:data": {"f:c": {}}})
ARGO = entry("argocd-controller", "Apply", {"f:data": {"f:d": {}}})


@pytest.mark.parametrize(
    ("entries", "take_over", "expected"),
    [
        pytest.param([OURS, OTHER], False, None, id="nothing-of-ours"),
        pytest.param([OURS, STATUS], False, None, id="status-is-no-claim"),
        pytest.param([OURS, KUBECTL], False, None, id="others-keep-theirs"),
        pytest.param([POSTED], False, None, id="not-applied-yet"),
        pytest.param(
            [OTHER, POSTED, OURS, STATUS],
            False,
            [OTHER, entry("fleet", "Apply", {"f:data": {".": {}, "f:a": {}, "f:b": {}}}), STATUS],
            id="made-by-post",
        ),
        pytest.param(
            [OURS, KUBECTL, ARGO],
            True,
            [entry("fleet", "Apply", {"f:data": {"f:a": {}, "f:c": {}, "f:d": {}}})],
            id="taken-over",
        ),
        pytest.param(
            [OURS, {**KUBECTL, "apiVersion": "v1beta1"}], True, [OURS], id="fields-of-another-version-are-dropped"
        ),
    ],
)
def test_transfer(entries: list[dict[str, Any]], take_over: bool, expected: list[dict[str, Any]] | None) -> None:
    assert transferred(entries, "fleet", claims_to_take("fleet", take_over=take_over)) == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([OTHER, STATUS], None, id="nothing-to-seize"),
        pytest.param([OTHER, POSTED], [OTHER, {**POSTED, "operation": "Apply"}], id="made-by-post"),
        pytest.param([KUBECTL, OTHER], [{**KUBECTL, "manager": "fleet", "operation": "Apply"}, OTHER], id="by-kubectl"),
        pytest.param(
            [KUBECTL, ARGO], [entry("fleet", "Apply", {"f:data": {"f:c": {}, "f:d": {}}})], id="by-several-in-turn"
        ),
        pytest.param(
            [KUBECTL, OURS], [entry("fleet", "Apply", {"f:data": {"f:a": {}, "f:c": {}}})], id="beside-our-own"
        ),
        pytest.param([OURS], None, id="ours-already"),
    ],
)
def test_what_is_seized_is_ours_before_we_apply(
    entries: list[dict[str, Any]], expected: list[dict[str, Any]] | None
) -> None:
    assert seized(entries, "fleet", claims_to_take("fleet", take_over=True)) == expected


def test_our_own_apply_entry_is_never_a_claim() -> None:
    assert ("kubectl", "Apply") in PREDECESSORS
    assert ("kubectl", "Apply") not in claims_to_take("kubectl", take_over=True)


def test_who_manages() -> None:
    assert managers([OURS, STATUS, OTHER, POSTED]) == ("fleet", "kube-controller-manager")


@given(field_sets, field_sets)
def test_a_union_owns_what_either_owns(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert set(owned(union(left, right))) == set(owned(left)) | set(owned(right))


@given(field_sets, field_sets, field_sets)
def test_unions_may_be_made_in_any_order(left: dict[str, Any], right: dict[str, Any], third: dict[str, Any]) -> None:
    assert union(left, right) == union(right, left)
    assert union(union(left, right), third) == union(left, union(right, third))
    assert union(left, left) == left


def owned(fields: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths that a FieldsV1 says are owned."""
    for key, node in fields.items():
        if key == ".":
            continue
        if not node or "." in node:
            yield (*path, key)
        yield from owned(node, (*path, key))
