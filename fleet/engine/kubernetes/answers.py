"""What an API server's refusal means, as an error for people. Pure.

The server's own words are kept, less the values of secrets and what would fill a screen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fleet.engine.kubernetes.errors import (
    ImmutableFieldError,
    NamespaceMissingError,
    NotPermittedError,
    ObjectFailedError,
)
from fleet.engine.kubernetes.immutable import immutable_fields
from fleet.engine.kubernetes.requests import Response
from fleet.engine.kubernetes.retries import is_about_object
from fleet.engine.kubernetes.secrets import MASK, is_secret, scrubbed
from fleet.errors import Problem, Where

_INVALID_VALUE = re.compile(r"Invalid value: (?P<value>.*?): (?=[^:]*$)", re.DOTALL)
_LONGEST_VALUE, _LONGEST_LINE = 80, 600
_QUOTA = "exceeded quota"
_POLICY = re.compile(r"admission webhook|ValidatingAdmissionPolicy|violates PodSecurity")
# What an authorizer did not find allowed (apiserver, endpoints/handlers/responsewriters/errors.go).
_RIGHT = re.compile(
    r'cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)")?'
)


def refusal(response: Response, about: str, cluster: str, sent: Mapping[str, Any] | None = None) -> ObjectFailedError:
    """Return the error for an answer that is not a success.

    sent: the object of the request, whose secret values must not be repeated.
    """
    summary, hint = _explained(response, about)
    problem = Problem(summary, Where(cluster=cluster), _detail(response, sent or {}), hint)
    fields = immutable_fields(response.status, response.body)
    if fields:
        return ImmutableFieldError(problem, fields, response.status)
    if _is_namespace_missing(response):
        return NamespaceMissingError(problem, response.status)
    if _lacks_right(response):
        return NotPermittedError(problem, response.status)
    return ObjectFailedError(problem, response.status)


def _explained(response: Response, about: str) -> tuple[str, str]:
    """Return the summary and the hint."""
    if immutable_fields(response.status, response.body):
        return f"{about}: it cannot be changed that way", "It has to be deleted and made again."
    if _is_policy(response):
        hint = "Change the manifest to what it asks for, or talk to those who run the cluster."
        return f"{about}: a policy of the cluster refuses it", hint
    if response.status == 403:
        return _forbidden(response, about)
    if _is_namespace_missing(response):
        hint = "Create it, add it to Git, or let it be created: create_namespace=True (CreateNamespace=true)."
        return f"{about}: namespace {response.details.get('name')} does not exist", hint
    if is_about_object(response) or response.status in (400, 422):
        return f"{about}: it is not valid", "Correct the manifest; `kubectl explain` shows the fields of a kind."
    summary, hint = _BY_STATUS.get(response.status, (f"the API server answers with status {response.status}", ""))
    return f"{about}: {summary}", hint


_BY_STATUS: Mapping[int, tuple[str, str]] = {
    404: ("it is not there", ""),
    409: ("it is being changed by somebody else at the same time", "Run again."),
    413: ("it is too large for the API server", "Split it; an object may have about 1.5 MiB."),
    429: ("the API server is too busy to take it", "Run again later."),
    500: ("the API server failed", "An admission webhook that fails, or etcd, is the usual reason; run again later."),
    502: ("nothing answers behind the load balancer", "Run again later."),
    503: ("the API server is not ready for it", "Run again later."),
    504: ("the API server ran out of time", "Run again later."),
}


def _forbidden(response: Response, about: str) -> tuple[str, str]:
    """403 is also what terminating namespaces and quotas are answered with."""
    if _is_terminating(response):
        return f"{about}: its namespace is being deleted", "Wait until the namespace is gone, then run again."
    if _QUOTA in response.message:
        return f"{about}: the quota of its namespace is used up", "`kubectl describe quota` in it shows what is used."
    return f"{about}: not allowed", _missing_right(response.message)


def _missing_right(message: str) -> str:
    """Return the rule to add, as it is written in a role."""
    right = _RIGHT.search(message)
    if right is None:
        return "Ask for the right that the message names."
    group = right["group"] or '""'
    rule = f"apiGroups: [{group}], resources: [{right['resource']}], verbs: [{right['verb']}]"
    role = f"a Role in namespace {right['namespace']}, or a ClusterRole" if right["namespace"] else "a ClusterRole"
    return f"The user needs {role} with the rule {{{rule}}}."


def _lacks_right(response: Response) -> bool:
    other = _is_terminating(response) or _QUOTA in response.message or _is_policy(response)
    return response.status == 403 and not other


def _is_policy(response: Response) -> bool:
    """A webhook chooses its status; a ValidatingAdmissionPolicy's is 422 where it names no reason."""
    return 400 <= response.status < 500 and bool(_POLICY.search(response.message))


def _is_terminating(response: Response) -> bool:
    return any(cause.get("reason") == "NamespaceTerminating" for cause in response.causes)


def _is_namespace_missing(response: Response) -> bool:
    return response.status == 404 and response.details.get("kind") == "namespaces"


def _detail(response: Response, sent: Mapping[str, Any]) -> str:
    lines = [_cause(cause, hide=is_secret(sent)) for cause in response.causes] or [response.message]
    unique = dict.fromkeys(scrubbed(line, sent) for line in lines)
    return "\n".join(line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …" for line in unique)


def _cause(cause: Mapping[str, Any], *, hide: bool) -> str:
    field = str(cause.get("field") or "")
    message = _INVALID_VALUE.sub(lambda match: _value(match, hide=hide), str(cause.get("message") or ""))
    return f"{field}: {message}" if field and not field.startswith("<") else message


def _value(match: re.Match[str], *, hide: bool) -> str:
    """The server repeats the whole value, be it a Pod template."""
    value = MASK if hide else match["value"]
    return f"Invalid value: {value}: " if len(value) <= _LONGEST_VALUE else ""
