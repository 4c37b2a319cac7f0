"""Remote bases, and charts in kustomizations: read from the mirrors and the cache, by a kustomize without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from fleet import Kustomize
from fleet.errors import FleetError, RenderError, SourceError, Where
from fleet.model.capabilities import Capabilities
from fleet.model.manifest import Manifest
from fleet.model.plan import RenderRequest, Revision
from tests.render.chart_servers import Packer, Site
from tests.render.world import Repo, World, config_map, names, render_all

pytestmark = pytest.mark.usefixtures("on_path")

COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -c\n"
URL = "https://git.example.com/platform/base"


@dataclass
class Stack:
    """An application whose bases are in another repository, which is at URL for all that the kustomizations say."""

    world: World
    own: Repo
    other: Repo
    run_id: str | None = None

    def render(self, path: str = "app", tool: Kustomize | None = None) -> tuple[Manifest, ...]:
        wanted = Revision(str(self.own.path), "HEAD")
        with self.world.sources(substitute=self.mirror, run_id=self.run_id) as sources:
            commit = sources.resolve([wanted])[wanted]
            request = RenderRequest(wanted.repo, commit, path, tool or Kustomize(name_prefix="x-"))
            used_by = {request: Where(application="web", cluster="dev")}
            return render_all([request], sources, self.world.warned.append, used_by)[request]

    def mirror(self, url: str) -> str:
        return str(self.other.path) if url.startswith(URL) else url

    def failure(self, kind: type[FleetError] = SourceError, tool: Kustomize | None = None) -> str:
        with pytest.raises(kind) as caught:
            self.render(tool=tool)
        return str(caught.value)


@pytest.fixture
def stack(world: World, new_repo: Callable[[str], Repo]) -> Stack:
    other = new_repo("other")
    other.commit(
        {
            "deploy/kustomization.yaml": "resources: [../common, own.yaml]\n",
            "deploy/own.yaml": config_map("own"),
            "common/kustomization.yaml": "resources: [a.yaml]\n",
            "common/a.yaml": config_map("common", version="one"),
            "parts/kustomization.yaml": COMPONENT,
            "unrelated/big.txt": "x",
        }
    )
    other.git("tag", "v1")
    return Stack(world, new_repo("own"), other)


def kustomization(*resources: str, more: str = "") -> dict[str, str | bytes]:
    lines = ["resources:", *(f"- {each}" for each in resources), more]
    return {"app/kustomization.yaml": "\n".join(lines)}


@pytest.mark.parametrize(
    "reference",
    [f"{URL}//deploy?ref=v1", f"{URL}.git/deploy?ref=v1&submodules=false", f"{URL}/deploy", f"git::{URL}//deploy"],
)
def test_a_base_in_another_repository(stack: Stack, reference: str) -> None:
    stack.own.commit({**kustomization("b.yaml", reference), "app/b.yaml": config_map("b")})
    assert names(stack.render()) == ["x-b", "x-common", "x-own"]


def test_each_base_has_its_own_revision(stack: Stack) -> None:
    stack.other.commit({"common/a.yaml": config_map("newer", version="two")})
    stack.own.commit(
        kustomization("one", "two")
        | {
            f"app/{name}/kustomization.yaml": f"resources: ['{URL}//common?ref={ref}']\n"
            for name, ref in (("one", "v1"), ("two", "main"))
        }
    )
    assert names(stack.render()) == ["x-common", "x-newer"]


def test_components_may_be_remote(stack: Stack) -> None:
    component = f"{URL}//parts?ref=v1"
    stack.own.commit({**kustomization("b.yaml", more=f"components: ['{component}']\n"), "app/b.yaml": config_map("b")})
    assert names(stack.render()) == ["x-b-c"]
    stack.own.commit(kustomization("b.yaml"))
    wanted = Kustomize(components=[component, "../missing"], ignore_missing_components=True)
    assert names(stack.render(tool=wanted)) == ["b-c"]


def test_a_base_that_has_bases_elsewhere(stack: Stack, new_repo: Callable[[str], Repo]) -> None:
    third = new_repo("third")
    third.commit({"kustomization.yaml": "resources: [c.yaml]\n", "c.yaml": config_map("third")})
    nested = f"resources:\n- ../deploy\n- file://{third.path}\n- {URL}//common?ref=v1\nnamePrefix: n-\n"
    stack.other.commit({"deploy/kustomization.yaml": "resources: [own.yaml]\n", "nested/kustomization.yaml": nested})
    stack.own.commit(kustomization(f"{URL}//nested"))
    assert sorted(names(stack.render())) == ["x-n-common", "x-n-own", "x-n-third"]


def test_the_copy_alone_is_changed_when_the_kustomization_is_a_symlink(stack: Stack) -> None:
    stack.own.link("app/kustomization.yaml", "../shared.yaml")
    stack.own.commit({"shared.yaml": f"resources: ['{URL}//common']\n", "app/x.txt": ""})
    assert names(stack.render()) == ["x-common"]


def test_a_run_uses_one_commit_and_the_next_run_what_is_there_then(stack: Stack) -> None:
    stack.own.commit(kustomization(f"{URL}//common?ref=main"))
    stack.run_id = "run-1"
    assert names(stack.render()) == ["x-common"]
    stack.other.commit({"common/a.yaml": config_map("newer")})
    assert names(stack.render()) == ["x-common"]
    stack.run_id = "run-2"
    assert names(stack.render()) == ["x-newer"]


def test_with_a_full_sha_nothing_is_fetched_again(stack: Stack) -> None:
    head = stack.other.git("rev-parse", "HEAD")
    stack.own.commit(kustomization(f"{URL}//common?ref={head}"))
    first = stack.render()
    shutil.rmtree(stack.other.path)
    assert stack.render() == first
    shutil.rmtree(stack.world.cache / "render")
    assert stack.render() == first


def test_what_cannot_be_had_is_said_with_its_place(stack: Stack) -> None:
    stack.own.commit(
        kustomization("b.yaml", f"{URL}//common?ref=v9", f"{URL}//nowhere?ref=v1") | {"app/b.yaml": config_map("b")}
    )
    start = "app/kustomization.yaml:{}, application web, cluster dev, resources[{}]: remote base "
    assert [line for line in stack.failure().splitlines() if not line.startswith("  ")] == [
        f"{start.format(3, 1)}{URL}//common?ref=v9: repository {stack.other.path} has no revision v9",
        f"{start.format(4, 2)}{URL}//nowhere?ref=v1: path nowhere does not exist",
    ]


def test_what_is_wrong_in_a_base_names_its_repository(stack: Stack) -> None:
    stack.other.commit({"common/kustomization.yaml": "resources: [missing.yaml]\n"})
    stack.own.commit(kustomization(f"{URL}//common"))
    said = stack.failure(RenderError)
    assert said.startswith("app/kustomization.yaml, application web, cluster dev: kustomize build fails\n")
    assert f"{URL}//common" in said
    assert "/bases/" not in said


def test_no_credentials_are_shown(stack: Stack) -> None:
    stack.own.commit(kustomization("https://user:hunter2@127.0.0.1:9/org/repo//app?ref=v1"))
    said = stack.failure()
    assert "hunter2" not in said
    assert (
        "remote base https://***@127.0.0.1:9/org/repo//app?ref=v1: repository https://***@127.0.0.1:9/org/repo" in said
    )


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (
            "https://example.com/releases/v1/install.yaml",
            "https://example.com/releases/v1/install.yaml is one file on a server: only repositories are read",
        ),
        ("https://example.com", "remote base https://example.com is not the URL of a Git repository"),
    ],
)
def test_what_is_no_repository_is_refused(stack: Stack, reference: str, expected: str) -> None:
    stack.own.commit(kustomization(reference))
    place = "app/kustomization.yaml:2, application web, cluster dev, resources[0]"
    assert stack.failure(RenderError).splitlines()[0] == f"{place}: {expected}"


def chart(**entry: str) -> dict[str, str | bytes]:
    return kustomization("b.yaml", more=f"helmCharts: [{entry}]\n") | {"app/b.yaml": config_map("b")}


def data(manifests: tuple[Manifest, ...]) -> dict[str, Any]:
    """Return the data of what a chart makes, by name."""
    return {each.name: each.body["data"] for each in manifests if "data" in each.body}


def in_repository(packer: Packer, path: str, files: Mapping[str, str] | None = None) -> dict[str, str | bytes]:
    source = packer.source("web", files=files)
    return {f"{path}/{file.relative_to(source)}": file.read_bytes() for file in source.rglob("*") if file.is_file()}


CHARTS = Kustomize(enable_helm=True, name_prefix="x-")


def test_charts_have_to_be_asked_for(stack: Stack, packer: Packer) -> None:
    stack.own.commit(chart(name="web", releaseName="r") | in_repository(packer, "app/charts/web"))
    said = stack.failure(RenderError)
    assert "must specify --enable-helm" in said
    assert said.endswith("Charts in a kustomization are rendered with enable_helm=True, in YAML enableHelm: true.")
    assert data(stack.render(tool=CHARTS)) == {"x-r-web": {"version": "1.0.0", "colour": "chart"}}


def test_a_chart_from_a_repository(stack: Stack, packer: Packer, site: Site) -> None:
    packer.pack("web", "1.0.0", "1.1.0")
    stack.own.commit(chart(name="web", repo=site.charts, version="1.0.0", releaseName="r"))
    first = stack.render(tool=CHARTS)
    assert data(first) == {"x-r-web": {"version": "1.0.0", "colour": "chart"}}
    asked = len(site.requests)
    shutil.rmtree(stack.world.cache / "render")
    assert stack.render(tool=CHARTS) == first
    assert len(site.requests) == asked


def test_the_newest_version_of_a_chart(stack: Stack, packer: Packer, site: Site) -> None:
    packer.pack("web", "1.0.0", "1.1.0")
    stack.own.commit(chart(name="web", repo=site.charts, releaseName="r"))
    assert data(stack.render(tool=CHARTS))["x-r-web"]["version"] == "1.1.0"
    packer.pack("web", "1.2.0")
    assert data(stack.render(tool=CHARTS))["x-r-web"]["version"] == "1.2.0"


def test_a_chart_in_a_remote_base(stack: Stack, packer: Packer, site: Site) -> None:
    packer.pack("web", "1.0.0")
    entry = {"name": "web", "repo": site.charts, "version": "1.0.0", "releaseName": "r"}
    stack.other.commit({"deploy/kustomization.yaml": f"helmCharts: [{entry}]\n"})
    stack.own.commit(kustomization(f"{URL}//deploy"))
    assert list(data(stack.render(tool=CHARTS))) == ["x-r-web"]


def test_a_chart_may_be_anywhere_in_the_repository(stack: Stack, packer: Packer) -> None:
    """Its values may not: kustomize reads values.yaml of the chart itself, and no file of another directory."""
    files = chart(name="web", releaseName="r", valuesFile="values.yaml") | {"app/values.yaml": "colour: own\n"}
    files["app/kustomization.yaml"] = f"{files['app/kustomization.yaml']!s}helmGlobals: {{chartHome: ../all}}\n"
    stack.own.commit(files | in_repository(packer, "all/web"))
    assert data(stack.render(tool=CHARTS))["x-r-web"]["colour"] == "own"
    stack.own.commit(in_repository(packer, "all/web", {"templates/config.yaml": config_map("changed", a="b")}))
    assert list(data(stack.render(tool=CHARTS))) == ["x-changed"]


def test_a_chart_that_is_nowhere_in_the_repository(stack: Stack) -> None:
    stack.own.commit(chart(name="web", releaseName="r"))
    assert stack.failure(RenderError, tool=CHARTS) == (
        "app/kustomization.yaml:3, application web, cluster dev, helmCharts[0]: chart web is not in the repository\n"
        "  There is no charts/web, and the kustomization names no repo.\n"
        "  → Give it a repo, or say by helmGlobals.chartHome where it is in the repository."
    )


def test_a_chart_that_cannot_be_had_is_said_with_its_place(stack: Stack, packer: Packer, site: Site) -> None:
    packer.pack("web", "1.0.0")
    stack.own.commit(chart(name="web", repo=site.charts, version="9.0.0"))
    said = stack.failure(tool=CHARTS)
    assert said.startswith("app/kustomization.yaml:3, application web, cluster dev, helmCharts[0]: chart web: ")
    assert "9.0.0" in said


TOLD = {
    "templates/config.yaml": config_map(
        "told",
        version='"{{ .Capabilities.KubeVersion.Version }}"',
        api='"{{ .Capabilities.APIVersions.Has "example.com/v1" }}"',
    )
}


def test_what_charts_are_told_of_the_cluster(world: World, repo: Repo, packer: Packer) -> None:
    repo.commit(chart(name="web", releaseName="r") | in_repository(packer, "app/charts/web", TOLD))
    cluster = Capabilities("v1.31.2-gke.1", ("example.com/v1",))
    found = world.render(str(repo.path), "app", tool=Kustomize(enable_helm=True), capabilities=cluster)
    assert data(found) == {"told": {"version": "v1.31.2", "api": "true"}}
    own = Kustomize(enable_helm=True, kube_version="1.30.0", api_versions=["v1"])
    assert data(world.render(str(repo.path), "app", tool=own, capabilities=cluster)) == {
        "told": {"version": "v1.30.0", "api": "false"}
    }
