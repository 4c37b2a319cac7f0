"""The mirrors in the cache: fetched once, shared by runs, thrown away when they are damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fleet.errors import SourceError
from fleet.model.directory import Directory
from fleet.model.plan import RenderRequest, Revision
from fleet.render import Repositories
from fleet.render.locks import exclusive
from tests.render.world import Repo, World, config_map, names, render_all

# Stands in for ssh: serves local repositories to git, and writes down that it was called.
SSH = """#!/bin/sh
echo "$@" >> "$SSH_LOG"
for last; do :; done
exec sh -c "$last"
"""


@pytest.fixture
def ssh_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What ssh was called with, one line per connection."""
    script, log = tmp_path / "ssh.sh", tmp_path / "ssh.log"
    script.write_text(SSH)
    script.chmod(0o700)
    log.touch()
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("SSH_LOG", str(log))
    return lambda: [line for line in log.read_text().splitlines() if "git-upload-pack" in line]


def test_one_fetch_per_repository_however_it_is_written(
    world: World, repo: Repo, ssh_calls: Callable[[], list[str]]
) -> None:
    head = repo.commit({"app/a.yaml": config_map("a"), "b/b.yaml": config_map("b")})
    repo.git("tag", "v1")
    urls = [
        f"ssh://git@example.com{repo.path}",
        f"ssh://git@EXAMPLE.com{repo.path}/",
        f"git@example.com:{repo.path}.git",
    ]
    wanted = [Revision(url, name) for url in urls for name in ("main", "v1", "HEAD", head, head[:9])]
    with world.sources() as sources:
        assert set(sources.resolve(wanted).values()) == {head}
        requests = [RenderRequest(url, head, path, Directory()) for url in urls for path in ("app", "b")]
        assert len(render_all(requests, sources, print)) == 6
    assert len(ssh_calls()) == 1


def test_a_run_that_asks_again_does_not_fetch_again(
    world: World, repo: Repo, ssh_calls: Callable[[], list[str]]
) -> None:
    url = f"ssh://git@example.com{repo.path}"
    first = repo.commit({"a": "1"})
    repo.git("branch", "other")
    with world.repositories() as repositories:
        for name in ("main", "other", first[:10], first, "refs/heads/other"):
            assert set(repositories.resolve([Revision(url, name)]).values()) == {first}
    assert len(ssh_calls()) == 1


def test_nothing_is_fetched_for_full_shas_that_are_there(
    world: World, repo: Repo, ssh_calls: Callable[[], list[str]]
) -> None:
    url = f"ssh://git@example.com{repo.path}"
    first, second = repo.commit({"a.yaml": config_map("a")}), repo.commit({"a.yaml": config_map("b")})
    world.resolve(url, "main")
    shutil.rmtree(repo.path)
    assert world.resolve(url, first, second.upper()) == {first: first, second.upper(): second}
    assert names(world.render(url, revision=first)) == ["a"]
    assert len(ssh_calls()) == 1


def test_a_branch_needs_its_repository(world: World, repo: Repo) -> None:
    repo.commit({"a": "1"})
    world.resolve(str(repo.path), "main")
    shutil.rmtree(repo.path)
    with pytest.raises(SourceError, match="there is no repository"):
        world.resolve(str(repo.path), "main")


def test_repositories_are_fetched_at_the_same_time(
    world: World, new_repo: Callable[[str], Repo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each connection waits until the other one has begun: one after the other would never end."""
    script = tmp_path / "ssh.sh"
    script.write_text(
        '#!/bin/sh\ntouch "$MEET/$$"\nwhile [ "$(ls "$MEET" | wc -l)" -lt 2 ]; do sleep 0.05; done\n'
        'for last; do :; done\nexec sh -c "$last"\n'
    )
    script.chmod(0o700)
    (tmp_path / "meet").mkdir()
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    monkeypatch.setenv("MEET", str(tmp_path / "meet"))
    commits = {}
    for name in ("one", "two"):
        repo = new_repo(name)
        commits[f"ssh://git@example.com{repo.path}"] = repo.commit({"name": name})
    with world.repositories(timeout_s=60) as repositories:
        found = repositories.resolve(Revision(url, "main") for url in commits)
    assert {revision.repo: commit for revision, commit in found.items()} == commits


RUN = """
import sys
from pathlib import Path
from fleet.model.plan import RenderRequest, Revision
from fleet.model.directory import Directory
from fleet.render import Charts, Repositories, Sources, render_possible
cache, project, repo = sys.argv[1:]
sys.stdin.readline()
repositories = Repositories(cache_dir=Path(cache), project_dir=Path(project))
with Sources(repositories, Charts(cache_dir=Path(cache))) as sources:
    commit = sources.resolve([Revision(repo, "main")])[Revision(repo, "main")]
    request = RenderRequest(repo, commit, ".", Directory())
    print(commit, len(render_possible([request], sources, print)[0][request]))
"""


def test_processes_share_a_cache(world: World, repo: Repo) -> None:
    head = repo.commit({f"{number}.yaml": config_map(f"c{number}") for number in range(300)})
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", RUN, str(world.cache), str(world.project), str(repo.path)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
        for _ in range(4)
    ]
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0].split() for process in running] == [[head, "300"]] * 4
    assert [path.suffix for path in (world.cache / "git").iterdir()].count(".git") == 1


def test_what_a_crash_left_is_cleaned_up(world: World, repo: Repo) -> None:
    repo.commit({"a.yaml": config_map("a")})
    world.resolve(str(repo.path), "main")
    (mirror,) = world.mirrors()
    mirror.rename(mirror.with_name(mirror.name + ".old-1"))
    half = mirror.with_name(mirror.name + ".new-1")
    (half / "objects").mkdir(parents=True)
    assert names(world.render(str(repo.path))) == ["a"]
    assert world.mirrors() == [mirror]
    assert [path.name for path in mirror.parent.iterdir() if path.suffix not in {".git", ".lock"}] == []


def test_a_failed_first_fetch_leaves_no_mirror(world: World, repo: Repo) -> None:
    with pytest.raises(SourceError):
        world.resolve(str(repo.path / "nothing"), "main")
    assert [path.suffix for path in (world.cache / "git").iterdir()] == [".lock"]


def damage_nothing_left(mirror: Path) -> None:
    shutil.rmtree(mirror)
    mirror.mkdir()


def damage_no_head(mirror: Path) -> None:
    (mirror / "HEAD").unlink()


def damage_refs(mirror: Path) -> None:
    (mirror / "refs" / "heads" / "main").write_text("garbage\n")


def damage_config(mirror: Path) -> None:
    (mirror / "config").write_text("[core\n")


def damage_packs_gone(mirror: Path) -> None:
    for pack in (mirror / "objects" / "pack").iterdir():
        pack.unlink()


def damage_packs_empty(mirror: Path) -> None:
    for pack in (mirror / "objects" / "pack").iterdir():
        pack.chmod(0o600)
        pack.write_bytes(b"")


def damage_lock(mirror: Path) -> None:
    (mirror / "packed-refs.lock").touch()
    (mirror / "refs" / "heads" / "main.lock").touch()


DAMAGES = [
    damage_nothing_left,
    damage_no_head,
    damage_refs,
    damage_config,
    damage_packs_gone,
    damage_packs_empty,
    damage_lock,
]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("revision", ["main", "sha"])
def test_a_damaged_mirror_is_fetched_anew(
    world: World, repo: Repo, damage: Callable[[Path], None], revision: str
) -> None:
    repo.commit({"a.yaml": config_map("a")})
    world.resolve(str(repo.path), "main")
    head = repo.commit({"b.yaml": config_map("b")})
    world.resolve(str(repo.path), "main")
    repo.commit({"c.yaml": config_map("c")})
    (mirror,) = world.mirrors()
    damage(mirror)
    found = world.render(str(repo.path), revision=head if revision == "sha" else revision)
    assert names(found) == (["a", "b"] if revision == "sha" else ["a", "b", "c"])


def test_a_mirror_that_turns_out_damaged_only_in_reading(world: World, repo: Repo) -> None:
    """The commit is there, a file of it is not: nothing but reading it can tell."""
    head = repo.commit({"a.yaml": config_map("a"), "b.yaml": config_map("b")})
    world.resolve(str(repo.path), "main")
    (mirror,) = world.mirrors()
    for pack in list((mirror / "objects" / "pack").glob("*.pack")):
        outside = repo.path / pack.name
        pack.rename(outside)
        with outside.open("rb") as stream:
            subprocess.run(
                ["git", "unpack-objects", "-q"], stdin=stream, env=os.environ | {"GIT_DIR": str(mirror)}, check=True
            )
        pack.with_suffix(".idx").unlink()
        outside.unlink()
    blob = repo.git("rev-parse", "HEAD:b.yaml")
    (mirror / "objects" / blob[:2] / blob[2:]).unlink()
    assert world.resolve(str(repo.path), head) == {head: head}
    assert names(world.render(str(repo.path), revision=head)) == ["a", "b"]


def test_a_repository_that_is_itself_damaged(world: World, repo: Repo) -> None:
    repo.commit({"a.yaml": config_map("a")})
    blob = repo.git("rev-parse", "HEAD:a.yaml")
    (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(SourceError) as caught:
        world.resolve(str(repo.path), "main")
    assert str(caught.value).startswith(f"repository {repo.path} cannot be fetched\n  ")


def test_another_run_is_waited_for(world: World, repo: Repo) -> None:
    head = repo.commit({"a": "1"})
    world.resolve(str(repo.path), "main")
    (lock,) = (world.cache / "git").glob("*.lock")
    with exclusive(lock, 1, lambda: None):
        waiting = threading.Event()
        found: list[dict[str, str]] = []
        run = threading.Thread(
            target=lambda: found.append(world.resolve(str(repo.path), "main", report=lambda _: waiting.set()))
        )
        run.start()
        assert waiting.wait(30)
        assert found == []
    run.join(30)
    assert found == [{"main": head}]


def test_another_run_that_takes_too_long(world: World, repo: Repo) -> None:
    repo.commit({"a": "1"})
    world.resolve(str(repo.path), "main")
    (lock,) = (world.cache / "git").glob("*.lock")
    with exclusive(lock, 1, lambda: None), pytest.raises(SourceError) as caught:
        world.resolve(str(repo.path), "main", timeout_s=0.2)
    assert world.reported[-1:] == [f"waiting for another run that fetches {repo.path} …"]
    assert str(caught.value) == (
        f"another run has been fetching repository {repo.path} for more than 0.2 s\n  → Wait for it to end, or end it."
    )


def test_a_cache_that_cannot_be_written(world: World, repo: Repo) -> None:
    repo.commit({"a": "1"})
    world.cache.write_text("a file where the directory should be")
    with pytest.raises(SourceError) as caught:
        world.resolve(str(repo.path), "main")
    assert str(caught.value) == (
        f"the cache {world.cache / 'git'} cannot be used\n"
        f"  [Errno 20] Not a directory: '{world.cache / 'git'}'\n"
        "  → It must be writable. It is safe to delete while nothing runs."
    )


def test_a_run_id_pins_what_was_resolved(world: World, repo: Repo) -> None:
    url = str(repo.path)
    first = repo.commit({"a": "1"})
    assert world.resolve(url, "main", run_id="r1") == {"main": first}
    second = repo.commit({"a": "2"})
    assert world.resolve(url, "main", "HEAD", run_id="r1") == {"main": first, "HEAD": second}
    assert world.resolve(url, "main", run_id="r2") == {"main": second}
    assert world.resolve(url, "main") == {"main": second}


def test_pins_outlive_a_rewritten_branch_and_need_no_fetch(world: World, repo: Repo) -> None:
    url = str(repo.path)
    repo.commit({"a": "1"})
    pinned = repo.commit({"a": "2"})
    world.resolve(url, "main", run_id="r")
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    shutil.rmtree(repo.path)
    assert world.resolve(url, "main", run_id="r") == {"main": pinned}


@pytest.mark.parametrize("run_id", ["../../escape", "", "a b", "x" * 300])
def test_any_run_id_is_a_file_name(world: World, repo: Repo, run_id: str) -> None:
    first = repo.commit({"a": "1"})
    world.resolve(str(repo.path), "main", run_id=run_id)
    repo.commit({"a": "2"})
    assert world.resolve(str(repo.path), "main", run_id=run_id) == {"main": first}
    assert len(list((world.cache / "runs").iterdir())) == 1


def test_pins_that_cannot_be_read_count_as_none(world: World, repo: Repo) -> None:
    repo.commit({"a": "1"})
    for text in ("{", "[]", '{"x": 1}', '{"x": {"commit": 1}}'):
        second = repo.commit({"a": text})
        (world.cache / "runs").mkdir(parents=True, exist_ok=True)
        (world.cache / "runs" / "r.json").write_text(text)
        assert world.resolve(str(repo.path), "main", run_id="r") == {"main": second}


def test_old_pins_are_removed(world: World, repo: Repo) -> None:
    repo.commit({"a": "1"})
    for run_id, age_s in (("old", 90_000), ("young", 80_000)):
        world.resolve(str(repo.path), "main", run_id=run_id)
        then = time.time() - age_s
        os.utime(world.cache / "runs" / f"{run_id}.json", (then, then))
    world.resolve(str(repo.path), "main", run_id="new")
    assert sorted(path.name for path in (world.cache / "runs").iterdir()) == ["new.json", "young.json"]


def test_pins_hold_no_credentials(world: World, repo: Repo) -> None:
    repo.commit({"a": "1"})
    world.resolve(f"file://{repo.path}", "main", run_id="r")
    (entry,) = json.loads((world.cache / "runs" / "r.json").read_text()).values()
    assert entry == {"repository": f"file://{repo.path}", "revision": "main", "commit": repo.git("rev-parse", "main")}


def test_a_relative_cache_is_the_projects(world: World, repo: Repo) -> None:
    repo.commit({"a": "1"})
    repositories = Repositories(cache_dir=Path(".cache"), project_dir=world.project)
    repositories.resolve([Revision(str(repo.path), "main")])
    assert list((world.project / ".cache" / "git").glob("*.git"))
