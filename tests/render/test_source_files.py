"""`.argocd-source.yaml` and `.argocd-source-<application>.yaml`: what a path says about itself."""

from __future__ import annotations

import pytest

from fleet import Directory, Jsonnet, Kustomize
from fleet.errors import FleetError, Where
from fleet.model.plan import Release, RenderRequest, Revision
from fleet.model.source import Tool
from fleet.program.source_files import overrule
from tests.render.world import Repo, World, config_map, names, render_all

pytestmark = pytest.mark.usefixtures("on_path")

KUSTOMIZATION: dict[str, str | bytes] = {
    "app/kustomization.yaml": "resources: [a.yaml]\n",
    "app/a.yaml": config_map("a"),
}
ENVIRONMENT = (("$", "$"), ("ARGOCD_APP_NAME", "web"), ("ARGOCD_APP_PROJECT_NAME", "shop"))


def render(world: World, repo: Repo, tool: Tool | None = None, *, name: str = "web") -> list[str]:
    wanted = Revision(str(repo.path), "HEAD")
    with world.sources() as sources:
        commit = sources.resolve([wanted])[wanted]
        tool = tool or Directory()
        request = RenderRequest(wanted.repo, commit, "app", tool, Release(name, "shop"), environment=ENVIRONMENT)
        used_by = {request: Where(application=name)}
        return names(render_all([request], sources, world.warned.append, used_by, overrule=overrule)[request])


def test_the_file_has_the_last_word_and_the_application_s_own_the_very_last(world: World, repo: Repo) -> None:
    repo.commit(KUSTOMIZATION)
    declared = Kustomize(name_prefix="declared-", name_suffix="-z")
    assert render(world, repo, declared) == ["declared-a-z"]
    repo.commit({"app/.argocd-source.yaml": "kustomize: {namePrefix: file-}\n"})
    assert render(world, repo, declared) == ["file-a-z"]
    repo.commit({"app/.argocd-source-web.yaml": "kustomize: {namePrefix: web-, nameSuffix: null}\n"})
    assert render(world, repo, declared) == ["web-a"]
    assert render(world, repo, declared, name="other") == ["file-a-z"]


def test_what_makes_manifests_may_be_said_there(world: World, repo: Repo) -> None:
    repo.commit({**KUSTOMIZATION, "app/b/c.yaml": config_map("c")})
    assert render(world, repo) == ["a"]
    repo.commit({"app/.argocd-source.yaml": "directory: {recurse: true, exclude: kustomization.yaml}\n"})
    assert render(world, repo) == ["a", "c"]


def test_variables_are_replaced_in_what_the_file_adds_and_only_once(world: World, repo: Repo) -> None:
    told = "directory: {jsonnet: {tlas: [{name: b, value: $ARGOCD_APP_PROJECT_NAME-$$x}]}}\n"
    text = "function(a='none', b) { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: std.extVar('e') + b } }"
    repo.commit({"app/.argocd-source.yaml": told, "app/a.jsonnet": text})
    declared = Directory(jsonnet=Jsonnet(ext_vars={"e": "$ARGOCD_APP_NAME $$ "}))
    assert render(world, repo, declared) == ["$ARGOCD_APP_NAME $$ shop-$x"]


def test_what_is_wrong_has_its_place(world: World, repo: Repo) -> None:
    repo.commit({**KUSTOMIZATION, "app/.argocd-source-web.yaml": "kustomize:\n  namePrefix: 1\n"})
    with pytest.raises(FleetError) as caught:
        render(world, repo)
    assert str(caught.value).splitlines()[0] == (
        "app/.argocd-source-web.yaml:2, application web, kustomize.namePrefix: must be a string"
    )


def test_only_files_of_the_repository_are_read(world: World, repo: Repo) -> None:
    repo.link("app/.argocd-source.yaml", "../shared.yaml")
    repo.commit({**KUSTOMIZATION, "shared.yaml": "kustomize: {namePrefix: shared-}\n"})
    assert render(world, repo) == ["shared-a"]
    repo.git("rm", "--quiet", "app/.argocd-source.yaml")
    repo.link("app/.argocd-source.yaml", "../../outside.yaml")
    repo.commit()
    with pytest.raises(FleetError, match=r"app/\.argocd-source\.yaml, application web: this symlink leads out"):
        render(world, repo)
    repo.git("rm", "--quiet", "app/.argocd-source.yaml")
    repo.commit({"app/.argocd-source.yaml/x": "a directory"})
    assert render(world, repo) == ["a"]
