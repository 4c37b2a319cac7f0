"""A chart whose Jobs run before and after everything else, on a real cluster whose pods really complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from localclusters.progress import silent
from tests.e2e.workbench import Workbench
from testtools import ensure_tools

DECLARATION = """
fleet = Fleet(
    applications=[
        Application(
            "shop",
            source=GitSource(REPO, path="chart"),
            destinations=[Destination("hub", namespace=NAMESPACE)],
            sync=SyncPolicy(automated=True, self_heal=True, prune=False),
        )
    ],
)
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
  annotations: {{helm.sh/hook: "{times}", helm.sh/hook-weight: "0", helm.sh/hook-delete-policy: hook-succeeded}}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: {deadline_s}
  ttlSecondsAfterFinished: 0
  template:
    spec:
      restartPolicy: Never
      nodeSelector: {selector}
      containers: [{{name: main, image: "{image}"}}]
"""
SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, annotations: {helm.sh/hook: pre-install, helm.sh/hook-weight: "-1"}}
data: {a: b}
"""
WEB = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {version: "{{ .Chart.Version }}"}
"""
TEST = """\
apiVersion: v1
kind: Pod
metadata: {name: check, annotations: {helm.sh/hook: test}}
spec: {containers: [{name: main, image: check}]}
"""


@pytest.fixture
def bench(bench: Workbench) -> Workbench:
    """Return the project with a chart that has hooks."""
    bench.extra_environment["PATH"] = f"{ensure_tools(silent)}{os.pathsep}{os.environ['PATH']}"
    bench.declare(DECLARATION)
    bench.commit({**chart("0.1.0", "migrate:1"), "chart/templates/settings.yaml": SETTINGS})
    return bench


def hook(name: str, times: str, image: str, selector: str = "{}", deadline_s: int = 300) -> str:
    return JOB.format(name=name, times=times, image=image, selector=selector, deadline_s=deadline_s)


def chart(version: str, image: str) -> dict[str, str]:
    migrate = hook("migrate", "pre-install,pre-upgrade", image)
    return {
        "chart/Chart.yaml": f"apiVersion: v2\nname: shop\nversion: {version}\n",
        "chart/templates/migrate.yaml": migrate,
        "chart/templates/announce.yaml": hook("announce", "post-install", "announce"),
        "chart/templates/web.yaml": WEB,
        "chart/templates/check.yaml": TEST,
    }


def path(bench: Workbench, name: str) -> str:
    return f"/apis/batch/v1/namespaces/{bench.namespace}/jobs/{name}"


def job(bench: Workbench, name: str) -> dict[str, Any]:
    found = bench.get("hub", path(bench, name))
    assert found is not None
    return dict(found)


def made(found: Any) -> str:
    return str(found["metadata"]["creationTimestamp"])


def test_hooks_run_before_and_after_and_again_when_they_change(bench: Workbench) -> None:
    bench.up()
    web = bench.get("hub", f"/api/v1/namespaces/{bench.namespace}/configmaps/web")
    before, after = job(bench, "migrate"), job(bench, "announce")
    assert [each["status"].get("succeeded") for each in (before, after)] == [1, 1]
    assert web is not None
    assert before["status"]["completionTime"] <= made(web) <= made(after)
    assert bench.config_map("hub", "settings") == {"a": "b"}
    assert bench.get("hub", f"/api/v1/namespaces/{bench.namespace}/pods/check") is None

    bench.up("--refresh", "--expect-no-changes")
    bench.commit(chart("0.2.0", "migrate:1"))
    bench.up()
    assert bench.config_map("hub", "web") == {"version": "0.2.0"}
    assert [job(bench, name)["metadata"]["uid"] for name in ("migrate", "announce")] == [
        each["metadata"]["uid"] for each in (before, after)
    ]

    bench.commit(chart("0.3.0", "migrate:2"))
    bench.up()
    again = job(bench, "migrate")
    assert again["metadata"]["uid"] != before["metadata"]["uid"]
    assert again["status"].get("succeeded") == 1
    assert job(bench, "announce")["metadata"]["uid"] == after["metadata"]["uid"]

    bench.delete("hub", path(bench, "announce"))
    bench.up("--refresh")
    assert job(bench, "announce")["status"].get("succeeded") == 1
    bench.commit({"chart/templates/announce.yaml": None, "chart/templates/web.yaml": None})
    bench.up()
    assert bench.get("hub", path(bench, "announce")) is None
    assert bench.config_map("hub", "web") == {"version": "0.3.0"}, "prune is off"


def test_a_hook_that_fails_stops_its_application_and_runs_again(bench: Workbench) -> None:
    label = f"{bench.namespace}.example.com/open"
    closed = hook("migrate", "pre-install", "migrate", f'{{{label}: "true"}}', deadline_s=2)
    bench.commit({"chart/templates/migrate.yaml": closed})
    run = bench.up(exit_code=None)
    assert run.exit_code != 0, str(run)
    assert "migrate" in run.text
    failed = job(bench, "migrate")
    assert failed["status"].get("succeeded") is None
    assert bench.config_map("hub", "settings") == {"a": "b"}
    assert bench.config_map("hub", "web") is None

    with labelled_nodes(bench, label):
        bench.up()
    assert job(bench, "migrate")["status"].get("succeeded") == 1
    assert job(bench, "migrate")["metadata"]["uid"] != failed["metadata"]["uid"]
    assert bench.config_map("hub", "web") == {"version": "0.1.0"}


@contextmanager
def labelled_nodes(bench: Workbench, label: str) -> Iterator[None]:
    nodes = (bench.get("hub", "/api/v1/nodes") or {})["items"]
    paths = [f"/api/v1/nodes/{each['metadata']['name']}" for each in nodes]
    try:
        for path in paths:
            bench.patch("hub", path, {"metadata": {"labels": {label: "true"}}})
        yield
    finally:
        for path in paths:
            bench.patch("hub", path, {"metadata": {"labels": {label: None}}})
