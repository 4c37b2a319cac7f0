"""One chart of a chart repository, its values from files of a Git repository, on three real clusters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.workbench import Workbench
from tests.render.chart_servers import Packer, Site, serve

CLUSTERS = ("hub", "dev", "prod")
NO_SOURCE = 10
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec:
  sources:
    - repoURL: CHARTS
      chart: shop
      targetRevision: RANGE
      helm:
        valueFiles: [$values/shop/all.yaml]
    - repoURL: https://example.com/repo.git
      targetRevision: HEAD
      ref: values
  destination:
    namespace: NAMESPACE
    servers: [hub, dev, prod]
  overrides:
    - clusters: [dev]
      helm: {valueFiles: [$values/shop/dev.yaml]}
    - clusters: [prod]
      targetRevision: PINNED
      helm: {valuesObject: {size: large}}
  syncPolicy: {automated: {prune: true}}
"""
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  chart: {{ .Chart.Version | quote }}
  colour: {{ .Values.colour | quote }}
  size: {{ .Values.size | quote }}
"""
FILES = {"values.yaml": "colour: grey\nsize: small\n", "templates/config.yaml": TEMPLATE}


@pytest.fixture
def packer(tools: Path, tmp_path: Path) -> Packer:
    return Packer(tools / "helm", tmp_path / "sources", tmp_path / "packed")


@pytest.fixture
def site(packer: Packer) -> Iterator[Site]:
    """Return a chart repository of what is packed."""
    with serve(Site(packer.directory)) as running:
        yield running


def declare(bench: Workbench, site: Site, *, versions: str, pinned: str) -> None:
    replaced = {"CHARTS": site.charts, "NAMESPACE": bench.namespace, "RANGE": versions, "PINNED": pinned}
    text = APPLICATION
    for old, new in replaced.items():
        text = text.replace(old, new)
    bench.declare_yaml(text)


def found(bench: Workbench) -> list[tuple[str, str, str] | None]:
    """Return chart version, colour and size in each of the clusters."""
    each = [bench.config_map(cluster, "shop") for cluster in CLUSTERS]
    return [None if data is None else (data["chart"], data["colour"], data["size"]) for data in each]


def test_a_range_of_versions_with_values_per_cluster(equipped: Workbench, packer: Packer, site: Site) -> None:
    packer.pack("shop", "1.0.0", "1.1.0", "2.0.0", files=FILES)
    declare(equipped, site, versions="1.x", pinned="~1.0")
    equipped.commit({"shop/all.yaml": "colour: green\n", "shop/dev.yaml": "colour: blue\n"})
    equipped.up()
    assert found(equipped) == [("1.1.0", "green", "small"), ("1.1.0", "blue", "small"), ("1.0.0", "green", "large")]

    in_prod = [f"/api/v1/namespaces/{equipped.namespace}/configmaps/shop"]
    before = equipped.versions("prod", in_prod)
    packer.pack("shop", "1.2.0", files=FILES)
    equipped.commit({"shop/dev.yaml": "colour: blue\nsize: medium\n"})
    equipped.up()
    assert found(equipped) == [("1.2.0", "green", "small"), ("1.2.0", "blue", "medium"), ("1.0.0", "green", "large")]
    assert equipped.versions("prod", in_prod) == before


def test_exact_versions_that_were_fetched_need_no_repository(equipped: Workbench, packer: Packer) -> None:
    packer.pack("shop", "1.0.0", "1.1.0", files=FILES)
    equipped.commit({"shop/all.yaml": "colour: green\n", "shop/dev.yaml": "colour: blue\n"})
    with serve(Site(packer.directory)) as site:
        declare(equipped, site, versions="1.1.0", pinned="1.0.0")
        equipped.up()
    equipped.commit({"shop/dev.yaml": "colour: red\n"})
    equipped.up()
    assert found(equipped) == [("1.1.0", "green", "small"), ("1.1.0", "red", "small"), ("1.0.0", "green", "large")]
    equipped.run("preview", "--expect-no-changes")

    declare(equipped, site, versions="1.x", pinned="1.0.0")
    run = equipped.run("preview", exit_code=None)
    assert run.exit_code == (NO_SOURCE if equipped.engine.name == "embedded" else 1), str(run)
    assert site.charts in run.text
