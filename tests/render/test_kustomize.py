"""Kustomizations, built by the real kustomize: what Argo CD's fields do, what is read, and what is said."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fleet import Directory, Kustomize
from fleet.errors import FleetError, RenderError, Where
from fleet.model.manifest import Manifest
from fleet.yamlio import load_documents
from tests.render.world import Repo, World, config_map, names

pytestmark = pytest.mark.usefixtures("on_path")

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: guestbook}
spec:
  replicas: 1
  selector: {matchLabels: {app: guestbook}}
  template:
    metadata: {labels: {app: guestbook}}
    spec:
      containers:
      - {name: main, image: "nginx:1.25"}
      - {name: side, image: "busybox:1"}
"""
KUSTOMIZATION = """\
resources: [deployment.yaml]
images:
- {name: nginx, newName: registry.example.com/nginx, newTag: "1.26"}
commonLabels: {team: web}
"""
BASE: dict[str, str | bytes] = {"base/kustomization.yaml": KUSTOMIZATION, "base/deployment.yaml": DEPLOYMENT}
OVERLAY = "resources: [../../base]\nnamePrefix: prod-\n"


def build(world: World, repo: Repo, wanted: Kustomize | None = None, path: str = "base") -> dict[str, Any]:
    (only,) = world.render(str(repo.path), path, tool=wanted)
    return dict(only.body)


def images(body: dict[str, Any]) -> list[str]:
    return [container["image"] for container in body["spec"]["template"]["spec"]["containers"]]


def failure(world: World, repo: Repo, wanted: Kustomize | None = None, path: str = "base") -> str:
    with pytest.raises(FleetError) as caught:
        world.render(str(repo.path), path, tool=wanted, used_by=Where(application="web", cluster="dev"))
    return str(caught.value)


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_directory_with_a_kustomization_is_built(world: World, repo: Repo, name: str) -> None:
    repo.commit({f"app/{name}": "resources: [a.yaml]\nnameSuffix: -x\n", "app/a.yaml": config_map("a")})
    (found,) = world.render(str(repo.path), "app")
    assert (found.name, found.where) == ("a-x", Where(f"app/{name}"))
    assert names(world.render(str(repo.path), "app", tool=Directory(exclude=name))) == ["a"]


def test_kustomize_goes_before_helm(world: World, repo: Repo) -> None:
    files = {"app/Chart.yaml": "name: x\n", "app/kustomization.yaml": "resources: [a.yaml]\n"}
    repo.commit({**files, "app/a.yaml": config_map("a")})
    assert names(world.render(str(repo.path), "app")) == ["a"]


def test_an_overlay_reads_its_base_and_nothing_else(world: World, repo: Repo) -> None:
    repo.commit({**BASE, "overlays/prod/kustomization.yaml": OVERLAY, "big.bin": "x" * 1000})
    body = build(world, repo, path="overlays/prod")
    assert body["metadata"]["name"] == "prod-guestbook"
    assert images(body) == ["registry.example.com/nginx:1.26", "busybox:1"]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx:1.27", "nginx:1.27"),
        ("nginx=nginx:1.27", "nginx:1.27"),
        ("nginx=*:1.27", "registry.example.com/nginx:1.27"),
        ("nginx=other.example.com:5000/nginx:1", "other.example.com:5000/nginx:1"),
        ("nginx=other@sha256:aa", "other@sha256:aa"),
        ("nginx=other:1@sha256:aa", "other:1@sha256:aa"),
        ("httpd:2", "registry.example.com/nginx:1.26"),
    ],
)
def test_images_are_set_as_kustomize_edit_sets_them(world: World, repo: Repo, image: str, expected: str) -> None:
    repo.commit(BASE)
    assert images(build(world, repo, Kustomize(images=[image]))) == [expected, "busybox:1"]


def test_every_field(world: World, repo: Repo) -> None:
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -c\n"
    repo.commit({**BASE, "parts/one/kustomization.yaml": component})
    wanted = Kustomize(
        name_prefix="a-",
        name_suffix="-z",
        namespace="shop",
        replicas={"guestbook": 3},
        common_labels={"env": "prod"},
        common_annotations={"note": "$KEPT"},
        patches=[{"target": {"kind": "Deployment"}, "patch": "- {op: add, path: /spec/paused, value: true}"}],
        components=["../parts/one", "../parts/two"],
        ignore_missing_components=True,
    )
    body = build(world, repo, wanted)
    assert body["metadata"] == {
        "name": "a-guestbook-c-z",
        "namespace": "shop",
        "labels": {"team": "web", "env": "prod"},
        "annotations": {"note": "$KEPT"},
    }
    assert (body["spec"]["replicas"], body["spec"]["paused"]) == (3, True)
    assert body["spec"]["selector"]["matchLabels"] == {"app": "guestbook", "team": "web", "env": "prod"}


def test_the_order_of_what_is_put_in_is_that_of_kustomize_edit(world: World, repo: Repo) -> None:
    repo.commit({"app/kustomization.yaml": "resources: [a.yaml]\nnamePrefix: old-\n", "app/a.yaml": config_map("a")})
    assert build(world, repo, Kustomize(name_prefix="new-"), "app")["metadata"]["name"] == "new-a"


@pytest.mark.parametrize(
    ("templates", "in_template"), [(False, None), (True, "prod")], ids=["objects only", "and templates"]
)
def test_labels_may_leave_selectors_alone(world: World, repo: Repo, templates: bool, in_template: str | None) -> None:
    repo.commit(BASE)
    wanted = Kustomize(common_labels={"env": "prod"}, label_without_selector=True, label_include_templates=templates)
    body = build(world, repo, wanted)
    assert body["metadata"]["labels"]["env"] == "prod"
    assert "env" not in body["spec"]["selector"]["matchLabels"]
    assert body["spec"]["template"]["metadata"]["labels"].get("env") == in_template


def test_a_label_of_the_kustomization_is_replaced_only_by_force(world: World, repo: Repo) -> None:
    repo.commit(BASE)
    assert failure(world, repo, Kustomize(common_labels={"team": "shop"})) == (
        "base/kustomization.yaml, application web, cluster dev: the kustomization sets label team already\n"
        "  → Leave it out of one of them, or set force_common_labels, in YAML forceCommonLabels: true."
    )
    forced = build(world, repo, Kustomize(common_labels={"team": "shop"}, force_common_labels=True))
    assert forced["metadata"]["labels"] == {"team": "shop"}


def test_kustomize_says_itself_what_is_wrong(world: World, repo: Repo) -> None:
    repo.commit({"base/kustomization.yaml": "resources: [missing.yaml]\n"})
    text = failure(world, repo)
    assert text.startswith("base/kustomization.yaml, application web, cluster dev: kustomize build fails\n")
    assert "missing.yaml" in text
    assert "/tree/" not in text


def test_without_a_kustomization(world: World, repo: Repo) -> None:
    repo.commit({"app/a.yaml": config_map("a")})
    assert failure(world, repo, Kustomize(name_prefix="x-"), "app") == (
        "app, application web, cluster dev: there is no kustomization here\n"
        "  None of kustomization.yaml, kustomization.yml, Kustomization exists."
    )


def test_files_outside_its_directory_are_kustomize_s_to_refuse(world: World, repo: Repo) -> None:
    repo.commit({"app/kustomization.yaml": "resources: [../a.yaml]\n", "a.yaml": config_map("a")})
    assert "kustomize build fails" in failure(world, repo, path="app")


def test_symlinks_stay_in_the_repository(world: World, repo: Repo) -> None:
    repo.link("app/base", "../base")
    repo.link("app/secret.yaml", "/etc/passwd")
    repo.commit({**BASE, "app/kustomization.yaml": "resources: [base]\nnamePrefix: x-\n"})
    assert build(world, repo, path="app")["metadata"]["name"] == "x-guestbook"
    repo.commit({"app/kustomization.yaml": "resources: [secret.yaml]\n"})
    assert "root:" not in failure(world, repo, path="app")


def test_the_same_again_comes_from_the_cache(world: World, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({**BASE, "overlays/prod/kustomization.yaml": OVERLAY})
    first = world.render(str(repo.path), "overlays/prod")
    kept = list((world.cache / "render").glob("*/*"))
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    kept[0].write_text(kept[0].read_text().replace("prod-guestbook", "kept"))
    repo.commit({"other/a.yaml": config_map("a")})
    assert names(world.render(str(repo.path), "overlays/prod")) == ["kept"]
    repo.commit({"base/deployment.yaml": DEPLOYMENT.replace("replicas: 1", "replicas: 2")})
    (changed,) = world.render(str(repo.path), "overlays/prod")
    assert (changed.name, changed.body["spec"]["replicas"]) == ("prod-guestbook", 2)
    assert first[0].body["spec"]["replicas"] == 1


def test_a_damaged_cache_is_none(world: World, repo: Repo) -> None:
    repo.commit(BASE)
    first = world.render(str(repo.path), "base")
    (kept,) = (world.cache / "render").glob("*/*")
    kept.write_text("[[")
    again: tuple[Manifest, ...] = world.render(str(repo.path), "base")
    assert [each.body for each in again] == [each.body for each in first]


def test_a_missing_tool_is_named_once(world: World, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit(BASE)
    git = next(path for path in ("/usr/bin", "/usr/local/bin", "/bin") if (Path(path) / "git").exists())
    bin_dir = world.project / "bin"
    bin_dir.mkdir()
    (bin_dir / "git").symlink_to(f"{git}/git")
    monkeypatch.setenv("PATH", str(bin_dir))
    with pytest.raises(RenderError) as caught:
        world.render(str(repo.path), "base")
    assert str(caught.value) == (
        "kustomize was not found on PATH\n"
        "  A source needs it to be rendered.\n"
        "  → Install kustomize 5.0 or newer and have it on PATH: "
        "https://kubectl.docs.kubernetes.io/installation/kustomize/"
    )


def test_an_old_tool_is_refused(world: World, repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "kustomize").write_text("#!/bin/sh\necho v4.5.7\n")
    (old / "kustomize").chmod(0o755)
    monkeypatch.setenv("PATH", f"{old}{os.pathsep}{os.environ['PATH']}")
    repo.commit(BASE)
    assert failure(world, repo).startswith(
        f"application web, cluster dev: {old}/kustomize is too old\n  It is v4.5.7.\n"
    )


def edit_as_argo_cd(directory: Path, wanted: Kustomize) -> None:
    """Run the commands of Argo CD's util/kustomize/kustomize.go in a checkout."""
    labels = ("label", wanted.common_labels, wanted.force_common_labels)
    annotations = ("annotation", wanted.common_annotations, wanted.force_common_annotations)
    flags = ["--without-selector"] if wanted.label_without_selector else []
    flags += ["--include-templates"] if wanted.label_include_templates else []
    commands = [["set", "nameprefix", "--", wanted.name_prefix]] if wanted.name_prefix else []
    commands += [["set", "namesuffix", "--", wanted.name_suffix]] if wanted.name_suffix else []
    commands += [["set", "image", *wanted.images]] if wanted.images else []
    counts = [f"{name}={count}" for name, count in wanted.replicas.items()]
    commands += [["set", "replicas", *counts]] if counts else []
    for what, values, force in (labels, annotations):
        pairs = [f"{key}:{value}" for key, value in values.items()]
        own = [*(["--force"] if force else []), *(flags if what == "label" else [])]
        commands += [["add", what, *own, *pairs]] if pairs else []
    commands += [["set", "namespace", "--", wanted.namespace]] if wanted.namespace else []
    commands += [["add", "component", *wanted.components]] if wanted.components else []
    for command in commands:
        subprocess.run(["kustomize", "edit", *command], cwd=directory, check=True, capture_output=True)


LABELLED = f"""{KUSTOMIZATION}
labels: [{{pairs: {{tier: front}}}}]
commonAnnotations: {{by: us}}
replicas: [{{name: guestbook, count: 5}}]
"""


@pytest.mark.parametrize(
    "wanted",
    [
        Kustomize(name_prefix="a-", name_suffix="-z", namespace="shop"),
        Kustomize(images=["nginx=*:2", "busybox@sha256:aa", "registry.example.com/nginx:3"]),
        Kustomize(images=["nginx:2", "busybox=h:5000/b/busybox:2@sha256:bb"]),
        Kustomize(replicas={"guestbook": 2}),
        Kustomize(common_labels={"a": "b"}),
        Kustomize(common_labels={"a": "b", "team": "c"}, force_common_labels=True),
        Kustomize(common_labels={"a": "b"}, label_without_selector=True),
        Kustomize(common_labels={"a": "b"}, label_without_selector=True, label_include_templates=True),
        Kustomize(common_annotations={"by": "them", "for": "you"}, force_common_annotations=True),
        Kustomize(components=["../part"], name_prefix="x-"),
    ],
)
def test_the_result_is_that_of_argo_cd_s_commands(world: World, repo: Repo, tmp_path: Path, wanted: Kustomize) -> None:
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -c\n"
    repo.commit({**BASE, "base/kustomization.yaml": LABELLED, "part/kustomization.yaml": component})
    found = world.render(str(repo.path), "base", tool=wanted)
    checkout = tmp_path / "checkout"
    shutil.copytree(repo.path, checkout)
    edit_as_argo_cd(checkout / "base", wanted)
    built = subprocess.run(["kustomize", "build", checkout / "base"], check=True, capture_output=True, text=True)
    assert [each.body for each in found] == [each.data for each in load_documents(built.stdout, file="")]
