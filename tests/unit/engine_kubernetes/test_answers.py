from typing import Any

import pytest

from fleet.engine.kubernetes.answers import refusal
from fleet.engine.kubernetes.errors import (
    ImmutableFieldError,
    NamespaceMissingError,
    NotPermittedError,
    ObjectFailedError,
)
from fleet.engine.kubernetes.requests import Response

ABOUT = "Deployment.apps shop/web"


def status(code: int, message: str = "", *causes: dict[str, Any], **details: Any) -> Response:
    listed = {"causes": list(causes)} if causes else {}
    return Response(code, {"kind": "Status", "message": message, "code": code, "details": {**details, **listed}})


def cause(field: str, message: str, reason: str = "FieldValueInvalid") -> dict[str, Any]:
    return {"field": field, "message": message, "reason": reason}


TERMINATING = cause("metadata.namespace", "namespace shop is being terminated", "NamespaceTerminating")


@pytest.mark.parametrize(
    ("response", "error", "texts"),
    [
        pytest.param(
            status(403, 'deployments.apps is forbidden: User "reader" cannot patch'),
            NotPermittedError,
            ("not allowed", "reader"),
            id="forbidden",
        ),
        pytest.param(
            status(403, "no", TERMINATING), ObjectFailedError, ("namespace is being deleted",), id="terminating"
        ),
        pytest.param(status(403, "exceeded quota: q"), ObjectFailedError, ("quota", "describe quota"), id="quota"),
        pytest.param(
            status(403, 'admission webhook "w" denied the request: no'),
            ObjectFailedError,
            ("policy", "no"),
            id="policy",
        ),
        pytest.param(
            status(404, 'namespaces "shop" not found', kind="namespaces", name="shop"),
            NamespaceMissingError,
            ("namespace shop does not exist", "create_namespace=True"),
            id="namespace",
        ),
        pytest.param(
            status(422, "long", cause("spec.selector", "Invalid value: {}: field is immutable")),
            ImmutableFieldError,
            ("cannot be changed", "spec.selector: Invalid value: {}: field is immutable"),
            id="immutable",
        ),
        pytest.param(
            status(422, "long", cause("a", "Required value"), cause("b", "Invalid value: -1: must be positive")),
            ObjectFailedError,
            ("not valid", "a: Required value", "b: Invalid value: -1: must be positive"),
            id="causes",
        ),
        pytest.param(
            status(500, "failed to create typed patch object: .spec.foo: field not declared in schema"),
            ObjectFailedError,
            ("not valid", ".spec.foo"),
            id="unknown-field",
        ),
        pytest.param(status(409, "conflict"), ObjectFailedError, ("at the same time",), id="conflict"),
        pytest.param(status(503, "no endpoints"), ObjectFailedError, ("not ready", "Run again"), id="unavailable"),
        pytest.param(Response(418, "teapot"), ObjectFailedError, ("status 418", "teapot"), id="unheard-of"),
        pytest.param(Response(404, ""), ObjectFailedError, ("HTTP status 404",), id="empty"),
    ],
)
def test_refusals(response: Response, error: type[ObjectFailedError], texts: tuple[str, ...]) -> None:
    raised = refusal(response, ABOUT, "dev")
    assert type(raised) is error
    assert raised.status == response.status
    assert raised.problem.where.cluster == "dev"
    for text in (ABOUT, *texts):
        assert text in str(raised)


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        pytest.param(
            'configmaps is forbidden: User "u" cannot list resource "configmaps" in API group "" in the namespace "a"',
            "The user needs a Role in namespace a, or a ClusterRole with the rule "
            '{apiGroups: [""], resources: [configmaps], verbs: [list]}.',
            id="core-in-a-namespace",
        ),
        pytest.param(
            'x is forbidden: User "u" cannot patch resource "customresourcedefinitions" in API group '
            '"apiextensions.k8s.io" at the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io "x" not found',
            "The user needs a ClusterRole with the rule "
            "{apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [patch]}.",
            id="group-in-the-cluster",
        ),
        pytest.param(
            'pods "a" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "a"',
            "The user needs a Role in namespace a, or a ClusterRole with the rule "
            '{apiGroups: [""], resources: [pods/log], verbs: [get]}.',
            id="subresource",
        ),
        pytest.param("no, says the webhook", "Ask for the right that the message names.", id="other-authorizer"),
    ],
)
def test_the_rule_to_add_is_named(message: str, hint: str) -> None:
    assert refusal(status(403, message), ABOUT, "dev").problem.hint == hint


def test_the_fields_that_cannot_change_are_named() -> None:
    raised = refusal(status(422, "", cause("roleRef", "Invalid value: {}: cannot change roleRef")), ABOUT, "dev")
    assert isinstance(raised, ImmutableFieldError)
    assert raised.fields == ("roleRef",)


def test_long_values_are_left_out() -> None:
    message = f"Invalid value: {{{'x' * 5000}}}: field is immutable"
    assert str(refusal(status(422, "", cause("spec.template", message)), ABOUT, "dev")).count("x") == 0


def test_secrets_are_not_repeated() -> None:
    sent = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "hunter22"}}
    causes = (cause("data.a", "Invalid value: hunter22: must be base64"), cause("type", "Invalid value: x: bad"))
    text = str(refusal(status(422, "Secret hunter22", *causes), "Secret a/b", "dev", sent))
    assert "hunter22" not in text
    assert "must be base64" in text
