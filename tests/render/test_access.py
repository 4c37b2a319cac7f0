"""Getting at repositories: credentials, what git may heed and run, and what is said when it does not work."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fleet.errors import SourceError
from tests.render.world import Repo, World, config_map, names

CREDENTIALS = (
    "  → Check its name, and that git may read it: by a credential helper, an ssh key in the agent,\n"
    "  → or GIT_ASKPASS. `git ls-remote` with the same address must work without asking for anything."
)
USER, PASSWORD = "deployer", "s3cret/w0rd"
QUOTED = "s3cret%2Fw0rd"


class Handler(SimpleHTTPRequestHandler):
    """Serves repositories as files, as git can read them: `/open/` to all, `/closed/` to one user, `/broken/` never."""

    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.path.startswith("/broken/"):
            self.send_error(500)
        elif self.path.startswith("/closed/") and self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
        else:
            super().do_GET()

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/closed").removeprefix("/open"))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The host and port of a web server that has the directory of the test."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.fixture
def served(repo: Repo) -> Repo:
    repo.commit({"a.yaml": config_map("a")})
    repo.git("update-server-info")
    return repo


def problem(world: World, repo: str, **options: object) -> str:
    with pytest.raises(SourceError) as caught:
        world.resolve(repo, "main", **options)
    return str(caught.value)


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


def assert_nowhere(world: World, *secrets: str) -> None:
    written = [path.read_bytes() for path in world.cache.rglob("*") if path.is_file()]
    assert written
    for secret in secrets:
        assert not any(secret.encode() in content for content in written)
        assert not any(secret in line for line in world.reported)


def assert_nowhere_in_names(world: World, *secrets: str) -> None:
    paths = [str(path) for path in world.cache.rglob("*")]
    assert paths
    assert not [path for path in paths for secret in secrets if secret in path]


def test_without_credentials_nobody_is_asked(world: World, served: Repo, server: str) -> None:
    url = f"http://{server}/closed/repo/.git"
    assert problem(world, url) == (
        f"no access to repository {url}\n"
        f"  fatal: could not read Username for 'http://{server}': terminal prompts disabled\n"
        f"{CREDENTIALS}"
    )


def test_wrong_credentials_are_not_shown(world: World, served: Repo, server: str) -> None:
    text = problem(world, f"http://{USER}:wr0ng@{server}/closed/repo/.git", run_id="r")
    assert text.splitlines()[:2] == [
        f"no access to repository http://***@{server}/closed/repo/.git",
        f"  fatal: Authentication failed for 'http://{server}/closed/repo/.git/'",
    ]
    assert "wr0ng" not in text
    assert_nowhere_in_names(world, "wr0ng")


def test_credentials_in_the_url_work_and_stay_there(world: World, served: Repo, server: str) -> None:
    url = f"http://{USER}:{QUOTED}@{server}/closed/repo/.git"
    head = served.git("rev-parse", "main")
    assert world.resolve(url, "main", "HEAD", run_id="r") == {"main": head, "HEAD": head}
    assert names(world.render(url)) == ["a"]
    assert_nowhere(world, PASSWORD, QUOTED)
    assert_nowhere_in_names(world, QUOTED, USER)


def test_the_mirror_is_the_same_whatever_the_token(world: World, served: Repo, server: str) -> None:
    head = served.git("rev-parse", "main")
    world.resolve(f"http://{USER}:{QUOTED}@{server}/closed/repo/.git", "main")
    assert world.resolve(f"http://{USER}:other@{server}/closed/repo/.git", head) == {head: head}


def test_a_credential_helper_is_used(world: World, served: Repo, server: str, tmp_path: Path) -> None:
    helper = script(tmp_path / "helper", f"echo username={USER}; echo password={PASSWORD}")
    with (tmp_path / "home" / ".gitconfig").open("a") as config:
        config.write(f"[credential]\n\thelper = {helper}\n")
    assert world.resolve(f"http://{server}/closed/repo/.git", "main")


def test_the_users_askpass_is_used_and_that_of_ssh_is_not(
    world: World, served: Repo, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://{server}/closed/repo/.git"
    monkeypatch.setenv("SSH_ASKPASS", script(tmp_path / "window", f"touch {tmp_path}/asked"))
    monkeypatch.setenv("DISPLAY", ":0")
    assert "no access to repository" in problem(world, url)
    assert not (tmp_path / "asked").exists()
    answer = f'case "$1" in Username*) echo {USER};; *) echo {PASSWORD};; esac'
    monkeypatch.setenv("GIT_ASKPASS", script(tmp_path / "askpass", answer))
    assert world.resolve(url, "main")


def test_no_such_repository(world: World, served: Repo, server: str) -> None:
    url = f"http://{server}/open/nothing.git"
    assert problem(world, url) == (
        f"there is no repository {url}, or no access to it\n  fatal: repository '{url}/' not found\n{CREDENTIALS}"
    )


def test_a_server_that_fails(world: World, served: Repo, server: str) -> None:
    url = f"http://{server}/broken/repo.git"
    assert problem(world, url) == (
        f"the server of repository {url} failed\n"
        f"  fatal: unable to access '{url}/': The requested URL returned error: 500\n"
        "  → Try again; if it stays so, the server's operator can tell more."
    )


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_server_that_does_not_answer(world: World, silent: int) -> None:
    url = f"http://127.0.0.1:{silent}/x.git"
    assert problem(world, url, timeout_s=3.0) == (
        f"fetching repository {url} took longer than 3 s\n"
        "  → Is the server reachable? A big repository needs more time."
    )
    assert world.reported == [f"fetching {url} …"]


def test_no_server(world: World) -> None:
    url = "http://127.0.0.1:1/x.git"
    text = problem(world, url)
    assert text.startswith(f"repository {url} cannot be reached\n  fatal: unable to access '{url}/'")
    assert text.endswith("  → Without a network, only full SHAs that were fetched before can be used.")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("git@example.com: Permission denied (publickey).", "no access to repository {}"),
        ("Host key verification failed.", "the host key of repository {} is not known"),
        ("ssh: Could not resolve hostname example.com: Name or service not known", "repository {} cannot be reached"),
        ("ERROR: Repository not found.", "there is no repository {}, or no access to it"),
    ],
)
def test_ssh_that_fails(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, expected: str
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", script(tmp_path / "ssh", f'echo "{said}" >&2; exit 255'))
    url = "git@example.com:org/repo.git"
    assert problem(world, url).splitlines()[:2] == [expected.format(url), f"  {said}"]


@pytest.fixture
def ssh_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What the `ssh` found on PATH was called with."""
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "ssh", f'echo "$@" >> {tmp_path}/ssh.log; for last; do :; done; exec sh -c "$last"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return (tmp_path / "ssh.log").read_text


def test_ssh_asks_nobody(world: World, served: Repo, ssh_on_path: Callable[[], str]) -> None:
    assert world.resolve(f"ssh://git@example.com{served.path}", "main")
    assert "-oBatchMode=yes" in ssh_on_path()


@pytest.mark.parametrize("how", ["GIT_SSH_COMMAND", "GIT_SSH", "core.sshCommand"])
def test_the_users_way_to_run_ssh_is_kept(
    world: World, served: Repo, ssh_on_path: Callable[[], str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    tmp_path = served.path.parent
    own = script(tmp_path / "own-ssh", f'touch {tmp_path}/own; exec ssh "$@"')
    if how.startswith("GIT"):
        monkeypatch.setenv(how, own)
    else:
        served.git("config", "--global", how, own)
    assert world.resolve(f"ssh://git@example.com{served.path}", "main")
    assert (tmp_path / "own").exists()
    assert "BatchMode" not in ssh_on_path()


def test_the_callers_repository_and_hooks_are_not_touched(
    world: World, served: Repo, new_repo: Callable[[str], Repo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a hook of another repository, which git runs with its own places in the environment."""
    other = new_repo("other")
    other.commit({"x": "1"})
    before = other.git("for-each-ref") + other.git("count-objects", "-v")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("reference-transaction", "post-update", "pre-auto-gc"):
        script(hooks / hook, f"touch {tmp_path}/hooked")
    served.git("config", "--global", "core.hooksPath", str(hooks))
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.path / ".git" / "objects"))
    monkeypatch.setenv("GIT_COMMON_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_NAMESPACE", "other")
    found = names(world.render(str(served.path)))
    for name in (
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
    ):
        monkeypatch.delenv(name)
    assert found == ["a"]
    assert other.git("for-each-ref") + other.git("count-objects", "-v") == before
    assert not (tmp_path / "hooked").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
def test_a_repository_of_another_user(world: World, served: Repo) -> None:
    for path in (served.path, served.path / ".git"):
        os.chown(path, 12345, 12345)
    text = problem(world, str(served.path))
    assert text.startswith(
        f"git does not trust repository {served.path}: it belongs to another user\n"
        f"  fatal: detected dubious ownership in repository at '{served.path}"
    )
    assert text.endswith(f"  → If you trust it: git config --global --add safe.directory {served.path}")


def test_what_the_environment_forbids(world: World, served: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "https:ssh")
    assert problem(world, str(served.path)) == (
        f"repository {served.path} cannot be fetched: its protocol is not allowed\n"
        "  fatal: transport 'file' not allowed\n"
        "  → GIT_ALLOW_PROTOCOL in the environment leaves it out."
    )


def test_paths_are_the_projects(world: World, new_repo: Callable[[str], Repo]) -> None:
    inside, beside = new_repo("project/inside"), new_repo("beside")
    first, second = inside.commit({"a": "1"}), beside.commit({"a": "2"})
    assert world.resolve("inside", "main") == {"main": first}
    assert world.resolve("../beside", "main") == {"main": second}
    assert world.resolve(f"file://{beside.path}", "main") == {"main": second}


def test_no_directory(world: World) -> None:
    assert problem(world, "../nothing") == (
        "there is no repository ../nothing\n"
        f"  {world.project.parent}/nothing does not exist.\n"
        "  → A relative path starts at the project's directory."
    )


def test_a_directory_that_is_no_repository(world: World, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert problem(world, "../plain").splitlines()[:2] == [
        "../plain is not a Git repository",
        f"  fatal: '{tmp_path}/plain' does not appear to be a git repository",
    ]


def test_a_directory_inside_a_repository(world: World, served: Repo) -> None:
    served.commit({"sub/dir/x": "1"})
    assert problem(world, str(served.path / "sub" / "dir")).splitlines()[-1] == (
        f"  → It is inside repository {served.path}: give that as the repository, and the rest as the path."
    )


def test_without_git(world: World, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom fleet.errors import SourceError\n"
        "from fleet.model.plan import Revision\nfrom fleet.render import Repositories\n"
        "try: Repositories(cache_dir=Path(sys.argv[1]), project_dir=Path()).resolve([Revision('/', 'main')])\n"
        "except SourceError as error: print(error)"
    )
    environ = os.environ | {"PATH": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", code, str(world.cache)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == (
        "git was not found on PATH\n  → Install git 2.30 or newer, or set GIT_PYTHON_GIT_EXECUTABLE to where it is.\n"
    )


def test_importing_runs_nothing() -> None:
    code = "import sys, fleet.render; print('git' in sys.modules)"
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
