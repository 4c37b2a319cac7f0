"""An application that waits: what becomes ready, what never does, and what goes on meanwhile."""

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.workbench import Embedded, Pulumi, Workbench, config_map, deployment

CANCELLED = 8
CLUSTER_FAILED = 4

WAITING = """
def application(name, *clusters, **fields):
    here = [Destination(cluster, namespace=NAMESPACE) for cluster in clusters]
    source = GitSource(REPO, path=name)
    return Application(name, source=source, destinations=here, retain=(), sync=SyncPolicy(prune=True), **fields)

fleet = Fleet(applications=[application("web", "dev", wait=True{limit})])
"""
NOWHERE = {"no": "such-node"}


def waiting(limit_s: int | None = None) -> str:
    return WAITING.format(limit=f", wait_timeout_s={limit_s}" if limit_s else "")


def stuck(name: str, **fields: Any) -> dict[str, Any]:
    """Return a Deployment whose pods no node takes."""
    made = deployment(name, **fields)
    made["spec"]["template"]["spec"]["nodeSelector"] = NOWHERE
    return made


def job(name: str) -> dict[str, Any]:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template}}


def resource(bench: Workbench, name: str) -> Mapping[str, Any]:
    """Return an object as the state has it."""
    wanted = f"dev/{bench.namespace}/{name}"
    found = [each for each in bench.checkpoint()["latest"]["resources"] if each["urn"].endswith(f"::{wanted}")]
    assert len(found) == 1, found
    only: Mapping[str, Any] = found[0]
    return only


def status(bench: Workbench, name: str, kind: str = "apis/apps/v1", plural: str = "deployments") -> Mapping[str, Any]:
    found = bench.get("dev", f"/{kind}/namespaces/{bench.namespace}/{plural}/{name}")
    assert found is not None
    said: Mapping[str, Any] = found["status"]
    return said


def test_what_a_run_has_brought_is_ready(bench: Workbench) -> None:
    bench.declare(waiting())
    replicas = {**deployment("set"), "kind": "ReplicaSet"}
    bench.commit(
        {
            "web/web.yaml": deployment("web"),
            "web/set.yaml": replicas,
            "web/job.yaml": job("job"),
            "web/config.yaml": config_map("config", key="1"),
        }
    )
    bench.up()
    assert status(bench, "web")["availableReplicas"] == 2
    assert status(bench, "set", plural="replicasets")["availableReplicas"] == 2
    assert status(bench, "job", "apis/batch/v1", "jobs")["succeeded"] == 1
    bench.run("preview", "--expect-no-changes")
    bench.commit({"web/web.yaml": deployment("web", args=["--other"])})
    bench.up()
    assert status(bench, "web")["updatedReplicas"] == status(bench, "web")["replicas"] == 2
    bench.run("preview", "--expect-no-changes")
    bench.run("destroy", "--yes")
    assert bench.get("dev", f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web") is None


def test_what_does_not_become_ready_fails_stays_and_is_waited_for_again(bench: Workbench) -> None:
    bench.declare(waiting(5))
    bench.commit({"web/web.yaml": stuck("web"), "web/config.yaml": config_map("config", key="1")})
    run = bench.up(exit_code=None)
    assert run.exit_code != 0, str(run)
    assert resource(bench, "web")["initErrors"]
    assert bench.config_map("dev", "config") == {"key": "1"}
    previewed = bench.run("preview")
    assert "update" in previewed.text
    # The state knows why it is to be updated: Git says the same as before.
    assert bench.up(exit_code=None).exit_code != 0
    bench.commit({"web/web.yaml": deployment("web")})
    bench.up()
    assert "initErrors" not in resource(bench, "web")
    assert status(bench, "web")["availableReplicas"] == 2
    bench.run("preview", "--expect-no-changes")


def test_nothing_is_waited_for_unless_asked(bench: Workbench) -> None:
    bench.declare(waiting().replace("wait=True", "wait=False"))
    bench.commit({"web/web.yaml": stuck("web")})
    bench.up()
    assert status(bench, "web").get("availableReplicas", 0) == 0
    bench.run("preview", "--expect-no-changes")


def test_an_object_says_itself_what_is_waited_for(bench: Workbench) -> None:
    bench.declare(waiting().replace("wait=True", "wait=False"))
    asked = config_map("config", done="no")
    asked["metadata"]["annotations"] = {
        "pulumi.com/waitFor": "jsonpath={.data.done}=yes",
        "pulumi.com/timeoutSeconds": "3",
    }
    bench.commit({"web/config.yaml": asked})
    assert bench.up(exit_code=None).exit_code != 0
    assert resource(bench, "config")["initErrors"]
    bench.commit({"web/config.yaml": asked | {"data": {"done": "yes"}}})
    bench.up()
    assert "initErrors" not in resource(bench, "config")


def test_the_other_engine_waits_for_what_one_has_given_up(bench: Workbench) -> None:
    if missing := Pulumi.missing():
        pytest.skip(missing)
    first, second = bench.engine, Pulumi() if bench.engine.name == "embedded" else Embedded()
    bench.declare(waiting(5))
    bench.commit({"web/web.yaml": stuck("web")})
    for engine in (first, second):
        bench.engine = engine
        run = bench.up(exit_code=None)
        assert run.exit_code != 0, str(run)
        assert resource(bench, "web")["initErrors"], str(run)
    bench.engine = first
    assert "update" in bench.run("preview").text
    bench.commit({"web/web.yaml": deployment("web")})
    bench.up()
    bench.engine = second
    bench.run("preview", "--expect-no-changes")


def test_why_it_is_not_ready_is_said(embedded: Workbench) -> None:
    embedded.declare(waiting(5))
    embedded.commit({"web/web.yaml": stuck("web")})
    run = embedded.up(exit_code=CLUSTER_FAILED)
    assert f"cannot create Deployment.apps {embedded.namespace}/web: it is not ready" in run.text
    assert "After 5 s it still waits: 0 of 2 pods are available." in run.text
    assert "Unschedulable: 0/1 nodes are available" in run.text
    assert "1 more pod is not ready" in run.text


def test_what_depends_on_it_waits_and_the_rest_goes_on(embedded: Workbench) -> None:
    """Of two applications and two clusters, one application waits in vain in one cluster."""
    others = ', application("other", "dev", "hub")])'
    embedded.declare(waiting(20).replace('"web", "dev"', '"web", "dev", "hub"').replace(")])", ")" + others, 1))
    after = config_map("after", key="1")
    after["metadata"]["annotations"] = {"argocd.argoproj.io/hook": "PostSync"}
    embedded.commit(
        {
            "web/web.yaml": stuck("web"),
            "web/after.yaml": after,
            "other/other.yaml": config_map("other", key="1"),
        }
    )
    with embedded.start("up", "--yes", "--skip-preview") as command:
        deadline = time.monotonic() + 60
        others_there = False
        while not others_there and time.monotonic() < deadline:
            others_there = all(embedded.config_map(name, "other") for name in ("dev", "hub"))
            time.sleep(0.1)
        assert others_there
        assert command.poll() is None
        assert command.stdout is not None
        text = command.stdout.read()
    assert command.returncode == CLUSTER_FAILED, text
    assert f"create Deployment.apps {embedded.namespace}/web in " in text
    assert "(PostSync wave 0 waits for it: 0 of 2 pods are available)" in text
    assert "PostSync wave 0 waits for it, and is left alone." in text
    assert embedded.config_map("dev", "after") is None


def test_a_run_that_is_stopped_waits_no_longer_and_the_next_one_does(embedded: Workbench) -> None:
    embedded.declare(waiting())
    embedded.commit({"web/web.yaml": stuck("web")})
    with embedded.start("up", "--yes", "--skip-preview", "--json") as command:
        assert command.stdout is not None
        told = next((line for line in command.stdout if '"type": "stepWaiting"' in line), "")
        assert '"reason": "0 of 2 pods are ' in told
        os.killpg(command.pid, signal.SIGINT)
        rest = command.stdout.read()
    assert command.returncode == CANCELLED, rest
    assert resource(embedded, "web")["initErrors"] == ["the run ended before it was ready"]
    embedded.commit({"web/web.yaml": deployment("web")})
    embedded.up()
    assert status(embedded, "web")["availableReplicas"] == 2
