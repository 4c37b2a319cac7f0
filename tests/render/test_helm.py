"""Charts in Git, rendered by the real helm: precedence, value files, hooks, and what is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fleet import Helm
from fleet.errors import FleetError, Where
from fleet.model.capabilities import Capabilities
from fleet.model.plan import Release
from tests.render.world import Repo, World, config_map, names

pytestmark = pytest.mark.usefixtures("on_path")

CHART = "apiVersion: v2\nname: guestbook\nversion: 0.1.0\n"
VALUES = "colour: chart\nsize: chart\nshape: chart\nlist: [chart]\n"
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  namespace: {{ .Release.Namespace }}
  colour: {{ .Values.colour | default "" | quote }}
  size: {{ .Values.size | quote }}
  shape: {{ .Values.shape | quote }}
  kind: {{ kindOf .Values.size }}
  list: {{ join "," .Values.list | quote }}
  kubernetes: {{ .Capabilities.KubeVersion.Version }}
  special: {{ .Capabilities.APIVersions.Has "example.com/v1/Special" | quote }}
"""
FILES: dict[str, str | bytes] = {
    "chart/Chart.yaml": CHART,
    "chart/values.yaml": VALUES,
    "chart/templates/config.yaml": TEMPLATE,
}


def data(world: World, repo: Repo, wanted: Helm | None = None, path: str = "chart") -> Mapping[str, Any]:
    (only,) = world.render(str(repo.path), path, tool=wanted)
    found: Mapping[str, Any] = only.body["data"]
    return found


def failure(world: World, repo: Repo, wanted: Helm | None = None) -> str:
    with pytest.raises(FleetError) as caught:
        world.render(str(repo.path), "chart", tool=wanted, used_by=Where(application="web", cluster="dev"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "release", "expected"),
    [
        (None, Release("web", "shop"), ("web", "shop")),
        (None, Release("web"), ("web", "default")),
        (Helm(release_name="other", namespace="else"), Release("web", "shop"), ("other", "else")),
        (Helm(skip_crds=True), Release("web", "shop"), ("web", "shop")),
    ],
    ids=["detected", "no namespace", "both given", "explicit"],
)
def test_a_release_is_named_as_in_argo_cd(
    world: World, repo: Repo, wanted: Helm | None, release: Release, expected: tuple[str, str]
) -> None:
    repo.commit(FILES)
    (found,) = world.render(str(repo.path), "chart", tool=wanted, release=release)
    assert (found.name, found.body["data"]["namespace"]) == expected
    assert found.where == Where("chart/templates/config.yaml")


PRECEDENCE = {
    **FILES,
    "chart/one.yaml": "colour: one\nsize: one\nshape: one\n",
    "values/two.yaml": "colour: two\nsize: two\n",
    "values/2.yaml": "size: number\n",
}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Helm(), "chart chart chart"),
        (Helm(value_files=["one.yaml"]), "one one one"),
        (Helm(value_files=["one.yaml", "/values/two.yaml"]), "two two one"),
        (Helm(value_files=["/values/two.yaml", "one.yaml"]), "one one one"),
        (Helm(value_files=["../values/two.yaml"]), "two two chart"),
        (Helm(value_files=["/values/*.yaml"]), "two two chart"),
        (Helm(value_files=["/values/*.yaml", "/values/2.yaml"]), "two number chart"),
        (Helm(value_files=["/**/two.yaml"]), "two two chart"),
        (Helm(value_files=["one.yaml", "none.yaml"], ignore_missing_value_files=True), "one one one"),
        (Helm(value_files=["one.yaml"], values={"colour": "values"}), "values one one"),
        (Helm(values={"colour": "values"}, parameters={"colour": "set", "size": "a,b"}), "set a,b chart"),
        (Helm(parameters={"colour": "set"}, string_parameters={"colour": "string"}), "string chart chart"),
        (
            Helm(string_parameters={"shape": "s"}, file_parameters={"shape": "/values/2.yaml"}),
            "chart chart size: number\n",
        ),
        (Helm(values={"colour": None}), " chart chart"),
    ],
)
def test_values_have_argo_cd_s_precedence(world: World, repo: Repo, wanted: Helm, expected: str) -> None:
    repo.commit(PRECEDENCE)
    found = data(world, repo, wanted)
    assert " ".join(found[key] for key in ("colour", "size", "shape")) == expected


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        (Helm(parameters={"size": "3"}), "int64"),
        (Helm(string_parameters={"size": "3"}), "string"),
        (Helm(values={"size": 3}), "float64"),
        (Helm(values={"size": "3"}), "string"),
        (Helm(values={"size": True}), "bool"),
    ],
)
def test_types_arrive_as_they_are(world: World, repo: Repo, wanted: Helm, kind: str) -> None:
    repo.commit(FILES)
    assert data(world, repo, wanted)["kind"] in {kind, kind.replace("float64", "int64")}


def test_a_list_as_parameter(world: World, repo: Repo) -> None:
    repo.commit(FILES)
    assert data(world, repo, Helm(parameters={"list": "{a,b}"}))["list"] == "a,b"


def test_what_the_chart_is_told_of_the_cluster(world: World, repo: Repo) -> None:
    repo.commit(FILES)
    found = data(world, repo, Helm(kube_version="1.31.4", api_versions=["example.com/v1/Special"]))
    assert (found["kubernetes"], found["special"]) == ("v1.31.4", "true")
    assert data(world, repo)["special"] == "false"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param(None, ("v1.30.2", "true"), id="where the chart says nothing"),
        pytest.param(Helm(kube_version="v1.31.4+k3s1"), ("v1.31.4", "true"), id="its version"),
        pytest.param(Helm(api_versions=["example.com/v1/Other"]), ("v1.30.2", "false"), id="what is served"),
    ],
)
def test_what_a_cluster_is_comes_second(world: World, repo: Repo, own: Helm | None, expected: tuple[str, str]) -> None:
    repo.commit(FILES)
    cluster = Capabilities("v1.30.2-gke.100", ("example.com/v1", "example.com/v1/Special"))
    (only,) = world.render(str(repo.path), "chart", tool=own, capabilities=cluster)
    assert (only.body["data"]["kubernetes"], only.body["data"]["special"]) == expected


def test_what_a_cluster_serves_is_left_out_of_messages(world: World, repo: Repo) -> None:
    repo.commit({**FILES, "chart/templates/broken.yaml": "{{ fail `no` }}"})
    with pytest.raises(FleetError) as caught:
        world.render(str(repo.path), "chart", capabilities=Capabilities("1.30.2", ("a/v1", "b/v1")))
    assert "--kube-version 1.30.2 --include-crds" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("none.yaml", "application web, cluster dev: there is no value file none.yaml"),
        ("n*.yaml", "application web, cluster dev: no file fits n*.yaml"),
        ("https://example.com/v.yaml", "application web, cluster dev: value file https://example.com/v.yaml is not in"),
        ("../../v.yaml", "application web, cluster dev: value file ../../v.yaml leads out of the repository"),
        ("out.yaml", "application web, cluster dev: value file out.yaml leads out of the repository by a symlink"),
    ],
)
def test_value_files_must_be_in_the_repository(world: World, repo: Repo, text: str, said: str) -> None:
    repo.link("chart/out.yaml", "/etc/passwd")
    repo.commit(FILES)
    assert failure(world, repo, Helm(value_files=[text])).startswith(said)


def test_a_value_file_must_not_be_a_pointer(world: World, repo: Repo) -> None:
    repo.commit({**FILES, "chart/values.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"})
    assert failure(world, repo) == (
        "chart/values.yaml, application web, cluster dev: this is a pointer of Git LFS, not the file\n"
        "  → Commit the file itself: Git LFS is not supported."
    )


def hook(name: str, times: str) -> str:
    return config_map(name).replace(f"name: {name}", f"name: {name}\n  annotations: {{helm.sh/hook: '{times}'}}")


def test_hooks_are_objects_like_others(world: World, repo: Repo) -> None:
    """When they have their turn, and whether ever, is the plan's to say."""
    hooks = {"check": "test", "migrate": "pre-install,pre-upgrade", "gone": "post-delete"}
    files = {f"chart/templates/{name}.yaml": hook(name, times) for name, times in hooks.items()}
    repo.commit({**FILES, **files})
    assert sorted(names(world.render(str(repo.path), "chart"))) == ["check", "gone", "migrate", "web"]


CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: specials.example.com}
"""


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(Helm(), ["specials.example.com", "web"]), (Helm(skip_crds=True), ["web"])],
    ids=["with crds", "without"],
)
def test_crds(world: World, repo: Repo, wanted: Helm, expected: list[str]) -> None:
    repo.commit({**FILES, "chart/crds/special.yaml": CRD})
    found = world.render(str(repo.path), "chart", tool=wanted)
    assert sorted(names(found)) == expected
    assert {each.where.file for each in found} <= {"chart/crds/special.yaml", "chart/templates/config.yaml"}


def test_schemas_are_checked_unless_told_otherwise(world: World, repo: Repo) -> None:
    schema = '{"type": "object", "properties": {"colour": {"type": "integer"}}}'
    repo.commit({**FILES, "chart/values.schema.json": schema})
    assert "colour" in failure(world, repo)
    assert data(world, repo, Helm(skip_schema_validation=True))["colour"] == "chart"


def test_vendored_dependencies(world: World, repo: Repo) -> None:
    chart = CHART + "dependencies:\n- {name: part, version: 0.1.0}\n"
    repo.commit({**FILES, "chart/Chart.yaml": chart})
    assert failure(world, repo).startswith(
        "chart/Chart.yaml, application web, cluster dev: the chart's dependencies are not in the repository\n"
    )
    part = {"Chart.yaml": CHART.replace("guestbook", "part"), "templates/part.yaml": config_map("part")}
    repo.commit({f"chart/charts/part/{name}": text for name, text in part.items()})
    found = world.render(str(repo.path), "chart")
    assert {(each.name, each.where.file) for each in found} == {
        ("part", "chart/charts/part/templates/part.yaml"),
        ("web", "chart/templates/config.yaml"),
    }


def test_an_error_names_the_template_and_its_line_and_no_value(world: World, repo: Repo) -> None:
    repo.commit({**FILES, "chart/templates/broken.yaml": "a: b\n---\nc: {{ fail .Values.password }}\n"})
    text = failure(world, repo, Helm(string_parameters={"password": "hunter22"}))
    assert text.startswith("chart/templates/broken.yaml:3, application web, cluster dev: helm template fails\n")
    assert "$ helm template . --name-template web --namespace shop --set-string password=*** --include-crds" in text
    assert "hunter22" not in text
    assert "/tree/" not in text


@pytest.mark.parametrize("template", ["a: {{ .Values.colour", "a: [1\n", "kind: Job\nmetadata: {}\n"])
def test_broken_templates_name_their_file(world: World, repo: Repo, template: str) -> None:
    repo.commit({**FILES, "chart/templates/broken.yaml": template})
    assert failure(world, repo).startswith("chart/templates/broken.yaml")


def test_charts_that_change_by_themselves_are_reported_and_not_kept(world: World, repo: Repo) -> None:
    template = (
        config_map("x") + 'data:\n  a: {{ randAlphaNum 8 }}\n  b: {{ .Values.now }} {{/* now */}} {{ "lookup" }}\n'
    )
    repo.commit({**FILES, "chart/templates/random.yaml": template})
    world.render(str(repo.path), "chart")
    (warning,) = world.warned
    assert warning == (
        "the chart chart may come out otherwise every time, and what changes is applied: "
        "chart/templates/random.yaml:6 randAlphaNum"
    )
    assert list((world.cache / "render").glob("*/*")) == []


def test_a_chart_without_a_fitting_name_is_helm_s_to_refuse(world: World, repo: Repo) -> None:
    repo.commit({"chart/MyChart.yaml": CHART})
    assert failure(world, repo).startswith("chart/Chart.yaml, application web, cluster dev: helm template fails")


def test_clusters_share_what_comes_to_the_same(world: World, repo: Repo) -> None:
    repo.commit(FILES)
    for namespace in ("one", "two", "one"):
        (found,) = world.render(str(repo.path), "chart", release=Release("web", namespace))
        assert found.body["data"]["namespace"] == namespace
    assert len(list((world.cache / "render").glob("*/*"))) == 2
