"""When workloads are ready: what runs pods. Pure.

The rules are those of kstatus (kubernetes-sigs/cli-utils, pkg/kstatus/status/core.go), but for jobs, which are ready
when they are done, and for pods, which are not once they have failed: so it is with Pulumi and Argo CD.
"""

from __future__ import annotations

from fleet.engine.kubernetes.status import (
    READY,
    Object,
    Verdict,
    conditions,
    count,
    failed,
    find,
    is_false,
    is_true,
    text,
    told,
    waiting,
    with_reason,
)


def deployment(live: Object) -> Verdict:
    """Ready when the last change is rolled out and available."""
    said = conditions(live)
    progressing, available = said.get("Progressing"), said.get("Available")
    if progressing is not None and progressing.get("reason") == "ProgressDeadlineExceeded":
        return failed(told(progressing))
    if is_true(said.get("ReplicaFailure")):
        return waiting(with_reason("its pods cannot be created", said["ReplicaFailure"]))
    if short := _short_of_pods(live):
        return waiting(short)
    # Without a deadline the controller sets no such condition.
    if find(live, "spec", "progressDeadlineSeconds") is not None and not _is_rolled_out(progressing):
        return waiting(with_reason("it is being rolled out", progressing))
    return READY if is_true(available) else waiting(with_reason("it is not available", available))


def _short_of_pods(live: Object) -> str:
    wanted, updated = _wanted(live), count(live, "status", "updatedReplicas")
    surplus = count(live, "status", "replicas") - wanted
    if updated < wanted:
        return _of(updated, wanted, "updated")
    if surplus > 0:
        return _still_there(surplus)
    numbers = ((what, count(live, "status", f"{what}Replicas")) for what in ("available", "ready"))
    return next((_of(number, wanted, what) for what, number in numbers if number < wanted), "")


def _is_rolled_out(progressing: Object | None) -> bool:
    return is_true(progressing) and (progressing or {}).get("reason") == "NewReplicaSetAvailable"


def replica_set(live: Object) -> Verdict:
    """Ready when all its pods are available; a ReplicationController likewise."""
    failure = conditions(live).get("ReplicaFailure")
    if is_true(failure):
        return waiting(with_reason("its pods cannot be created", failure))
    wanted, there = _wanted(live), count(live, "status", "replicas")
    for what in ("available", "ready"):
        number = count(live, "status", f"{what}Replicas")
        if number < wanted:
            return waiting(_of(number, wanted, what))
    return waiting(_still_there(there - wanted)) if there > wanted else READY


def stateful_set(live: Object) -> Verdict:
    """Ready when all its pods are of the last revision and ready; with `OnDelete`, that is somebody else's affair."""
    if text(live, "spec", "updateStrategy", "type") == "OnDelete":
        return READY
    wanted, there = _wanted(live), count(live, "status", "replicas")
    ready, updated = count(live, "status", "readyReplicas"), count(live, "status", "updatedReplicas")
    if min(there, ready) < wanted:
        return waiting(_of(min(there, ready), wanted, "ready"))
    if there > wanted:
        return waiting(_still_there(there - wanted))
    partition = find(live, "spec", "updateStrategy", "rollingUpdate", "partition")
    if isinstance(partition, int) and partition > 0:
        due = max(wanted - partition, 0)
        return waiting(_of(updated, due, "updated")) if updated < due else READY
    if text(live, "status", "currentRevision") != text(live, "status", "updateRevision"):
        return waiting(_of(updated, wanted, "updated"))
    return READY


def daemon_set(live: Object) -> Verdict:
    """Ready when each node that should have a pod has one, updated and available."""
    if find(live, "status", "observedGeneration") is None:
        return waiting("its controller has not looked at it yet")
    wanted = count(live, "status", "desiredNumberScheduled")
    numbers = {
        "scheduled": count(live, "status", "currentNumberScheduled"),
        "updated": count(live, "status", "updatedNumberScheduled"),
        "available": count(live, "status", "numberAvailable"),
        "ready": count(live, "status", "numberReady"),
    }
    if text(live, "spec", "updateStrategy", "type") == "OnDelete":
        numbers.pop("updated")
    short = next(((what, number) for what, number in numbers.items() if number < wanted), None)
    return READY if short is None else waiting(_of(short[1], wanted, short[0]))


def job(live: Object) -> Verdict:
    """Ready when it is done; also while it is suspended, because it does not go on by itself."""
    said = conditions(live)
    if is_true(said.get("Complete")):
        return READY
    if is_true(said.get("Failed")):
        return failed(told(said["Failed"]) or "it has failed")
    if find(live, "spec", "suspend") is True and is_true(said.get("Suspended")):
        return READY
    if not text(live, "status", "startTime"):
        return waiting("it has not started")
    succeeded = count(live, "status", "succeeded")
    wanted = count(live, "spec", "completions", default=count(live, "spec", "parallelism", default=1))
    failures = count(live, "status", "failed")
    return waiting(_of(succeeded, wanted, "done") + (f", {failures} failed" if failures else ""))


def pod(live: Object) -> Verdict:
    """Ready when it says so, or has come to a good end."""
    phase, said = text(live, "status", "phase"), conditions(live)
    if phase == "Succeeded" or (phase == "Running" and is_true(said.get("Ready"))):
        return READY
    reasons = "; ".join(troubles(live))
    if phase == "Failed":
        return failed(reasons or "it has failed")
    return waiting(reasons or (f"it is {phase.lower()}" if phase else "no node has looked at it yet"))


# What every container says on its way.
_ON_THE_WAY = ("", "ContainerCreating", "PodInitializing")


def troubles(live: Object) -> tuple[str, ...]:
    """Return what keeps a pod from being ready, as far as it says: `container main: ImagePullBackOff: …`."""
    scheduled = conditions(live).get("PodScheduled")
    found = [told(scheduled)] if is_false(scheduled) else []
    if text(live, "status", "reason"):
        found.append(told(find(live, "status")))
    told_by = ((status.get("name"), _trouble(status)) for status in containers(live))
    found += [f"container {name}: {trouble}" for name, trouble in told_by if trouble]
    return tuple(filter(None, found))


def containers(live: Object) -> list[Object]:
    """Return the statuses of a pod's containers, in the order in which they run."""
    lists = (find(live, "status", key) for key in ("initContainerStatuses", "containerStatuses"))
    return [each for entries in lists if isinstance(entries, list) for each in entries]


def _trouble(status: Object) -> str:
    state, ended = find(status, "state", "waiting"), find(status, "state", "terminated")
    if isinstance(state, dict) and state.get("reason", "") not in _ON_THE_WAY:
        before = find(status, "lastState", "terminated")
        return told(state) + (f" (it {exited(before)})" if isinstance(before, dict) else "")
    return exited(ended) if isinstance(ended, dict) and ended.get("exitCode") else ""


def exited(terminated: Object) -> str:
    """Return how a container ended, `exited with 1 (Error)`."""
    said = told(terminated)
    return f"exited with {terminated.get('exitCode')}" + (f" ({said})" if said else "")


def _wanted(live: Object) -> int:
    return count(live, "spec", "replicas", default=1)


def _of(number: int, wanted: int, what: str) -> str:
    return f"{number} of {wanted} {'pod is' if wanted == 1 else 'pods are'} {what}"


def _still_there(number: int) -> str:
    return f"{number} old {'pod is' if number == 1 else 'pods are'} still there"
