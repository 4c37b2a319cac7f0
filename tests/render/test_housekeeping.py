"""The cache is kept small, and nothing goes that a run uses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.cli.group import cli
from fleet.errors import SourceError
from fleet.model.directory import Directory
from fleet.model.plan import RenderRequest, Revision
from fleet.render import Charts, Sources, housekeeping
from tests.render.chart_servers import Packer, Runs, Site
from tests.render.world import Repo, World, config_map, names

DAY_S = 24 * 60 * 60


def age(path: Path, days: float) -> None:
    then = time.time() - days * DAY_S
    os.utime(path, (then, then))


def note(mirror: Path) -> Path:
    return mirror / "fleet-repository"


def kept(cache: Path) -> list[tuple[str, str]]:
    return sorted((each.kind, each.name) for each in housekeeping.found(cache) if each.kind != housekeeping.NOTES)


def run(world: World, repo: Repo, keep_days: int | None) -> None:
    git = world.repositories()
    with Sources(git, Charts(cache_dir=git.cache_dir), keep_days) as sources:
        sources.resolve([Revision(str(repo.path), "main")])


@pytest.fixture
def two(world: World, new_repo: Callable[[str], Repo]) -> tuple[Repo, Repo]:
    """Two repositories that are in the cache; the first was last used a hundred days ago."""
    one, other = new_repo("one"), new_repo("other")
    for repo in (one, other):
        repo.commit({"a.yaml": config_map("a")})
        world.resolve(str(repo.path), "main")
    (mirror,) = [each for each in world.mirrors() if note(each).read_text() == str(one.path)]
    age(note(mirror), 100)
    return one, other


@pytest.mark.parametrize(("days", "left"), [(90, ["other"]), (110, ["one", "other"]), (None, ["one", "other"])])
def test_a_run_removes_what_nobody_has_used_for_long(
    world: World, two: tuple[Repo, Repo], days: int | None, left: list[str]
) -> None:
    run(world, two[1], days)
    assert [Path(name).name for _, name in kept(world.cache)] == left
    assert len(list((world.cache / "git").glob("*.lock"))) == len(left)


def test_what_a_run_uses_is_used_last(world: World, two: tuple[Repo, Repo]) -> None:
    sha = two[0].git("rev-parse", "HEAD")
    world.resolve(str(two[0].path), sha)
    last = next(each for each in housekeeping.found(world.cache) if each.kind == housekeeping.REPOSITORY)
    assert last.name == str(two[0].path)


def test_a_local_repository_is_named_by_its_whole_path(world: World, repo: Repo) -> None:
    repo.commit({"a": "1"})
    world.resolve("../repo", "main")
    assert kept(world.cache) == [("repository", str(repo.path))]


def test_runs_tidy_once_a_day(world: World, two: tuple[Repo, Repo]) -> None:
    run(world, two[1], 110)
    run(world, two[1], 90)
    assert len(world.mirrors()) == 2
    age(world.cache / "tidied", 1.1)
    run(world, two[1], 90)
    assert len(world.mirrors()) == 1


def test_nothing_goes_while_another_run_reads(world: World, two: tuple[Repo, Repo]) -> None:
    with world.sources() as reading:
        commit = reading.resolve([Revision(str(two[1].path), "main")])[Revision(str(two[1].path), "main")]
        run(world, two[1], 90)
        with pytest.raises(SourceError, match=r"^runs have been using the cache .+ for more than 0.2 s\n  → Wait"):
            housekeeping.remove(world.cache, lambda everything: everything, wait_s=0.2)
        assert len(world.mirrors()) == 2
        with reading.snapshot(RenderRequest(str(two[1].path), commit, ".", Directory())) as snapshot:
            assert snapshot.find("a.yaml")
    run(world, two[1], 90)
    assert len(world.mirrors()) == 1


def test_who_removes_waits_for_the_runs(world: World, two: tuple[Repo, Repo]) -> None:
    gone: list[int] = []
    removing = threading.Thread(
        target=lambda: gone.append(len(housekeeping.remove(world.cache, lambda found: found[:1], wait_s=60)))
    )
    with world.sources():
        removing.start()
        removing.join(0.3)
        assert gone == []
    removing.join(30)
    assert gone == [1]


def test_a_run_fetches_again_what_is_gone(world: World, two: tuple[Repo, Repo]) -> None:
    housekeeping.remove(world.cache, lambda everything: everything)
    assert kept(world.cache) == []
    assert names(world.render(str(two[0].path))) == ["a"]


def test_what_a_crash_left_goes(world: World, two: tuple[Repo, Repo]) -> None:
    mirror = world.mirrors()[0]
    shutil.copytree(mirror, mirror.with_name(f"{mirror.name}.new-1"))
    housekeeping.remove(world.cache, lambda _: ())
    assert sorted(path.suffix for path in mirror.parent.iterdir()) == [".git", ".git", ".lock", ".lock"]


def test_a_cache_that_cannot_be_written_does_not_stop_a_run(world: World, two: tuple[Repo, Repo]) -> None:
    (world.cache / "in-use.lock").unlink(missing_ok=True)
    (world.cache / "in-use.lock").mkdir()
    run(world, two[1], 90)
    assert len(world.mirrors()) == 2


def test_versions_of_charts_go_one_by_one(packer: Packer, site: Site, runs: Runs) -> None:
    packer.pack("web", "1.0.0", "2.0.0")
    for version in ("1.0.0", "2.0.0"):
        runs.resolve(site.charts, "web", version)
    store = runs.cache / "charts" / "content-1.git"
    before = objects(store)
    (old,) = (runs.cache / "charts" / "versions").glob("*/1.0.0.json")
    age(old, 100)
    assert kept_charts(runs.cache) == [f"{site.charts}/web 1.0.0", f"{site.charts}/web 2.0.0"]
    housekeeping.tidy(runs.cache, 90)
    assert kept_charts(runs.cache) == [f"{site.charts}/web 2.0.0"]
    assert 0 < objects(store) < before
    asked = len(site.requests)
    assert runs.resolve(site.charts, "web", "2.0.0") == "2.0.0"
    assert len(site.requests) == asked
    assert runs.resolve(site.charts, "web", "1.0.0") == "1.0.0"
    assert len(site.requests) > asked


def test_the_store_of_charts_goes_with_the_last_one(packer: Packer, site: Site, runs: Runs) -> None:
    packer.pack("web", "1.0.0")
    runs.resolve(site.charts, "web", "1.0.0")
    housekeeping.remove(runs.cache, lambda everything: everything)
    assert not (runs.cache / "charts" / "content-1.git").exists()
    assert runs.resolve(site.charts, "web", "1.0.0") == "1.0.0"


def kept_charts(cache: Path) -> list[str]:
    return [name for kind, name in kept(cache) if kind == "chart"]


def objects(store: Path) -> int:
    counted = subprocess.run(
        ["git", "count-objects", "-v"], env={**os.environ, "GIT_DIR": str(store)}, check=True, capture_output=True
    ).stdout.decode()
    numbers = dict(line.split(": ") for line in counted.splitlines())
    return int(numbers["count"]) + int(numbers["in-pack"])


def fleet(world: World, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["cache", *arguments], env={"FLEET_CACHE_DIR": str(world.cache), "COLUMNS": "300"})
    return done.exit_code, done.output


def test_the_list(world: World, two: tuple[Repo, Repo]) -> None:
    (world.cache / "localclusters").mkdir()
    code, text = fleet(world, "ls")
    lines = [line.split() for line in text.splitlines()]
    assert (code, lines[0]) == (0, ["KIND", "NAME", "SIZE", "LAST", "USED"])
    assert [line[:2] for line in lines[1:-1]] == [
        ["other", "localclusters"],
        ["repository", str(two[1].path)],
        ["repository", str(two[0].path)],
    ]
    assert text.splitlines()[-2].rstrip().endswith("3 months ago")
    assert lines[-1][0] == f"{world.cache}:"


def test_the_list_for_programs(world: World, two: tuple[Repo, Repo]) -> None:
    _, text = fleet(world, "ls", "--json")
    found = json.loads(text)
    assert [(each["kind"], each["name"]) for each in found] == [("repository", str(repo.path)) for repo in two[::-1]]
    assert all(each["size"] > 0 and each["lastUsed"].endswith("Z") for each in found)


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (("prune",), ["other"]),
        (("prune", "--unused-for", "110"), ["one", "other"]),
        (("prune", "--unused-for", "110", "--max-size", "0"), []),
        (("prune", "--max-size", "1GB"), ["other"]),
        (("rm", "*/one"), ["other"]),
        (("rm", "--all"), []),
    ],
    ids=" ".join,
)
def test_what_is_removed(world: World, two: tuple[Repo, Repo], arguments: tuple[str, ...], left: list[str]) -> None:
    (world.cache / "localclusters").mkdir()
    code, _ = fleet(world, *arguments)
    assert code == 0
    assert [Path(name).name for kind, name in kept(world.cache) if kind == "repository"] == left
    assert (world.cache / "localclusters").is_dir()


@pytest.mark.parametrize("arguments", [("rm",), ("rm", "--all", "x"), ("rm", "x"), ("rm", "localclusters")])
def test_what_cannot_be_removed(world: World, two: tuple[Repo, Repo], arguments: tuple[str, ...]) -> None:
    (world.cache / "localclusters").mkdir()
    assert fleet(world, *arguments)[0] == 2
    assert len(world.mirrors()) == 2


def test_no_cache_is_an_empty_one(world: World) -> None:
    assert fleet(world, "ls") == (0, f"{world.cache}: 0 bytes\n")
    assert fleet(world, "prune") == (0, "nothing to remove\n")
    assert not world.cache.exists()
