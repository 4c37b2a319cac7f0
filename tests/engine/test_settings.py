"""What a program learns of its run from the engine and the environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet import Cluster
from fleet.errors import Problem
from fleet.model.settings import Settings
from fleet.register.settings import read_settings
from tests.engine.monitor import Monitor, run


def settings(config: dict[str, str], environment: dict[str, str]) -> tuple[Settings, tuple[Problem, ...]]:
    found: list[tuple[Settings, tuple[Problem, ...]]] = []

    async def program() -> None:
        found.append(read_settings(environment))

    run(program, Monitor(), config=config, project_dir=Path("/project"))
    return found[0]


def test_the_run_is_the_engines() -> None:
    configured = {
        "fleet:clusters": json.dumps({"dev": {"inCluster": True}}),
        "fleet:repositories": json.dumps({"https://example.com/r": "../r"}),
    }
    found, problems = settings(configured, {"FLEET_CACHE_DIR": "/cache", "FLEET_RUN_ID": "7"})
    assert problems == ()
    assert found == Settings(
        project_dir=Path("/project"),
        stack="dev",
        clusters=(Cluster("dev", in_cluster=True),),
        mirrors={"https://example.com/r": "../r"},
        cache_dir=Path("/cache"),
        cache_days=90,
        run_id="7",
    )


def test_nothing_has_to_be_configured() -> None:
    found, problems = settings({}, {})
    assert (found.clusters, found.mirrors, problems) == ((), {}, ())


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"FLEET_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a"), id="ours"),
        pytest.param({"XDG_CACHE_HOME": "/b"}, Path("/b/fleet"), id="the desktop's"),
        pytest.param({}, Path("~/.cache/fleet").expanduser(), id="neither"),
    ],
)
def test_where_the_cache_is(environment: dict[str, str], expected: Path) -> None:
    assert settings({}, environment)[0].cache_dir == expected


@pytest.mark.parametrize(("given", "days"), [("7", 7), ("never", None), ("", 90)])
def test_how_long_the_cache_keeps_what_nobody_uses(given: str, days: int | None) -> None:
    found, problems = settings({}, {"FLEET_CACHE_DAYS": given})
    assert (found.cache_days, problems) == (days, ())


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "a week", "Never"])
def test_what_is_no_number_of_days(given: str) -> None:
    _, (problem,) = settings({}, {"FLEET_CACHE_DAYS": given})
    assert problem.summary == f"the environment variable FLEET_CACHE_DAYS is {given!r}"


@pytest.mark.parametrize("text", ["not JSON", "[]", "1"])
def test_what_is_no_mapping_is_a_problem(text: str) -> None:
    _, problems = settings({"fleet:clusters": text, "fleet:repositories": text}, {})
    assert [(problem.where.file, problem.where.key) for problem in problems] == [
        ("stacks/Pulumi.dev.yaml", "config.fleet:clusters"),
        ("stacks/Pulumi.dev.yaml", "config.fleet:repositories"),
    ]
