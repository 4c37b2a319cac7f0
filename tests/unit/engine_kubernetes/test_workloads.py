"""When workloads are ready, by statuses as real clusters have them."""

from typing import Any

import pytest

from fleet.engine.kubernetes.readiness import judge
from fleet.engine.kubernetes.status import State, Verdict
from tests.unit.engine_kubernetes.statuses import live

READY, WAITING, FAILED = State.READY, State.WAITING, State.FAILED


def deployment(status: str, spec: str = "{replicas: 2, progressDeadlineSeconds: 600}") -> dict[str, Any]:
    return live("apps/v1", "Deployment", f"spec: {spec}\nstatus: {status}")


ROLLED_OUT = "{type: Progressing, status: 'True', reason: NewReplicaSetAvailable, message: has progressed}"
AVAILABLE = "{type: Available, status: 'True', reason: MinimumReplicasAvailable}"
UNAVAILABLE = "{type: Available, status: 'False', reason: MinimumReplicasUnavailable, message: no minimum}"
NUMBERS = "observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2"

DEPLOYMENTS = {
    "nothing is known yet": (deployment("{}"), WAITING, "0 of 2 pods are updated"),
    "of before the change": (
        deployment(f"{{{NUMBERS.replace('Generation: 2', 'Generation: 1')}, conditions: [{ROLLED_OUT}, {AVAILABLE}]}}"),
        WAITING,
        "its last change has not been looked at yet",
    ),
    "rolled out": (deployment(f"{{{NUMBERS}, conditions: [{ROLLED_OUT}, {AVAILABLE}]}}"), READY, ""),
    "rolled out without a deadline": (
        deployment(f"{{{NUMBERS}, conditions: [{AVAILABLE}]}}", "{replicas: 2}"),
        READY,
        "",
    ),
    "old pods are there yet": (
        deployment(f"{{{NUMBERS.replace('replicas: 2', 'replicas: 3', 1)}, conditions: [{AVAILABLE}]}}"),
        WAITING,
        "1 old pod is still there",
    ),
    "half updated": (
        deployment(f"{{{NUMBERS.replace('updatedReplicas: 2', 'updatedReplicas: 1')}, conditions: [{AVAILABLE}]}}"),
        WAITING,
        "1 of 2 pods are updated",
    ),
    "pods are not ready": (
        deployment(
            "{observedGeneration: 2, replicas: 1, updatedReplicas: 1, unavailableReplicas: 1, "
            f"conditions: [{UNAVAILABLE}, {{type: Progressing, status: 'True', reason: ReplicaSetUpdated}}]}}",
            "{replicas: 1, progressDeadlineSeconds: 600}",
        ),
        WAITING,
        "0 of 1 pod is available",
    ),
    "the progress has its end": (
        deployment(
            "{observedGeneration: 2, replicas: 2, updatedReplicas: 2, unavailableReplicas: 2, conditions: ["
            f"{UNAVAILABLE}, {{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, "
            "message: 'ReplicaSet \"web-5d\" has timed out progressing.'}]}"
        ),
        FAILED,
        'ProgressDeadlineExceeded: ReplicaSet "web-5d" has timed out progressing.',
    ),
    "no pod can be made": (
        deployment(
            "{observedGeneration: 2, unavailableReplicas: 2, conditions: [{type: ReplicaFailure, status: 'True', "
            "reason: FailedCreate, message: 'pods \"web-\" is forbidden: exceeded quota: small'}]}"
        ),
        WAITING,
        'its pods cannot be created (FailedCreate: pods "web-" is forbidden: exceeded quota: small)',
    ),
    "available, and not yet said to be rolled out": (
        deployment(
            f"{{{NUMBERS}, conditions: [{AVAILABLE}, "
            "{type: Progressing, status: 'True', reason: ReplicaSetUpdated}]}"
        ),
        WAITING,
        "it is being rolled out (ReplicaSetUpdated)",
    ),
    "no pods are wanted": (
        deployment(
            f"{{observedGeneration: 2, conditions: [{ROLLED_OUT}, {AVAILABLE}]}}",
            "{replicas: 0, progressDeadlineSeconds: 600}",
        ),
        READY,
        "",
    ),
}


def stateful_set(status: str, spec: str = "{replicas: 3, updateStrategy: {type: RollingUpdate}}") -> dict[str, Any]:
    return live("apps/v1", "StatefulSet", f"spec: {spec}\nstatus: {status}")


STATEFUL_SETS = {
    "nothing is known yet": (stateful_set("{}"), WAITING, "0 of 3 pods are ready"),
    "one after the other": (
        stateful_set("{observedGeneration: 2, replicas: 2, readyReplicas: 1, currentReplicas: 2, updatedReplicas: 2}"),
        WAITING,
        "1 of 3 pods are ready",
    ),
    "an update goes through": (
        stateful_set(
            "{observedGeneration: 2, replicas: 3, readyReplicas: 3, currentReplicas: 2, updatedReplicas: 1, "
            "currentRevision: db-a, updateRevision: db-b}"
        ),
        WAITING,
        "1 of 3 pods are updated",
    ),
    "done": (
        stateful_set(
            "{observedGeneration: 2, replicas: 3, readyReplicas: 3, currentReplicas: 3, updatedReplicas: 3, "
            "currentRevision: db-b, updateRevision: db-b}"
        ),
        READY,
        "",
    ),
    "a partition is done": (
        stateful_set(
            "{observedGeneration: 2, replicas: 3, readyReplicas: 3, currentReplicas: 2, updatedReplicas: 1, "
            "currentRevision: db-a, updateRevision: db-b}",
            "{replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}}",
        ),
        READY,
        "",
    ),
    "scaled down": (
        stateful_set("{observedGeneration: 2, replicas: 5, readyReplicas: 5, currentReplicas: 5, updatedReplicas: 5}"),
        WAITING,
        "2 old pods are still there",
    ),
    "somebody deletes the pods by hand": (
        stateful_set("{observedGeneration: 2, replicas: 1}", "{replicas: 3, updateStrategy: {type: OnDelete}}"),
        READY,
        "",
    ),
}


def daemon_set(status: str, strategy: str = "RollingUpdate") -> dict[str, Any]:
    return live("apps/v1", "DaemonSet", f"spec: {{updateStrategy: {{type: {strategy}}}}}\nstatus: {status}")


DAEMONS = "currentNumberScheduled: 3, desiredNumberScheduled: 3, numberReady: 3, numberAvailable: 3"

DAEMON_SETS = {
    "nothing is known yet": (
        daemon_set("{currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0}"),
        WAITING,
        "its controller has not looked at it yet",
    ),
    "done": (daemon_set(f"{{observedGeneration: 2, {DAEMONS}, updatedNumberScheduled: 3}}"), READY, ""),
    "an update goes through": (
        daemon_set(f"{{observedGeneration: 2, {DAEMONS}, updatedNumberScheduled: 1}}"),
        WAITING,
        "1 of 3 pods are updated",
    ),
    "somebody deletes the pods by hand": (
        daemon_set(f"{{observedGeneration: 2, {DAEMONS}, updatedNumberScheduled: 1}}", "OnDelete"),
        READY,
        "",
    ),
    "no node wants one": (
        daemon_set("{observedGeneration: 2, currentNumberScheduled: 0, desiredNumberScheduled: 0, numberReady: 0}"),
        READY,
        "",
    ),
    "one node is late": (
        daemon_set(
            "{observedGeneration: 2, currentNumberScheduled: 3, desiredNumberScheduled: 3, numberReady: 2, "
            "numberAvailable: 2, updatedNumberScheduled: 3, numberUnavailable: 1}"
        ),
        WAITING,
        "2 of 3 pods are available",
    ),
}


def job(status: str, spec: str = "{completions: 1, parallelism: 1, backoffLimit: 3, suspend: false}") -> dict[str, Any]:
    return live("batch/v1", "Job", f"spec: {spec}\nstatus: {status}")


JOBS = {
    "nothing is known yet": (job("{}"), WAITING, "it has not started"),
    "at work": (job("{active: 1, ready: 1, startTime: '2026-01-01T00:00:00Z'}"), WAITING, "0 of 1 pod is done"),
    "not for the first time": (
        job("{active: 1, failed: 2, startTime: '2026-01-01T00:00:00Z'}"),
        WAITING,
        "0 of 1 pod is done, 2 failed",
    ),
    "done": (
        job(
            "{succeeded: 1, startTime: '2026-01-01T00:00:00Z', conditions: ["
            "{type: SuccessCriteriaMet, status: 'True'}, {type: Complete, status: 'True', reason: CompletionsReached}]}"
        ),
        READY,
        "",
    ),
    "failed": (
        job(
            "{failed: 4, startTime: '2026-01-01T00:00:00Z', conditions: [{type: FailureTarget, status: 'True'}, "
            "{type: Failed, status: 'True', reason: BackoffLimitExceeded, "
            "message: Job has reached the specified backoff limit}]}"
        ),
        FAILED,
        "BackoffLimitExceeded: Job has reached the specified backoff limit",
    ),
    "about to fail": (
        job(
            "{failed: 4, startTime: '2026-01-01T00:00:00Z', "
            "conditions: [{type: FailureTarget, status: 'True', reason: BackoffLimitExceeded}]}"
        ),
        WAITING,
        "0 of 1 pod is done, 4 failed",
    ),
    "suspended": (
        job("{conditions: [{type: Suspended, status: 'True', reason: JobSuspended}]}", "{suspend: true}"),
        READY,
        "",
    ),
}


def pod(status: str) -> dict[str, Any]:
    return live("v1", "Pod", f"status: {status}", generation=1)


PODS = {
    "nothing is known yet": (pod("{}"), WAITING, "no node has looked at it yet"),
    "pending": (pod("{phase: Pending}"), WAITING, "it is pending"),
    "no node for it": (
        pod(
            "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, "
            "message: \"0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.\"}]}"
        ),
        WAITING,
        "Unschedulable: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    ),
    "on its way": (
        pod(
            "{phase: Pending, conditions: [{type: PodScheduled, status: 'True'}, {type: Ready, status: 'False', "
            "reason: ContainersNotReady}], containerStatuses: [{name: main, ready: false, "
            "state: {waiting: {reason: ContainerCreating}}}]}"
        ),
        WAITING,
        "it is pending",
    ),
    "no image": (
        pod(
            "{phase: Pending, containerStatuses: [{name: main, ready: false, restartCount: 0, state: {waiting: "
            "{reason: ImagePullBackOff, message: 'Back-off pulling image \"example.com/nope:1\"'}}}]}"
        ),
        WAITING,
        'container main: ImagePullBackOff: Back-off pulling image "example.com/nope:1"',
    ),
    "crashing": (
        pod(
            "{phase: Running, containerStatuses: [{name: main, ready: false, restartCount: 4, state: {waiting: "
            "{reason: CrashLoopBackOff, message: back-off 40s restarting failed container}}, "
            "lastState: {terminated: {exitCode: 1, reason: Error}}}]}"
        ),
        WAITING,
        "container main: CrashLoopBackOff: back-off 40s restarting failed container (it exited with 1 (Error))",
    ),
    "out of memory in an init container": (
        pod(
            "{phase: Pending, initContainerStatuses: [{name: setup, ready: false, "
            "state: {terminated: {exitCode: 137, reason: OOMKilled}}}], containerStatuses: [{name: main, "
            "ready: false, state: {waiting: {reason: PodInitializing}}}]}"
        ),
        WAITING,
        "container setup: exited with 137 (OOMKilled)",
    ),
    "running": (pod("{phase: Running, conditions: [{type: Ready, status: 'False'}]}"), WAITING, "it is running"),
    "ready": (pod("{phase: Running, conditions: [{type: Ready, status: 'True'}]}"), READY, ""),
    "at a good end": (pod("{phase: Succeeded, conditions: [{type: Ready, status: 'False'}]}"), READY, ""),
    "evicted": (
        pod("{phase: Failed, reason: Evicted, message: The node was low on resource memory}"),
        FAILED,
        "Evicted: The node was low on resource memory",
    ),
    "at a bad end": (
        pod("{phase: Failed, containerStatuses: [{name: main, state: {terminated: {exitCode: 2, reason: Error}}}]}"),
        FAILED,
        "container main: exited with 2 (Error)",
    ),
}

TABLES = {
    "Deployment": DEPLOYMENTS,
    "StatefulSet": STATEFUL_SETS,
    "DaemonSet": DAEMON_SETS,
    "Job": JOBS,
    "Pod": PODS,
}


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [pytest.param(*row, id=f"{table}: {name}") for table, rows in TABLES.items() for name, row in rows.items()],
)
def test_readiness(given: dict[str, Any], state: State, reason: str) -> None:
    assert judge(given) == Verdict(state, reason)
