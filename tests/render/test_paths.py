"""Where a path leads in a repository: directories, symlinks, submodules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fleet.errors import FleetError, RenderError, SourceError, Where
from fleet.model.directory import Directory
from fleet.model.plan import RenderRequest, Revision
from tests.render.world import Repo, World, config_map, names, render_all

RECURSE = Directory(recurse=True)


def problem(kind: type[FleetError], world: World, repo: Repo, path: str) -> str:
    with pytest.raises(kind) as caught:
        world.render(str(repo.path), path)
    return str(caught.value)


@pytest.mark.parametrize(
    "path", ["apps/web", "./apps//web/", "link", "apps/to-web", "chain", "into/web", "apps/up/apps/web"]
)
def test_ways_to_a_directory(world: World, repo: Repo, path: str) -> None:
    repo.link("link", "apps/web")
    repo.link("apps/to-web", "./web")
    repo.link("chain", "link")
    repo.link("into", "apps/")
    repo.link("apps/up", "..")
    repo.commit({"apps/web/a.yaml": config_map("a")})
    (manifest,) = world.render(str(repo.path), path)
    assert manifest.name == "a"


@pytest.mark.parametrize("path", [".", "", "./"])
def test_the_root(world: World, repo: Repo, path: str) -> None:
    repo.commit({"a.yaml": config_map("a"), "b/b.yaml": config_map("b")})
    (manifest,) = world.render(str(repo.path), path)
    assert manifest.where == Where("a.yaml", 1)


@pytest.mark.parametrize(
    ("path", "summary", "hint"),
    [
        ("nothing", "path nothing does not exist", "The repository's root has the directories apps, bottom."),
        ("apps/nope/x", "path apps/nope/x does not exist", "apps has the directories web."),
        ("bottom/x", "path bottom/x does not exist", "bottom has no directories."),
        (
            "apps/web/a.yaml",
            "path apps/web/a.yaml is a file, not a directory",
            "Give the directory; directory.include picks files in it.",
        ),
        ("apps/web/a.yaml/x", "path apps/web/a.yaml/x does not exist", "apps/web has no directories."),
        ("../x", "path ../x leads out of the repository", "Give a path below the repository's root."),
        ("apps/../../x", "path apps/../../x leads out of the repository", "Give a path below the repository's root."),
        ("/etc", "path /etc leads out of the repository", "Give a path below the repository's root."),
        (
            "absolute",
            "path absolute leads out of the repository by a symlink to /etc",
            "A symlink must stay in its repository: replace it by a copy, or use a submodule.",
        ),
        (
            "apps/out",
            "path apps/out leads out of the repository by a symlink to ../../x",
            "A symlink must stay in its repository: replace it by a copy, or use a submodule.",
        ),
        (
            "and-back",
            "path and-back leads out of the repository by a symlink to ../repo/apps",
            "A symlink must stay in its repository: replace it by a copy, or use a submodule.",
        ),
        ("broken", "path broken does not exist", "The repository's root has the directories apps, bottom."),
    ],
)
def test_paths_that_are_no_directory(world: World, repo: Repo, path: str, summary: str, hint: str) -> None:
    repo.link("absolute", "/etc")
    repo.link("apps/out", "../../x")
    repo.link("and-back", "../repo/apps")
    repo.link("broken", "nowhere")
    head = repo.commit({"apps/web/a.yaml": config_map("a"), "bottom/b.yaml": config_map("b")})
    assert problem(SourceError, world, repo, path) == (
        f"{summary}\n  In repository {repo.path} at commit {head}.\n  → {hint}"
    )


def test_a_path_of_symlinks_without_end(world: World, repo: Repo) -> None:
    repo.link("a", "b")
    repo.link("b", "a")
    head = repo.commit()
    assert problem(SourceError, world, repo, "a") == (
        f"path a is a symlink that leads back to itself\n  In repository {repo.path} at commit {head}."
    )


def test_files_that_are_symlinks(world: World, repo: Repo) -> None:
    repo.link("app/b.yaml", "../shared/b.txt")
    repo.link("app/c.yaml", "b.yaml")
    repo.link("app/dir.yaml", "../shared")
    repo.link("app/gone.yaml", "nowhere")
    repo.link("app/sub", "../shared")
    repo.link("app/readme.md", "/etc/passwd")
    repo.commit({"app/a.yaml": config_map("a"), "shared/b.txt": config_map("b"), "shared/d.yaml": config_map("d")})
    found = world.render(str(repo.path), "app", tool=RECURSE)
    assert [(manifest.name, manifest.where.file) for manifest in found] == [("a", "app/a.yaml"), ("b", "app/c.yaml")]
    assert world.warned == [
        "app/dir.yaml is a symlink to a directory, and is skipped",
        "app/gone.yaml is a symlink to nothing, and is skipped",
        "ConfigMap b is in app/b.yaml:1 and in app/c.yaml:1; the last one counts",
    ]


def test_files_that_are_symlinks_out(world: World, repo: Repo) -> None:
    repo.link("app/a.yaml", "/etc/passwd")
    repo.link("app/b.json", "../../../etc/passwd")
    repo.link("app/c.yaml", "c.yaml")
    repo.commit({"app/d.yaml": config_map("d")})
    hint = "  → Replace it by a copy of the file, or leave it out with directory.exclude."
    assert problem(RenderError, world, repo, "app").splitlines() == [
        "app/a.yaml: this symlink leads out of the repository: /etc/passwd",
        hint,
        "app/b.json: this symlink leads out of the repository: ../../../etc/passwd",
        hint,
        "app/c.yaml: this symlink leads back to itself",
    ]
    left = world.render(str(repo.path), "app", tool=Directory(exclude="{a,b,c}.*"))
    assert names(left) == ["d"]


@pytest.fixture
def library(new_repo: Callable[[str], Repo]) -> Repo:
    """A repository that is a submodule of others."""
    library = new_repo("library")
    library.commit({"base/x.yaml": config_map("x"), "w.yaml": config_map("w")})
    return library


def add_submodule(repo: Repo, url: str, path: str) -> None:
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, path)


@pytest.mark.parametrize("url", ["{library}", "file://{library}", "../library"])
def test_submodules_are_entered(world: World, repo: Repo, library: Repo, url: str) -> None:
    repo.git("remote", "add", "origin", str(repo.path))
    add_submodule(repo, url.format(library=library.path), "vendor/lib")
    repo.link("linked", "vendor/lib/base")
    repo.link("app/x.yaml", "../vendor/lib/base/x.yaml")
    repo.commit({"app/a.yaml": config_map("a"), "vendor/z.yaml": config_map("z")})
    library.commit({"base/x.yaml": config_map("newer")})
    url = str(repo.path)
    assert names(world.render(url, "vendor/lib")) == ["w"]
    assert names(world.render(url, "vendor/lib/base")) == ["x"]
    assert names(world.render(url, "linked")) == ["x"]
    assert names(world.render(url, "app")) == ["a", "x"]
    assert names(world.render(url, "vendor")) == ["z"]
    found = world.render(url, ".", tool=RECURSE)
    assert [manifest.where.file for manifest in found] == [
        "app/a.yaml",
        "vendor/lib/base/x.yaml",
        "vendor/lib/w.yaml",
        "vendor/z.yaml",
    ]


def test_submodules_of_submodules(world: World, repo: Repo, library: Repo, new_repo: Callable[[str], Repo]) -> None:
    middle = new_repo("middle")
    add_submodule(middle, str(library.path), "lib")
    middle.commit({"m.yaml": config_map("m")})
    add_submodule(repo, str(middle.path), "middle")
    repo.commit()
    assert names(world.render(str(repo.path), tool=RECURSE)) == ["x", "w", "m"]


def test_submodules_that_are_not_asked_for_are_not_fetched(world: World, repo: Repo, library: Repo) -> None:
    add_submodule(repo, str(library.path), "lib")
    repo.commit({"app/a.yaml": config_map("a")})
    library.path.rename(library.path.with_name("moved"))
    assert names(world.render(str(repo.path), "app", tool=RECURSE)) == ["a"]
    assert names(world.render(str(repo.path), ".")) == []


def test_each_submodule_that_cannot_be_had_is_a_problem_of_its_own(world: World, repo: Repo, library: Repo) -> None:
    add_submodule(repo, str(library.path), "gone")
    add_submodule(repo, str(library.path), "fine")
    add_submodule(repo, str(library.path), "unnamed")
    repo.git("config", "--file", ".gitmodules", "submodule.gone.url", "../elsewhere")
    repo.git("config", "--file", ".gitmodules", "--remove-section", "submodule.unnamed")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lost")
    repo.git("config", "--file", ".gitmodules", "submodule.lost.path", "lost")
    repo.git("config", "--file", ".gitmodules", "submodule.lost.url", str(library.path))
    repo.git("add", ".gitmodules")
    repo.git("commit", "--quiet", "--message", "break them")
    head = repo.git("rev-parse", "HEAD")
    url = str(repo.path)
    paths = ["gone", "fine/base", "unnamed", "lost"]
    requests = {
        RenderRequest(url, head, path, Directory()): Where(application=path.partition("/")[0]) for path in paths
    }
    with world.sources() as sources, pytest.raises(SourceError) as caught:
        render_all(requests, sources, print, requests)
    assert str(caught.value) == (
        f"gone, application gone: submodule gone: there is no repository {world.project.parent}/elsewhere\n"
        f"  {world.project.parent}/elsewhere does not exist.\n"
        "  → A relative path starts at the project's directory.\n"
        f"lost, application lost: submodule lost: repository {library.path} has no revision {'1' * 40}\n"
        "  No branch or tag leads to this commit, and the server does not give it out by itself.\n"
        "  → Has the branch been rewritten, or is the commit not pushed yet?\n"
        "unnamed, application unnamed: submodule unnamed: .gitmodules has no URL for it\n"
        "  → Add it with `git submodule add`, or remove it."
    )


def test_submodules_come_from_where_their_substitute_says(world: World, repo: Repo, library: Repo) -> None:
    add_submodule(repo, str(library.path), "lib")
    repo.git("config", "--file", ".gitmodules", "submodule.lib.url", "https://git.example.com/library.git")
    head = repo.commit()
    mirrors = {"https://git.example.com/library.git": str(library.path)}
    with world.sources(substitute=lambda url: mirrors.get(url, url)) as sources:
        sources.resolve([Revision(str(repo.path), head)])
        request = RenderRequest(str(repo.path), head, "lib/base", Directory())
        assert names(render_all([request], sources, print)[request]) == ["x"]


def test_a_servers_submodule_cannot_be_a_path_of_this_machine(
    world: World, repo: Repo, library: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    ssh = repo.path.parent / "ssh"
    ssh.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o700)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    add_submodule(repo, str(library.path), "lib")
    repo.commit()
    with pytest.raises(SourceError) as caught:
        world.render(f"ssh://git@example.com{repo.path}", "lib")
    assert str(caught.value) == (
        f"lib: submodule lib: {library.path} is a path of this machine\n  A repository on a server must not name it."
    )
