"""Pointers of Git LFS: said wherever a tool would take them for the file, and nowhere else."""

from __future__ import annotations

import pytest

from fleet.errors import RenderError, Where
from fleet.model.directory import Directory
from fleet.model.helm import Helm
from fleet.model.source import Tool
from tests.render.world import Repo, World, config_map, names

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
FILES: dict[str, str | bytes] = {
    "plain/a.yaml": config_map("a"),
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "chart/templates/a.yaml": config_map("{{ .Values.name | default `a` }}"),
    "kustomized/kustomization.yaml": "resources: [a.yaml]\n"
    "configMapGenerator:\n- name: b\n  options: {disableNameSuffixHash: true}\n  files: [key=data/file.txt]\n",
    "kustomized/a.yaml": config_map("a"),
    "kustomized/data/file.txt": "text",
}


def problem(world: World, repo: Repo, path: str, tool: Tool | None = None) -> str:
    with pytest.raises(RenderError) as caught:
        world.render(str(repo.path), path, tool=tool, used_by=Where(application="web", cluster="dev"))
    return str(caught.value)


def said(file: str) -> str:
    return (
        f"{file}, application web, cluster dev: this is a pointer of Git LFS, not the file\n"
        "  → Commit the file itself: Git LFS is not supported."
    )


@pytest.mark.parametrize(
    ("path", "file", "tool"),
    [
        pytest.param("plain", "plain/b.yaml", None, id="manifest"),
        pytest.param("plain", "plain/b.json", None, id="JSON"),
        pytest.param("plain", "plain/sub/b.yml", Directory(recurse=True), id="subdirectory"),
        pytest.param("chart", "chart/Chart.yaml", None, id="chart"),
        pytest.param("chart", "chart/values.yaml", None, id="the chart's values"),
        pytest.param("chart", "chart/templates/b.yaml", None, id="template"),
        pytest.param("chart", "chart/charts/sub-1.0.0.tgz", None, id="packed chart"),
        pytest.param("chart", "chart/prod.values", Helm(value_files=["prod.values"]), id="value file"),
        pytest.param("chart", "env/prod.yaml", Helm(value_files=["../env/prod.yaml"]), id="value file elsewhere"),
        pytest.param("chart", "env/prod", Helm(value_files=["/env/*"]), id="value file by a glob"),
        pytest.param("chart", "chart/key.txt", Helm(file_parameters={"name": "key.txt"}), id="file parameter"),
        pytest.param("kustomized", "kustomized/a.yaml", None, id="resource"),
        pytest.param("kustomized", "kustomized/kustomization.yaml", None, id="kustomization"),
        pytest.param("kustomized", "kustomized/data/file.txt", None, id="file of a generator"),
    ],
)
@pytest.mark.usefixtures("on_path")
def test_a_pointer_is_not_taken_for_the_file(world: World, repo: Repo, path: str, file: str, tool: Tool | None) -> None:
    repo.commit({**FILES, file: POINTER})
    assert problem(world, repo, path, tool) == said(file)


@pytest.mark.parametrize("path", ["plain", "chart", "kustomized"])
@pytest.mark.usefixtures("on_path")
def test_what_nobody_reads_may_be_a_pointer(world: World, repo: Repo, path: str) -> None:
    repo.commit({**FILES, f"{path}/logo.png": POINTER, "elsewhere/b.yaml": POINTER})
    assert names(world.render(str(repo.path), path))[:1] == ["a"]


@pytest.mark.usefixtures("on_path")
def test_all_pointers_are_said_at_once(world: World, repo: Repo) -> None:
    repo.commit({**FILES, "chart/values.yaml": POINTER, "chart/templates/b.yaml": POINTER})
    assert problem(world, repo, "chart") == "\n".join(map(said, ("chart/templates/b.yaml", "chart/values.yaml")))
