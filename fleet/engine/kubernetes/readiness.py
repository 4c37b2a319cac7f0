"""When an object is ready: what its kind says, or else what its conditions say. Pure.

The general rules are those of kstatus (kubernetes-sigs/cli-utils, pkg/kstatus/status/generic.go). For Ingress,
HorizontalPodAutoscaler and APIService, of which it knows nothing, they are Argo CD's (gitops-engine, pkg/health).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from fleet.engine.kubernetes import workloads
from fleet.engine.kubernetes.refs import CRD_GROUP, CRD_KIND, group_of
from fleet.engine.kubernetes.status import (
    READY,
    Object,
    State,
    Verdict,
    conditions,
    failed,
    find,
    is_behind,
    is_false,
    is_true,
    text,
    told,
    waiting,
    with_reason,
)

__all__ = ["State", "Verdict", "judge"]


def judge(live: Object) -> Verdict:
    """Return how it stands with an object.

    One of an unknown kind that has no conditions is ready: whether somebody is about to give it some cannot be known.
    """
    if find(live, "metadata", "deletionTimestamp"):
        return failed("it is being deleted")
    if is_behind(live):
        return waiting("its last change has not been looked at yet")
    said = conditions(live)
    if is_true(said.get("Stalled")):
        return failed(told(said["Stalled"]) or "it is stalled")
    if is_true(said.get("Reconciling")):
        return waiting(with_reason("it is being reconciled", said["Reconciling"]))
    rule = _RULES.get((group_of(str(live.get("apiVersion") or "")), str(live.get("kind") or "")))
    return _generic(live) if rule is None else rule(live)


def _generic(live: Object) -> Verdict:
    ready = conditions(live).get("Ready")
    return READY if ready is None or is_true(ready) else waiting(with_reason("it is not ready", ready))


def _claim(live: Object) -> Verdict:
    phase = text(live, "status", "phase")
    if phase == "Lost":
        return failed("its volume is lost")
    return READY if phase == "Bound" else waiting(f"it is {phase.lower() or 'not looked at yet'}, not bound")


def _volume(live: Object) -> Verdict:
    phase = text(live, "status", "phase")
    if phase == "Failed":
        return failed(told(find(live, "status")) or "it has failed")
    return READY if phase in ("Available", "Bound") else waiting(f"it is {phase.lower() or 'not looked at yet'}")


def _service(live: Object) -> Verdict:
    return _balanced(live) if text(live, "spec", "type") == "LoadBalancer" else READY


def _balanced(live: Object) -> Verdict:
    """Ready with an address. What is behind it shows in the objects that it is made of."""
    return READY if find(live, "status", "loadBalancer", "ingress") else waiting("it has no address yet")


def _autoscaler(live: Object) -> Verdict:
    able = {**_conditions_of_v1(live), **conditions(live)}.get("AbleToScale")
    return READY if is_true(able) else waiting(with_reason("it cannot scale yet", able))


def _conditions_of_v1(live: Object) -> Mapping[str, Any]:
    """Version 1 keeps them in an annotation."""
    annotations = find(live, "metadata", "annotations") or {}
    with suppress(ValueError):
        found = json.loads(annotations.get("autoscaling.alpha.kubernetes.io/conditions") or "[]")
        return conditions({"status": {"conditions": found}})
    return {}


def _definition(live: Object) -> Verdict:
    said = conditions(live)
    established, accepted = said.get("Established"), said.get("NamesAccepted")
    if is_true(established):
        return READY
    if is_false(accepted):
        return failed(with_reason("its names are taken", accepted))
    return waiting(with_reason("it is not established", established))


def _api_service(live: Object) -> Verdict:
    available = conditions(live).get("Available")
    return READY if is_true(available) else waiting(with_reason("it is not available", available))


def _quota(live: Object) -> Verdict:
    """Ready when what it allows is in force."""
    wanted = find(live, "spec", "hard")
    return READY if wanted == find(live, "status", "hard") else waiting("it is not in force yet")


def _secret(live: Object) -> Verdict:
    is_token = live.get("type") == "kubernetes.io/service-account-token"
    return waiting("its token is not there yet") if is_token and not live.get("data") else READY


def _at_once(_: Object) -> Verdict:
    return READY


_RULES: Mapping[tuple[str, str], Callable[[Object], Verdict]] = {
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("extensions", "Deployment"): workloads.deployment,
    ("extensions", "DaemonSet"): workloads.daemon_set,
    ("extensions", "ReplicaSet"): workloads.replica_set,
    ("extensions", "Ingress"): _balanced,
    ("", "ReplicationController"): workloads.replica_set,
    ("batch", "Job"): workloads.job,
    ("batch", "CronJob"): _at_once,
    ("", "Pod"): workloads.pod,
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _balanced,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "ResourceQuota"): _quota,
    ("", "Secret"): _secret,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    (CRD_GROUP, CRD_KIND): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    # Its conditions are about what it protects.
    ("policy", "PodDisruptionBudget"): _at_once,
    ("", "ConfigMap"): _at_once,
    # A node's are no affair of who has changed its labels.
    ("", "Node"): _at_once,
}
