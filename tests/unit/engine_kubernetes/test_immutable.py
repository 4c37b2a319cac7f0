from typing import Any

import pytest

from fleet.engine.kubernetes.immutable import immutable_fields


def refusal(*causes: tuple[str, str]) -> dict[str, Any]:
    listed = [{"field": field, "message": message, "reason": "FieldValueInvalid"} for field, message in causes]
    return {"kind": "Status", "status": "Failure", "reason": "Invalid", "code": 422, "details": {"causes": listed}}


IMMUTABLE = ("spec.selector", "Invalid value: {}: field is immutable")
WRONG = ("spec.replicas", "Invalid value: -1: must be greater than or equal to 0")


@pytest.mark.parametrize(
    ("status", "body", "fields"),
    [
        pytest.param(422, refusal(IMMUTABLE), ("spec.selector",), id="selector"),
        pytest.param(422, refusal(("roleRef", "Invalid value: {}: cannot change roleRef")), ("roleRef",), id="roleRef"),
        pytest.param(
            422,
            refusal(("spec.clusterIPs[0]", "Invalid value: []: may not change once set")),
            ("spec.clusterIPs[0]",),
            id="clusterIP",
        ),
        pytest.param(
            422,
            refusal(("spec", "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden")),
            ("spec",),
            id="statefulset",
        ),
        pytest.param(
            422,
            refusal(("spec", "Forbidden: spec is immutable after creation except resources.requests for bound claims")),
            ("spec",),
            id="claim",
        ),
        pytest.param(422, refusal(("spec", "Invalid value: failed rule: self == oldSelf")), ("spec",), id="cel"),
        pytest.param(422, refusal(IMMUTABLE, IMMUTABLE), ("spec.selector",), id="said-twice"),
        pytest.param(422, refusal(IMMUTABLE, WRONG), (), id="and-invalid-besides"),
        pytest.param(422, refusal(WRONG), (), id="only-invalid"),
        pytest.param(422, refusal(("metadata.uid", "Invalid value: x: field is immutable")), (), id="identity"),
        pytest.param(
            422,
            refusal(("", "ValidatingAdmissionPolicy 'p' denied request: owner is immutable")),
            (),
            id="policy",
        ),
        pytest.param(403, refusal(IMMUTABLE), (), id="other-status"),
        pytest.param(422, {"message": "is immutable"}, (), id="no-causes"),
        pytest.param(422, "is immutable", (), id="no-status-object"),
    ],
)
def test_what_can_never_change(status: int, body: Any, fields: tuple[str, ...]) -> None:
    assert immutable_fields(status, body) == fields
