"""Resources: what the project registers through the SDK's classes, an Application in a cluster."""

from __future__ import annotations

from collections.abc import Collection

import pulumi

from fleet.model.plan import PlannedApplication, PlannedObject
from fleet.register.outputs import commits

APPLICATION_TYPE = "fleet:index:Application"


class ApplicationResource(pulumi.ComponentResource):
    """An application in one cluster: the parent of its objects there. Its inputs are all that an engine knows of it."""

    def __init__(
        self,
        planned: PlannedApplication,
        objects: Collection[PlannedObject],
        provider: pulumi.ProviderResource,
        *,
        paused: bool,
    ) -> None:
        application = planned.application
        awaited = {each.name: each.awaited_by for each in objects if each.awaited_by}
        inputs = {
            "application": application.name,
            "cluster": planned.cluster,
            "project": application.project,
            "labels": dict(application.labels),
            "selfHeal": application.sync.self_heal,
            "requiredNamespaces": list(planned.required_namespaces),
            "requiredKinds": list(planned.required_kinds),
            "commits": commits(planned),
            "keeps": sorted(each.name for each in objects if each.keep),
            **({"paused": True} if paused else {}),
            **({"wait": True} if application.wait else {}),
            **({"awaitedBy": awaited} if awaited else {}),
        }
        super().__init__(APPLICATION_TYPE, planned.name, inputs, pulumi.ResourceOptions(providers=[provider]))
