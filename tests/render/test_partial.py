"""Repositories of which only those files are fetched that are read."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from fleet.errors import SourceError
from fleet.model.directory import Directory
from fleet.model.helm import Helm
from fleet.model.plan import RenderRequest, Revision
from tests.render.world import Repo, World, config_map, names, render_all

LARGE = 3_000_000


class Server(ThreadingHTTPServer):
    """Serves a directory's repositories as forges do, by git's own program. requests: what it was asked for."""

    def __init__(self, directory: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.directory = directory
        self.requests: list[str] = []

    @property
    def fetches(self) -> int:
        """How often objects or names were asked for, apart from what every connection starts with."""
        return sum(line.startswith("POST") for line in self.requests)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.server.requests.append(f"{self.command} {self.path}")
        environ = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.server.directory),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        done = subprocess.run(["git", "http-backend"], input=body, env=environ, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - the name is the library's

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def large(repo: Repo) -> Repo:
    """A repository whose server can leave files out, with one that is large and is none of anybody's business."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.commit(
        {
            "app/a.yaml": config_map("a"),
            "app/b.yaml": config_map("b"),
            "app/more/c.yaml": config_map("c"),
            "other/d.yaml": config_map("d"),
            "large/data.bin": Random(1).randbytes(LARGE),
        }
    )
    return repo


@pytest.fixture(params=["file", "http"])
def url(request: pytest.FixtureRequest, large: Repo, server: Server) -> str:
    return f"file://{large.path}" if request.param == "file" else http(server)


def http(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/repo/.git"


def size(world: World) -> int:
    (mirror,) = world.mirrors()
    return sum(path.stat().st_size for path in mirror.rglob("*") if path.is_file())


def is_here(world: World, repo: Repo, path: str) -> bool:
    """Whether the mirror has a file. It is asked without anything that would let git fetch it."""
    (mirror,) = world.mirrors()
    sha = repo.git("rev-parse", f"HEAD:{path}")
    return (
        subprocess.run(["git", "-C", mirror, "cat-file", "-e", sha], capture_output=True, check=False).returncode == 0
    )


def away(repo: Repo) -> None:
    repo.path.rename(repo.path.with_name("away"))


def test_one_path_does_not_fetch_the_rest(world: World, large: Repo, url: str) -> None:
    assert names(world.render(url, "app")) == ["a", "b"]
    assert size(world) < LARGE / 10
    assert is_here(world, large, "app/a.yaml")
    assert not is_here(world, large, "large/data.bin")
    assert not is_here(world, large, "other/d.yaml")


def test_what_is_read_later_is_fetched_later(world: World, large: Repo, url: str) -> None:
    head = large.git("rev-parse", "HEAD")
    assert names(world.render(url, "app", revision=head)) == ["a", "b"]
    assert names(world.render(url, "other", revision=head)) == ["d"]
    assert names(world.render(url, ".", revision=head, tool=Directory(recurse=True))) == ["a", "b", "c", "d"]
    assert not is_here(world, large, "large/data.bin")


def test_what_was_read_needs_no_network(world: World, large: Repo) -> None:
    url, head = f"file://{large.path}", large.git("rev-parse", "HEAD")
    world.render(url, "app")
    away(large)
    assert names(world.render(url, "app", revision=head)) == ["a", "b"]
    with pytest.raises(SourceError, match="there is no repository"):
        world.render(url, "other", revision=head)


def test_files_of_all_paths_are_fetched_together(world: World, large: Repo, server: Server) -> None:
    paths = [f"apps/{number}" for number in range(40)]
    head = large.commit({f"{path}/{name}.yaml": config_map(name) for path in paths for name in "abc"})
    before = len(server.requests)
    with world.sources() as sources:
        sources.resolve([Revision(http(server), "HEAD")])
        resolved = server.fetches
        requests = [RenderRequest(http(server), head, path, Directory()) for path in paths]
        assert len(render_all(requests, sources, print)) == 40
    # Names, then objects.
    assert server.fetches - resolved <= 2
    assert before == 0


def test_bases_are_fetched_together(world: World, large: Repo, server: Server, on_path: None) -> None:
    overlays = [f"apps/{number}/overlays/prod" for number in range(8)]
    files = {f"{path}/kustomization.yaml": "resources: [../../base]\n" for path in overlays}
    for number in range(8):
        base = f"apps/{number}/base"
        files |= {f"{base}/kustomization.yaml": "resources: [a.yaml]\n", f"{base}/a.yaml": config_map(f"n{number}")}
    head = large.commit(dict(files))
    with world.sources() as sources:
        sources.resolve([Revision(http(server), "HEAD")])
        resolved = server.fetches
        requests = [RenderRequest(http(server), head, path, Directory()) for path in overlays]
        rendered = render_all(requests, sources, print)
    assert [names(manifests) for manifests in rendered.values()] == [[f"n{number}"] for number in range(8)]
    # The overlays' files, then those of the bases; twice names and objects.
    assert server.fetches - resolved <= 4


def test_a_chart_with_value_files_elsewhere(world: World, large: Repo, on_path: None) -> None:
    template = config_map("{{ .Values.name }}")
    large.commit(
        {
            "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
            "charts/web/templates/a.yaml": template,
            "env/prod.yaml": "name: prod\n",
            "env/data.bin": Random(2).randbytes(LARGE),
        }
    )
    found = world.render(f"file://{large.path}", "charts/web", tool=Helm(value_files=["../../env/prod.yaml"]))
    assert names(found) == ["prod"]
    assert size(world) < LARGE / 10


def test_symlinks_and_their_warnings_are_told_once(world: World, large: Repo) -> None:
    large.link("app/link.yaml", "../other/d.yaml")
    large.link("app/nothing.yaml", "nowhere")
    large.commit()
    assert names(world.render(f"file://{large.path}", "app")) == ["a", "b", "d"]
    assert world.warned == ["app/nothing.yaml is a symlink to nothing, and is skipped"]


def test_submodules(world: World, large: Repo, new_repo: Callable[[str], Repo]) -> None:
    library = new_repo("library")
    library.git("config", "uploadpack.allowFilter", "true")
    library.commit({"base/s.yaml": config_map("s"), "large.bin": Random(3).randbytes(LARGE)})
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    large.git(*add, f"file://{library.path}", "lib")
    large.commit()
    assert names(world.render(f"file://{large.path}", "lib/base")) == ["s"]
    assert sum(path.stat().st_size for path in world.cache.rglob("*") if path.is_file()) < LARGE / 10


def test_what_is_new_comes_with_the_next_run(world: World, large: Repo, url: str) -> None:
    world.render(url, "app")
    for number in range(3):
        large.commit({"app/b.yaml": config_map(f"b{number}", value="x" * 2000), "large/data.bin": f"{number}" * LARGE})
        assert names(world.render(url, "app")) == ["a", f"b{number}"]
    assert not is_here(world, large, "large/data.bin")


def test_history_branches_and_tags_stay_within_reach(world: World, large: Repo, url: str) -> None:
    first = large.git("rev-parse", "HEAD")
    large.git("tag", "v1.0.0")
    large.commit({"app/b.yaml": config_map("newer")})
    large.git("branch", "feature", "HEAD~1")
    for revision in (first, first[:9], "v1.0.0", "1.x", "feature"):
        assert names(world.render(url, "app", revision=revision)) == ["a", "b"]
    assert names(world.render(url, "app")) == ["a", "newer"]


def test_a_damaged_mirror_is_fetched_anew(world: World, large: Repo, url: str) -> None:
    head = large.git("rev-parse", "HEAD")
    world.render(url, "app")
    (mirror,) = world.mirrors()
    for pack in (mirror / "objects" / "pack").glob("*"):
        pack.unlink()
    assert names(world.render(url, "app", revision=head)) == ["a", "b"]
    assert size(world) < LARGE / 10


def test_a_whole_mirror_stays_whole(world: World, large: Repo) -> None:
    url = f"file://{large.path}"
    large.git("config", "uploadpack.allowFilter", "false")
    world.render(url, "app")
    assert is_here(world, large, "large/data.bin")
    large.git("config", "uploadpack.allowFilter", "true")
    head = large.commit({"other/e.yaml": config_map("e")})
    world.render(url, "app")
    away(large)
    assert names(world.render(url, "other", revision=head)) == ["d", "e"]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"uploadpack.allowFilter": "false"}, id="cannot"),
        pytest.param({"uploadpackfilter.allow": "false"}, id="must not"),
    ],
)
def test_a_server_that_does_not_leave_files_out(world: World, large: Repo, url: str, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        large.git("config", name, value)
    assert names(world.render(url, "app")) == ["a", "b"]
    assert is_here(world, large, "large/data.bin")


def test_a_server_that_gives_out_no_single_files(world: World, large: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git's protocol before version 2: it knows filters, but not how to ask for a file afterwards."""
    bin_dir = large.path.parent / "bin"
    bin_dir.mkdir()
    (bin_dir / "ssh").write_text('#!/bin/sh\nunset GIT_PROTOCOL\nfor last; do :; done\nexec sh -c "$last"\n')
    (bin_dir / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", f"{bin_dir}{os.pathsep}{os.environ['PATH']}")
    url = f"ssh://git@example.com{large.path}"
    assert names(world.render(url, "app")) == ["a", "b"]
    assert is_here(world, large, "large/data.bin")
    assert names(world.render(url, "other")) == ["d"]


def test_a_git_that_cannot_be_kept_from_fetching_by_itself(
    world: World, large: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of before 2.45 that has not its security fixes; also where a newer one has made the mirror."""
    url = f"file://{large.path}"
    world.render(url, "app")
    assert not is_here(world, large, "large/data.bin")
    git = shutil.which("git")
    older = large.path.parent / "older"
    older.mkdir()
    (older / "git").write_text(f'#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec {git} "$@"\n')
    (older / "git").chmod(0o700)
    monkeypatch.setenv("PATH", f"{older}{os.pathsep}{os.environ['PATH']}")
    assert names(world.render(url, "other", revision=large.git("rev-parse", "HEAD"))) == ["d"]
    assert is_here(world, large, "large/data.bin")
    shutil.rmtree(world.cache)
    world.render(url, "app")
    assert is_here(world, large, "large/data.bin")


def test_a_server_that_fails_later_is_asked_once(world: World, large: Repo, server: Server) -> None:
    head = large.git("rev-parse", "HEAD")
    world.resolve(http(server), head)
    away(large)
    before = len(server.requests)
    with world.sources() as sources:
        sources.resolve([Revision(http(server), head)])
        requests = [RenderRequest(http(server), head, path, Directory()) for path in ("app", "other", "app/more")]
        with pytest.raises(SourceError) as caught:
            render_all(requests, sources, print)
    assert len(caught.value.problems) == 1
    assert len(server.requests) == before + 1


def test_credentials_are_not_written_into_the_mirror(world: World, large: Repo, server: Server) -> None:
    world.render(http(server).replace("//", "//deployer:s3cret@"), "app")
    (mirror,) = world.mirrors()
    assert not [path for path in mirror.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
