"""Projects that want commits signed, from a stack's files to what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fleet.errors import FleetError, PolicyError
from fleet.program.answers import answer
from fleet.program.question import Question
from fleet.program.say import Say
from tests.render.signing import MISSING, People, people
from tests.render.world import Repo, World, config_map

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}}}
spec:
  project: web
  source: {{repoURL: '{repo}', path: {path}}}
  destination: {{name: dev, namespace: shop}}
"""
PROJECT = """
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata:
  name: web
  annotations: {fleet.pulumi.com/gpg-keys: keys/alice.asc}
spec:
  sourceRepos: ['**']
  destinations: [{name: '*', namespace: '*'}]
  sourceIntegrity:
    git:
      policies:
        - repos: [{url: '*/repo'}]
          gpg: {mode: head, keys: [KEY]}
"""


@pytest.fixture(scope="module")
def keys() -> Iterator[People]:
    with people() as found:
        yield found


@pytest.fixture
def stack(world: World, repo: Repo, keys: People) -> Path:
    """A project with one application from a repository whose commits have to be signed by alice."""
    files = {
        "Pulumi.yaml": "name: p\nruntime: python\nstackConfigDir: stacks\n",
        "stacks/Pulumi.dev.yaml": "config: {}\n",
        "stacks/dev/project.yaml": PROJECT.replace("KEY", keys.fingerprint("alice")[-16:]),
        "stacks/dev/shop.yaml": APPLICATION.format(name="shop", repo=repo.path, path="deploy"),
    }
    for name, text in files.items():
        (world.project / name).parent.mkdir(parents=True, exist_ok=True)
        (world.project / name).write_text(text)
    (world.project / "keys").mkdir()
    shutil.copy(keys.directory / "alice.asc", world.project / "keys")
    repo.commit({"deploy/a.yaml": config_map("a")})
    return world.project


def rendered(project: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the objects that are rendered. The process runs in this one."""
    monkeypatch.setenv("FLEET_CACHE_DIR", str(world.cache))
    question = Question(
        what="render",
        project_dir=project,
        stack="dev",
        base=project,
        configuration={"fleet:clusters": json.dumps({"dev": {}})},
        arguments={},
    )
    found: dict[str, Any] = answer(question, Say(world.reported.append, world.warned.append))
    return [each["key"]["name"] for each in found["objects"]]


def test_only_what_is_signed_is_rendered(
    world: World, repo: Repo, keys: People, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsigned = repo.git("rev-parse", "HEAD")
    with pytest.raises(PolicyError) as caught:
        rendered(stack, world, monkeypatch)
    assert str(caught.value) == (
        f"stacks/dev/shop.yaml:7, application shop, spec.source: commit {unsigned} of repository {repo.path} "
        "is not signed\n"
        "  It is by T <t@example.com>.\n"
        "  Project 'web' wants what is deployed signed.\n"
        "  → Deploy a commit or tag that is signed: `git commit --gpg-sign`, `git tag --sign`."
    )
    keys.commit(repo, "alice")
    assert rendered(stack, world, monkeypatch) == ["a"]
    bobs = keys.commit(repo, "bob")
    with pytest.raises(PolicyError) as caught:
        rendered(stack, world, monkeypatch)
    assert f"commit {bobs} of repository {repo.path} is signed with a key that is not among" in str(caught.value)
    assert "Is the key to be trusted? Then add it to the policy's gpg_keys." in str(caught.value)


def test_everything_that_is_wrong_is_said_together(
    world: World, repo: Repo, stack: Path, *, new_repo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_repo("other")
    other.commit({"deploy/b.yaml": "kind: ["})
    text = APPLICATION.format(name="other", repo=other.path, path="deploy")
    (stack / "stacks/dev/other.yaml").write_text(text)
    (stack / "stacks/dev/third.yaml").write_text(APPLICATION.format(name="third", repo=repo.path, path="nowhere"))
    with pytest.raises(FleetError) as caught:
        rendered(stack, world, monkeypatch)
    assert type(caught.value) is PolicyError
    summaries = [f"{each.where.application}: {each.summary}" for each in caught.value.problems]
    commit = repo.git("rev-parse", "HEAD")
    assert summaries == [
        "other: not valid YAML: a value is missing, or starts with a character that it cannot start with",
        f"shop: commit {commit} of repository {repo.path} is not signed",
        f"third: commit {commit} of repository {repo.path} is not signed",
    ]


def test_keys_that_are_missing_are_said_with_what_else_is_wrong(
    world: World, stack: Path, *, new_repo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_repo("other")
    other.commit({"a.yaml": config_map("a")})
    text = APPLICATION.format(name="other", repo=other.path, path="nowhere")
    (stack / "stacks/dev/other.yaml").write_text(text)
    (stack / "keys" / "alice.asc").unlink()
    with pytest.raises(PolicyError) as caught:
        rendered(stack, world, monkeypatch)
    assert sorted(each.summary for each in caught.value.problems) == [
        "path nowhere does not exist",
        "this file of keys cannot be read",
    ]
