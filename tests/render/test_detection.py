"""What is one request and what is not, once it is known what makes the manifests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet import Helm
from fleet.model.capabilities import Capabilities
from fleet.model.directory import Directory
from fleet.model.kustomize import Kustomize
from fleet.model.plan import Release, RenderRequest
from fleet.render.detection import settled
from tests.render.world import Repo, World, config_map

CLUSTERS = (Capabilities("1.33.1", ("v1",)), Capabilities("v1.33.1+k3s1", ("v1",)), Capabilities("1.34.0"))


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [("plain", Directory, 1), ("kustomized", Kustomize, 1), ("chart", Helm, 2)],
)
def test_clusters_share_what_is_the_same_for_them(
    world: World, repo: Repo, path: str, kind: type, expected: int
) -> None:
    commit = repo.commit(
        {
            "plain/a.yaml": config_map("a"),
            "kustomized/kustomization.yaml": "resources: []",
            "chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n",
        }
    )
    request = RenderRequest(str(repo.path), commit, path, Directory(), Release("web", "shop"))
    with world.repositories() as repositories, repositories.snapshot(request.repo, commit) as snapshot:
        found = {settled(replace(request, capabilities=each), snapshot) for each in CLUSTERS}
    assert {type(each.tool) for each in found} == {kind}
    assert len(found) == expected
