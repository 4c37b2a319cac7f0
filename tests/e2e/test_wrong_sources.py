"""What is wrong with charts, kustomizations, Jsonnet and patches is told in one run, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.workbench import Workbench, config_map
from tests.render.chart_servers import Packer, Site, serve

WITH_PULUMI = 1
GOOD = {"fine/a.yaml": config_map("a", key="1")}
BROKEN: Mapping[str, str | Mapping[str, Any]] = {
    "fine/a.yaml": config_map("a", key="2"),
    "template/Chart.yaml": "apiVersion: v2\nname: template\nversion: 0.1.0\n",
    "template/templates/broken.yaml": "apiVersion: v1\n\nkind: {{ .Values.nothing.at.all }}\n",
    "absent/kustomization.yaml": {"resources": ["gone.yaml"]},
    "elsewhere/kustomization.yaml": {"resources": ["../fine/a.yaml"]},
    "jsonnet/a.jsonnet": "{\n  apiVersion: 'v1',\n  kind: name,\n}\n",
}

STACK = """
def application(name, source, **more):
    destinations = ["hub", "dev", "prod"]
    sync = SyncPolicy(automated=True, prune=True)
    return Application(name, source=source, destinations=destinations, namespace=NAMESPACE, sync=sync, **more)

CHARTS = "CHART_REPOSITORY"
fleet = Fleet(
    applications=[
        application("fine", GitSource(REPO, path="fine")),
        MORE
    ],
)
"""
SOURCES = """
        application("no-chart", ChartSource(CHARTS, chart="nothing")),
        application("no-version", ChartSource(CHARTS, chart="web", version="^7")),
        application("no-range", ChartSource(CHARTS, chart="web", version=">=one")),
        application("html", ChartSource(CHARTS + "-html", chart="web")),
        application("closed", ChartSource(CHARTS + "-closed", chart="web")),
        application("no-tag", GitSource(REPO, path="fine", revision=">=7.1")),
"""
RENDERINGS = """
        application("template", GitSource(REPO, path="template")),
        application("values", ChartSource(CHARTS, chart="web", helm=Helm(value_files=["large.yaml"]))),
        application("absent", GitSource(REPO, path="absent")),
        application("elsewhere", GitSource(REPO, path="elsewhere")),
        application("jsonnet", GitSource(REPO, path="jsonnet")),
        application(
            "patch",
            GitSource(REPO, path="fine"),
            overrides=[
                Override(
                    clusters=["prod"],
                    patches=[Patch({"spec": {"replicas": 3}}, target=PatchTarget(kind="Deployment", name="fin"))],
                )
            ],
        ),
"""

NOT_HAD = """
error: stacks/test.py:18, application closed: no access to chart repository CHARTS-closed
  CHARTS-closed/index.yaml answers 401.
error: stacks/test.py:17, application html: CHARTS-html is not a chart repository
  Its index.yaml: It is a web page.
error: stacks/test.py:14, application no-chart: chart repository CHARTS has no chart nothing
  It has web.
error: stacks/test.py:16, application no-range: chart repository CHARTS has no version >=one of chart web
  It is neither a version nor a constraint.
error: stacks/test.py:15, application no-version: chart repository CHARTS has no version ^7 of chart web
  Its newest: 1.1.0, 1.0.0.
has no tag that fits >=7.1
  The nearest is v1.0.0.
"""
NOT_RENDERED = """
error: template/templates/broken.yaml:3, application template: helm template fails
      nil pointer evaluating interface {}.at
error: stacks/test.py:15, application values: there is no value file large.yaml
  The chart is web, of chart repository CHARTS.
error: absent/kustomization.yaml, application absent: kustomize build fails
  → The commit has no gone.yaml in the directory of the kustomization that names it.
error: elsewhere/kustomization.yaml, application elsewhere: kustomize build fails
  → The commit has no directory ../fine/a.yaml. Only directories may be elsewhere
error: jsonnet/a.jsonnet:3, application jsonnet: Jsonnet: Unknown variable: name
error: stacks/test.py:8, application patch, cluster prod: a patch matches no object: spec.replicas of kind Deployment
  No object is of that kind; there are ConfigMap.
"""


@pytest.fixture
def packer(tools: Path, tmp_path: Path) -> Packer:
    packer = Packer(tools / "helm", tmp_path / "sources", tmp_path / "packed")
    packer.pack("web", "1.0.0", "1.1.0")
    return packer


@pytest.mark.parametrize(
    ("applications", "lines", "code"),
    [(SOURCES, NOT_HAD, 10), (RENDERINGS, NOT_RENDERED, 11)],
    ids=("to be had", "to be rendered"),
)
def test_all_of_it_is_told_and_nothing_is_written(
    equipped: Workbench, packer: Packer, applications: str, lines: str, code: int
) -> None:
    answers: dict[str, int | bytes] = {"/charts-html/index.yaml": b"<html>Sign in</html>"}
    answers["/charts-closed/index.yaml"] = 401
    with serve(Site(packer.directory, answers=answers)) as site:
        declare(equipped, site)
        equipped.repo.create_tag("v1.0.0", equipped.commit(GOOD))
        equipped.up()
        before = equipped.holdings(), resources(equipped)

        declare(equipped, site, applications)
        equipped.commit(BROKEN)
        run = equipped.up(exit_code=code if equipped.engine.name == "embedded" else WITH_PULUMI)
    assert (equipped.holdings(), resources(equipped)) == before
    assert "Traceback" not in run.text
    said = run.text.replace(site.charts, "CHARTS")
    assert [line for line in lines.strip().splitlines() if line not in said] == [], str(run)


def declare(bench: Workbench, site: Site, applications: str = "") -> None:
    bench.declare(STACK.replace("CHART_REPOSITORY", site.charts).replace("MORE", applications.strip()))


def resources(bench: Workbench) -> Any:
    return bench.checkpoint()["latest"]["resources"]
