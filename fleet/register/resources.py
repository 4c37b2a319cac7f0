"""Resources: the two kinds that the project registers, an Application in a cluster and any Kubernetes object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from fleet.model.plan import PlannedApplication, PlannedObject
from fleet.register.outputs import commits

APPLICATION_TYPE = "fleet:index:Application"
_SECRET_FIELDS = ("data", "stringData")


class ApplicationResource(pulumi.ComponentResource):
    """An application in one cluster: the parent of its objects there. Its inputs are all that an engine knows of it."""

    def __init__(self, planned: PlannedApplication, provider: pulumi.ProviderResource) -> None:
        application = planned.application
        inputs = {
            "application": application.name,
            "cluster": planned.cluster,
            "project": application.project,
            "selfHeal": application.sync.self_heal,
            "requiredNamespaces": list(planned.required_namespaces),
            "commits": commits(planned),
        }
        super().__init__(APPLICATION_TYPE, planned.name, inputs, pulumi.ResourceOptions(providers=[provider]))


class KubernetesObject(pulumi.CustomResource):
    """Any Kubernetes object: its inputs are its manifest as it is.

    The typed classes of pulumi_kubernetes register a third as many objects a second, know no custom kinds, and rename
    keys; what else they do, aliases and secrets, is done here.
    """

    def __init__(
        self,
        planned: PlannedObject,
        *,
        parent: ApplicationResource,
        provider: pulumi.ProviderResource,
        depends_on: Sequence[pulumi.Resource],
    ) -> None:
        is_secret = planned.type_token == "kubernetes:core/v1:Secret"  # noqa: S105 - a type, not a password
        body = planned.manifest.body
        options = pulumi.ResourceOptions(
            parent=parent,
            provider=provider,
            depends_on=list(depends_on),
            retain_on_delete=planned.retain,
            aliases=[pulumi.Alias(type_=alias) for alias in planned.aliases],
            additional_secret_outputs=list(_SECRET_FIELDS) if is_secret else None,
        )
        super().__init__(planned.type_token, planned.name, _hidden(body) if is_secret else body, options)


def _hidden(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {field: pulumi.Output.secret(value) if field in _SECRET_FIELDS else value for field, value in body.items()}
