"""Which files of a directory count, and what becomes of them: Argo CD's rules on real repositories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fleet.errors import FleetError, RenderError, SourceError, Where
from fleet.model.directory import Directory
from fleet.model.manifest import Manifest
from fleet.model.plan import RenderRequest, Revision
from fleet.render.cache import Cache
from fleet.render.directory import MOST_BYTES
from tests.render.world import Repo, World, config_map, names, render_all

FILES = (
    "a.yaml",
    "b.yml",
    "c.json",
    "d.YAML",
    "e.yaml.bak",
    "f.txt",
    ".g.yaml",
    "sub/h.yaml",
    "sub/deep/i.yaml",
    "sub.yaml",
    ".hidden/j.yaml",
)


def content(path: str) -> str:
    name = path.rpartition("/")[2].strip(".").partition(".")[0]
    if path.endswith(".json"):
        return f'{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "{name}"}}}}'
    return config_map(name)


def failure(kind: type[FleetError], world: World, repo: Repo, directory: Directory | None = None) -> str:
    with pytest.raises(kind) as caught:
        world.render(str(repo.path), tool=directory)
    return str(caught.value)


def test_what_has_been_read_is_not_read_again(world: World, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    two = f"{config_map('a')}---\n{config_map('b')}"
    repo.commit({"app/two.yaml": two, "other.txt": "1"})
    first = world.render(str(repo.path), path="app")
    with monkeypatch.context() as patched:
        patched.setattr("fleet.render.directory.read_file", lambda file, _: pytest.fail(f"{file} was read"))
        repo.commit({"other.txt": "2"})
        again = world.render(str(repo.path), path="app")
    assert again == first
    assert [each.where for each in again] == [each.where for each in first]
    assert [(each.where.file, each.where.document) for each in again] == [("app/two.yaml", 1), ("app/two.yaml", 2)]
    repo.commit({"app/two.yaml": two.replace("name: b", "name: c")})
    assert names(world.render(str(repo.path), path="app")) == ["a", "c"]


def test_what_is_wrong_is_said_every_time(world: World, repo: Repo) -> None:
    repo.commit({"a.yaml": config_map("a"), "b.yaml": "kind: ConfigMap\napiVersion: v1\n"})
    assert failure(RenderError, world, repo) == failure(RenderError, world, repo)


def test_what_json_cannot_say_is_not_kept(tmp_path: Path) -> None:
    """It would have to come back as it was."""
    cache = Cache(tmp_path)
    for odd in (10**30, "\ud800"):
        cache.save("key", [Manifest({"apiVersion": "v1", "kind": "Odd", "metadata": {"name": "a"}, "odd": odd})])
        assert cache.load("key") is None


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        pytest.param(Directory(), "g a b c sub", id="direct files"),
        pytest.param(Directory(recurse=True), "g j a b c i h sub", id="recurse, in the order of filepath.Walk"),
        pytest.param(Directory(recurse=True, include="sub/*"), "i h", id="a star crosses slashes"),
        pytest.param(Directory(recurse=True, include="*h.yaml"), "h", id="the glob is for the whole path"),
        pytest.param(Directory(include="{a,b}.*"), "a b", id="alternatives"),
        pytest.param(Directory(recurse=True, include="*.yaml", exclude="sub*"), "g j a", id="exclude beats include"),
        pytest.param(Directory(include="sub/h.yaml"), "", id="include does not recurse"),
        pytest.param(Directory(include="*.txt"), "", id="include does not change the endings"),
    ],
)
def test_which_files_count(world: World, repo: Repo, directory: Directory, expected: str) -> None:
    repo.commit({path: content(path) for path in FILES})
    assert names(world.render(str(repo.path), tool=directory)) == expected.split()


def test_globs_are_for_the_path_below_the_source(world: World, repo: Repo) -> None:
    repo.commit({"apps/web/apps.yaml": config_map("x"), "apps/web/y.yaml": config_map("y1")})
    assert names(world.render(str(repo.path), "apps/web", tool=Directory(exclude="apps*"))) == ["y1"]


def test_a_wrong_glob(world: World, repo: Repo) -> None:
    repo.commit({"a.yaml": config_map("a")})
    assert failure(RenderError, world, repo, Directory(include="[a", exclude="[b-a]")) == (
        "directory.exclude: not a glob: [b-a]\n  In it, the range b-a is empty.\n"
        "directory.include: not a glob: [a\n  In it, a [ is not closed, or a class holds more than one range."
    )


def test_everything_a_file_may_hold(world: World, repo: Repo) -> None:
    files: dict[str, str | bytes] = {
        "crlf.yaml": config_map("crlf").replace("\n", "\r\n"),
        "empty.yaml": "",
        "lists.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: one}}\n",
        "many.yaml": f"# first\n---\n{config_map('two')}---\n---\n# nothing\n---\n{config_map('three')}",
        "skipped.yaml": f"# +argocd:skip-file-rendering\n{config_map('skipped')}",
        "skipped-wide.yaml": f"# +argocd:skip-file-rendering\n{config_map('skipped')}".encode("utf-16"),
        "utf-16.yaml": config_map("wide").encode("utf-16"),
        "utf-8-mark.yaml": b"\xef\xbb\xbf" + config_map("marked").encode(),
        "values.yaml": "image: nginx\nreplicas: 2\n",
        "größe.yaml": config_map("size"),
    }
    repo.commit(files)
    found = world.render(str(repo.path))
    assert [(manifest.name, str(manifest.where)) for manifest in found] == [
        ("crlf", "crlf.yaml:1"),
        ("size", "größe.yaml:1"),
        ("one", "lists.yaml:1, items[0]"),
        ("two", "many.yaml:3, document 1"),
        ("three", "many.yaml:11, document 2"),
        ("wide", "utf-16.yaml:1"),
        ("marked", "utf-8-mark.yaml:1"),
    ]
    assert world.warned == []


def test_nothing_at_all_is_no_error(world: World, repo: Repo) -> None:
    repo.commit({"readme.md": "x", "sub/a.yaml": config_map("a")})
    assert world.render(str(repo.path)) == ()


def test_tools_below_the_directory_do_not_count(world: World, repo: Repo) -> None:
    repo.commit({"a.yaml": config_map("a"), "sub/kustomization.yaml": "resources: []\n", "sub/Chart.yaml/x": "1"})
    assert names(world.render(str(repo.path))) == ["a"]
    assert names(world.render(str(repo.path), "sub", tool=Directory(recurse=True))) == []


def test_of_several_for_one_object_the_last_counts(world: World, repo: Repo) -> None:
    repo.commit(
        {
            "a.yaml": config_map("one", from_="a") + "---\n" + config_map("two"),
            "b.yaml": config_map("one", from_="b"),
            "c.yaml": config_map("one", from_="c") + "---\n" + config_map("one", from_="d"),
            "e.yaml": config_map("one", from_="e").replace("name: one", "name: one\n  namespace: other"),
        }
    )
    found = world.render(str(repo.path))
    assert [(manifest.name, manifest.namespace, str(manifest.where)) for manifest in found] == [
        ("two", "", "a.yaml:8, document 2"),
        ("one", "", "c.yaml:8, document 2"),
        ("one", "other", "e.yaml:1"),
    ]
    assert found[1].body["data"] == {"from_": "d"}
    assert world.warned == [
        "ConfigMap one is in a.yaml:1, document 1 and in b.yaml:1; the last one counts",
        "ConfigMap one is in b.yaml:1 and in c.yaml:1, document 1; the last one counts",
        "ConfigMap one is in c.yaml:1, document 1 and in c.yaml:8, document 2; the last one counts",
    ]


def big(size: int) -> str:
    start = config_map("big") + "# "
    return start + "x" * (size - len(start) - 1) + "\n"


@pytest.mark.parametrize(("size", "fits"), [(MOST_BYTES - 100, True), (MOST_BYTES - 99, False)])
def test_the_size_of_all_files_is_limited(world: World, repo: Repo, size: int, fits: bool) -> None:
    repo.commit(
        {
            "a.yaml": "# " + "x" * 97 + "\n",
            "b.yaml": big(size),
            "c.yaml": "# +argocd:skip-file-rendering" + "x" * 1000,
            "d.txt": "x" * 1000,
        }
    )
    if fits:
        assert names(world.render(str(repo.path))) == ["big"]
    else:
        assert failure(RenderError, world, repo) == (
            ".: the manifests are larger than 10 MB together\n"
            "  Of those read so far the largest are b.yaml (10.0 MB), a.yaml (0.0 MB).\n"
            "  → Choose fewer files with directory.include and exclude, or split the application."
        )


def test_one_file_that_is_too_large_is_not_read(world: World, repo: Repo) -> None:
    repo.commit({"app/a.yaml": "x" * (MOST_BYTES + 1), "app/b.yaml": config_map("b")})
    with pytest.raises(RenderError) as caught:
        world.render(str(repo.path), "app")
    assert "the largest are app/a.yaml (more than 10 MB)" in str(caught.value)
    assert names(world.render(str(repo.path), "app", tool=Directory(exclude="a.yaml"))) == ["b"]


def test_all_that_is_wrong_is_said_at_once(world: World, repo: Repo) -> None:
    repo.commit(
        {
            "app/broken.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: x\n",
            "app/fine.yaml": config_map("fine"),
            "app/generated.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: job-\n",
            "app/lfs.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "app/no-kind.yaml": config_map("x") + "---\na: 1\n",
            "app/two.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}} {}',
            "app/broken.json": '{"a": ]',
        }
    )
    with pytest.raises(RenderError) as caught:
        world.render(str(repo.path), "app", used_by=Where(application="web", cluster="dev"))
    assert [str(problem).partition("\n")[0] for problem in caught.value.problems] == [
        "app/broken.json:1, application web, cluster dev: not valid JSON",
        "app/broken.yaml:4, application web, cluster dev: not valid YAML: a tab where there must be spaces",
        "app/generated.yaml:4, application web, cluster dev, metadata.generateName: generateName is for hooks only",
        "app/lfs.yaml, application web, cluster dev: this is a pointer of Git LFS, not the file",
        (
            "app/no-kind.yaml:6, document 2, application web, cluster dev: this is not a Kubernetes object: "
            "apiVersion and kind are missing"
        ),
        "app/two.json:1, application web, cluster dev: not valid JSON",
    ]


def test_the_same_request_is_rendered_once(world: World, repo: Repo) -> None:
    head = repo.commit({"a.yaml": config_map("a") + "---\n" + config_map("a")})
    url = str(repo.path)
    requests = [RenderRequest(url, head, ".", Directory()) for _ in range(5)]
    with world.sources() as sources:
        sources.resolve([Revision(url, head)])
        found = render_all(requests, sources, world.warned.append)
    assert list(found) == requests[:1]
    assert len(world.warned) == 1


def test_many_requests_of_many_repositories(world: World, new_repo: Callable[[str], Repo]) -> None:
    wanted: dict[RenderRequest, str] = {}
    for number in range(3):
        repo = new_repo(f"repo-{number}")
        head = repo.commit({f"{app}/x.yaml": config_map(f"c-{number}-{app}") for app in range(30)})
        wanted |= {RenderRequest(str(repo.path), head, str(app), Directory()): f"c-{number}-{app}" for app in range(30)}
    with world.sources() as sources:
        sources.resolve(Revision(request.repo, "main") for request in wanted)
        found = render_all(wanted, sources, print)
    assert {request: manifest.name for request, (manifest,) in found.items()} == wanted


def test_problems_of_several_requests_come_together(world: World, repo: Repo) -> None:
    head = repo.commit(
        {"bad/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "good/b.yaml": config_map("b")}
    )
    url = str(repo.path)
    used_by = {
        RenderRequest(url, head, "bad", Directory()): Where("stack.yaml", 3, application="one"),
        RenderRequest(url, head, "good", Directory()): Where("stack.yaml", 4, application="two"),
        RenderRequest(url, head, "none", Directory()): Where("stack.yaml", 5, application="three"),
    }
    with world.sources() as sources, pytest.raises(SourceError) as caught:
        render_all(used_by, sources, print, used_by)
    assert [str(problem).partition("\n")[0] for problem in caught.value.problems] == [
        "bad/a.yaml:3, application one, metadata.name: metadata.name is missing",
        "stack.yaml:5, application three: path none does not exist",
    ]
