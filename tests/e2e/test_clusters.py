"""The stack's clusters, and what real ones say of themselves."""

import json
import os
import sys
from typing import Any

import pytest

from fleet import yamlio
from localclusters.progress import silent
from tests.e2e.workbench import Run, Workbench
from testtools import ensure_tools

DECLARATION = """
fleet = Fleet(
    applications=[
        Application(
            "web",
            source=GitSource(REPO, path="chart"),
            destinations=[Destination(name, namespace=NAMESPACE) for name in ("hub", "dev", "prod")],
            sync=SyncPolicy(prune=True),
        )
    ],
)
"""
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: told}
data:
  version: {{ .Capabilities.KubeVersion.Version }}
  flows: {{ .Capabilities.APIVersions.Has "flowcontrol.apiserver.k8s.io/v1/FlowSchema" | quote }}
  nothing: {{ .Capabilities.APIVersions.Has "example.com/v1/Nothing" | quote }}
"""


@pytest.fixture
def bench(embedded: Workbench) -> Workbench:
    """Return the project with a chart that looks at what it is told of its cluster."""
    embedded.extra_environment["PATH"] = f"{ensure_tools(silent)}{os.pathsep}{os.environ['PATH']}"
    embedded.declare(DECLARATION)
    embedded.commit(
        {"chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n", "chart/templates/told.yaml": TEMPLATE}
    )
    return embedded


def fleet(bench: Workbench, *words: str, exit_code: int = 0) -> Run:
    return bench.execute([sys.executable, "-m", "fleet", *words, "-s", "test"], exit_code=exit_code)


def version(bench: Workbench, cluster: str) -> str:
    found = bench.get(cluster, "/version")
    assert found is not None
    return str(found["gitVersion"]).removeprefix("v")


def written(bench: Workbench) -> Any:
    path = bench.project / "stacks" / "test.clusters.yaml"
    return yamlio.load_documents(path.read_text(), file="")[0].data["clusters"]


def test_what_is_discovered_is_what_charts_are_told(bench: Workbench) -> None:
    bench.configure(prod={"kubeVersion": "1.29.9"})
    run = fleet(bench, "clusters", "discover", "--check", exit_code=7)
    assert "stacks/test.clusters.yaml is out of date" in run.text
    run = fleet(bench, "clusters", "discover")
    assert f"hub: Kubernetes {version(bench, 'hub')}, " in run.text
    assert "wrote stacks/test.clusters.yaml" in run.text
    found = written(bench)
    assert sorted(found) == ["dev", "hub", "prod"]
    assert "Deployment" in found["hub"]["namespaced"]["apps/v1"].split()
    assert "Namespace" in found["hub"]["clusterScoped"]["v1"].split()

    again = fleet(bench, "clusters", "discover", "--check")
    assert "stacks/test.clusters.yaml is up to date" in again.text
    bench.up()
    told = {cluster: bench.config_map(cluster, "told") or {} for cluster in ("hub", "prod")}
    assert told["hub"] == {"version": f"v{version(bench, 'hub')}", "flows": "true", "nothing": "false"}
    assert told["prod"]["version"] == "v1.29.9"


def test_the_list_needs_no_cluster(bench: Workbench) -> None:
    bench.configure("hub", "dev", hub={"kubeVersion": "1.29.9", "labels": {"env": "dev"}}, dev={"paused": True})
    rows = [line.split() for line in fleet(bench, "clusters").text.splitlines()]
    context = {name: bench.cluster(name).context for name in ("hub", "dev")}
    assert rows == [
        ["CLUSTER", "CONTEXT", "SERVER", "LABELS", "PAUSED", "KUBERNETES"],
        ["dev", context["dev"], "-", "-", "yes", "-"],
        ["hub", context["hub"], "-", "env=dev", "-", "1.29.9", "(declared)"],
    ]
    fleet(bench, "clusters", "discover", "dev")
    found = {each["name"]: each for each in json.loads(fleet(bench, "clusters", "--json").text)}
    assert (found["dev"]["kubeVersion"], found["dev"]["versionFrom"]) == (version(bench, "dev"), "remembered")


def test_a_cluster_that_does_not_answer_stays_as_it_was(bench: Workbench) -> None:
    fleet(bench, "clusters", "discover")
    before = written(bench)
    bench.configure(dev={"kubeconfig": str(bench.root / "gone")})
    run = fleet(bench, "clusters", "discover", exit_code=4)
    assert "cluster dev: its kubeconfig cannot be used" in run.text
    assert written(bench) == before

    bench.configure("hub", "prod", prod={"paused": True})
    bench.declare(DECLARATION.replace('"dev", ', ""))
    run = fleet(bench, "clusters", "discover")
    assert "prod: paused, not asked" in run.text
    assert written(bench) == {name: before[name] for name in ("hub", "prod")}


def test_a_file_that_is_spoilt_is_written_anew(bench: Workbench) -> None:
    (bench.project / "stacks" / "test.clusters.yaml").write_text("clusters: [hub]\n")
    run = fleet(bench, "clusters", exit_code=2)
    assert "stacks/test.clusters.yaml:1, clusters: what is remembered of the clusters cannot be read" in run.text
    fleet(bench, "clusters", "discover")
    assert sorted(written(bench)) == ["dev", "hub", "prod"]


def test_a_cluster_that_the_stack_has_not(bench: Workbench) -> None:
    run = fleet(bench, "clusters", "discover", "prot", exit_code=2)
    assert "the stack has no cluster 'prot'" in run.text
    assert "Did you mean 'prod'?" in run.text
