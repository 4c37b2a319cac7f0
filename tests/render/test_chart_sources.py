"""Charts of chart repositories, rendered by the real helm, with value files of other repositories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fleet import Helm
from fleet.errors import FleetError, SourceError, Where
from fleet.model.plan import Revision
from tests.render.chart_servers import Packer, Site
from tests.render.world import Repo, World

pytestmark = pytest.mark.usefixtures("on_path")

FILES = {
    "values.yaml": "colour: chart\nsize: chart\n",
    "small.yaml": "size: small\n",
    "sizes/a.yaml": "size: a\n",
    "sizes/b.yaml": "size: b\n",
    "crds/crd.yaml": (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x.example.com}\n"
    ),
    "templates/config.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"
        "data:\n  colour: {{ .Values.colour | quote }}\n  size: {{ .Values.size | quote }}\n"
        "  from: {{ .Chart.Name }}-{{ .Chart.Version }}\n"
    ),
}


@pytest.fixture
def chart(packer: Packer, site: Site) -> Site:
    packer.pack("web", "1.0.0", "1.1.0", files=FILES)
    return site


def data(world: World, site: Site, wanted: Helm | None = None, refs: Mapping[str, str] | None = None) -> dict[str, Any]:
    found = world.render_chart(site.charts, "web", "1.x", wanted, refs or {})
    (only,) = (each for each in found if each.kind == "ConfigMap")
    return dict(only.body["data"])


def failure(world: World, site: Site, wanted: Helm, refs: Mapping[str, str] | None = None) -> str:
    with pytest.raises(FleetError) as caught:
        world.render_chart(site.charts, "web", "1.x", wanted, refs or {})
    return str(caught.value)


def test_a_chart_of_a_repository_is_rendered_as_one_in_git(world: World, chart: Site) -> None:
    config, crd = sorted(world.render_chart(chart.charts, "web", "1.x"), key=lambda each: each.kind)
    assert config.body["data"] == {"colour": "chart", "size": "chart", "from": "web-1.1.0"}
    assert (config.name, config.where, crd.where) == (
        "web",
        Where("web/templates/config.yaml"),
        Where("web/crds/crd.yaml"),
    )


def test_the_same_chart_in_a_registry_is_rendered_to_the_same(
    world: World, chart: Site, packer: Packer, registry: str
) -> None:
    packer.push_archive(f"{registry}/team", packer.directory / "web-1.1.0.tgz")
    of_registry = world.render_chart(f"oci://{registry}", "team/web", "1.1.0")
    assert of_registry == world.render_chart(chart.charts, "web", "1.1.0")


@pytest.mark.parametrize(
    ("value_files", "size"),
    [(["small.yaml"], "small"), (["/small.yaml"], "small"), (["sizes/*.yaml"], "b"), (["/siz*/[a].yaml"], "a")],
)
def test_value_files_of_a_chart_are_in_it(world: World, chart: Site, value_files: list[str], size: str) -> None:
    assert data(world, chart, Helm(value_files=value_files))["size"] == size


def test_value_files_come_from_other_repositories(world: World, chart: Site, repo: Repo) -> None:
    repo.commit(
        {
            "small.yaml": "colour: repository\nsize: repository\n",
            "eu/prod/a.yaml": "size: prod-a\n",
            "eu/prod/b.yaml": "size: prod-b\n",
            "text": "of a file",
        }
    )
    refs = {"values": str(repo.path), "other": str(repo.path)}
    for wanted, colour, size in (
        (["$values/small.yaml"], "repository", "repository"),
        (["$values/small.yaml", "small.yaml"], "repository", "small"),
        (["small.yaml", "$values/small.yaml"], "repository", "repository"),
        (["$other/eu/**/*.yaml"], "chart", "prod-b"),
        (["$other/eu/prod/b.yaml", "$values/eu/prod/a.yaml"], "chart", "prod-a"),
    ):
        found = data(world, chart, Helm(value_files=wanted), refs)
        assert (found["colour"], found["size"]) == (colour, size)
    assert data(world, chart, Helm(file_parameters={"size": "$values/text"}), refs)["size"] == "of a file"


def test_another_commit_of_the_values_is_rendered_anew(world: World, chart: Site, repo: Repo) -> None:
    wanted, refs = Helm(value_files=["$values/a.yaml"]), {"values": str(repo.path)}
    repo.commit({"a.yaml": "size: one\n"})
    assert data(world, chart, wanted, refs)["size"] == "one"
    repo.commit({"a.yaml": "size: two\n"})
    assert data(world, chart, wanted, refs)["size"] == "two"


MAY_BE_MISSING = "  → If it may be missing: ignore_missing_value_files=True, in YAML ignoreMissingValueFiles: true."


def test_what_is_said_of_value_files(world: World, chart: Site, repo: Repo) -> None:
    head = repo.commit({"a.yaml": "a: 1\n"})
    files = ["none.yaml", "$values/none.yaml", "$else/a.yaml", "../a.yaml", "$values/../a.yaml", "/.archive.tgz",
        "https://me:s3cret@example.com/a.yaml"]  # fmt: skip
    said = failure(world, chart, Helm(value_files=files), {"values": str(repo.path)})
    assert said == "\n".join(
        (
            "there is no value file $values/none.yaml",
            f"  $values is repository {repo.path}, at commit {head}.",
            "  → Paths start at its root.",
            MAY_BE_MISSING,
            "there is no value file /.archive.tgz",
            f"  The chart is web, of chart repository {chart.charts}.",
            "  → Paths are relative to the chart.",
            MAY_BE_MISSING,
            "there is no value file none.yaml",
            f"  The chart is web, of chart repository {chart.charts}.",
            "  → Paths are relative to the chart.",
            MAY_BE_MISSING,
            "value file $else/a.yaml is of no source: none has the ref else",
            "  There are $values.",
            "  → Give the source that has the file this ref: GitSource(…, ref=…), in YAML ref: ….",
            "value file $values/../a.yaml leads out of the repository",
            "value file ../a.yaml leads out of the chart",
            "value file https://***@example.com/a.yaml is not in the chart",
            "  → Commit the file to a repository: what an address gives may change at any time, unseen.",
        )
    )
    assert "No source has a ref." in failure(world, chart, Helm(value_files=["$else/a.yaml"]))
    every = Helm(value_files=["none.yaml", "$values/none.yaml"], ignore_missing_value_files=True)
    assert data(world, chart, every, {"values": str(repo.path)})["size"] == "chart"


def test_what_helm_says_of_a_value_file_elsewhere_names_it_as_the_user_does(
    world: World, chart: Site, repo: Repo
) -> None:
    repo.commit({"bad/a.yaml": "a: [\n"})
    said = failure(world, chart, Helm(value_files=["$values/bad/a.yaml"]), {"values": str(repo.path)})
    assert said.startswith("web/Chart.yaml: helm template fails\n  failed to parse $values/bad/a.yaml: ")
    assert "--values $values/bad/a.yaml" in said


def test_a_template_that_fails_is_named(world: World, packer: Packer, site: Site) -> None:
    packer.pack("web", "1.0.0", files={"templates/bad.yaml": '\n{{ fail "no" }}\n'})
    with pytest.raises(FleetError) as caught:
        world.render_chart(site.charts, "web", "1.0.0")
    assert str(caught.value).startswith("web/templates/bad.yaml:2: helm template fails\n")


def test_an_unstable_chart_of_a_repository_is_reported(world: World, packer: Packer, site: Site) -> None:
    packer.pack("web", "1.0.0", files={"values.yaml": "colour: x\n", "templates/t.yaml": "# {{ now }}\n"})
    world.render_chart(site.charts, "web", "1.0.0")
    assert world.warned == [
        "the chart web may come out otherwise every time, and what changes is applied: web/templates/t.yaml:1 now"
    ]


def test_problems_of_git_and_of_charts_are_told_together(world: World, chart: Site, repo: Repo) -> None:
    repo.commit({"a.yaml": ""})
    wanted = [Revision(str(repo.path), "none"), Revision(chart.charts, "9.x", chart="web")]
    with world.sources() as sources, pytest.raises(SourceError) as caught:
        sources.resolve(wanted)
    assert [each.summary for each in caught.value.problems] == [
        f"chart repository {chart.charts} has no version 9.x of chart web",
        f"repository {repo.path} has no revision none",
    ]
    with world.sources() as sources:
        found = sources.resolve([Revision(str(repo.path), "main"), Revision(chart.charts, "1.x", chart="web")])
    assert list(found.values()) == [repo.git("rev-parse", "HEAD"), "1.1.0"]
