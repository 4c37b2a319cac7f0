"""Miniature fleets, end to end but for the clusters: what is declared, and what an engine would be told to bring about.

`tests/fleets/<name>/` holds a project and `repo/`, which becomes a Git repository. `expected/<cluster>.yaml` is what
the cluster should hold, in order; `expected/urns.txt` every URN. A URN that changes is another resource: it needs an
alias. Only `pytest --update-goldens` rewrites them. `explained/` is what tests/unit/test_explained.py is about.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from fleet import yamlio
from fleet.model.plan import ClusterPlan, PlannedObject
from fleet.program.flow import decide, main
from fleet.register.settings import read_settings
from localclusters.progress import silent
from tests.engine.monitor import Engine, Monitor, run
from tests.engine.projects import commit, config, git
from testtools import ensure_tools

FLEETS = Path(__file__).parents[1] / "fleets"


@pytest.fixture(params=sorted(path.name for path in FLEETS.iterdir()))
def fleet(request: pytest.FixtureRequest) -> Path:
    return FLEETS / str(request.param)


@pytest.fixture(scope="session")
def tools() -> Path:
    """Return the directory with helm and kustomize."""
    return ensure_tools(silent)


@pytest.fixture
def project(fleet: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the fleet with its repository committed."""
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FLEET_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    copy = tmp_path / "project"
    shutil.copytree(fleet, copy)
    commit(copy / "repo")
    git(copy / "repo", "branch", "master")
    return copy


def shown(plan: ClusterPlan) -> str:
    return "---\n".join(_shown(planned, plan) for planned in plan.objects)


def _shown(planned: PlannedObject, plan: ClusterPlan) -> str:
    words = [planned.application]
    words += ["retained"] if planned.retain else []
    words += ["adopted"] if planned.adopt else []
    words += [f"after {plan.objects[position].manifest.key}" for position in planned.depends_on]
    words += [f"after {plan.barriers[planned.barrier].name}"] if planned.barrier is not None else []
    words += [f"waits for {planned.wait_timeout_s:g} s"] if planned.waits and planned.wait_timeout_s else []
    words += [f"before {planned.awaited_by}"] if planned.awaited_by else []
    return f"# {', '.join(words)}\n{yamlio.dump(planned.manifest.body)}"


def plans_of(project: Path) -> tuple[ClusterPlan, ...]:
    found: list[ClusterPlan] = []

    async def program() -> None:
        settings, problems = read_settings()
        found.extend(await decide(settings, problems))

    run(program, Monitor(), config=config(project), project_dir=project)
    return tuple(found)


def check(goldens: Path, files: Iterable[tuple[str, str]], update: bool) -> None:
    """Compare files with the goldens, of which there must be no others; with `update`, write them instead."""
    expected = dict(files)
    if update:
        shutil.rmtree(goldens, ignore_errors=True)
        goldens.mkdir()
        for name, text in expected.items():
            (goldens / name).write_text(text)
    assert {path.name: path.read_text() for path in goldens.iterdir()} == expected


def test_what_each_cluster_should_hold(fleet: Path, project: Path, update_goldens: bool) -> None:
    monitor, engine = Monitor(), Engine()
    run(main, monitor, engine, config=config(project), project_dir=project)
    plans = plans_of(project)
    urns = sorted(each.urn for each in monitor.registrations)
    clusters = [(f"{plan.cluster.name}.yaml", shown(plan)) for plan in plans]
    check(fleet / "expected", [*clusters, ("urns.txt", "".join(f"{urn}\n" for urn in urns))], update_goldens)
    assert engine.said("error") == engine.said("warning") == []
    assert len(monitor.of_type("kubernetes:")) == sum(len({each.name for each in plan.objects}) for plan in plans)


def test_every_application_is_at_the_commit_of_its_revision(fleet: Path, project: Path) -> None:
    monitor = Monitor()
    run(main, monitor, config=config(project), project_dir=project)
    deployed = monitor.stack_outputs["deployed"]
    commits = {sha for clusters in deployed.values() for spaces in clusters.values() for sha in spaces.values()}
    assert commits == {git(project / "repo", "rev-parse", "HEAD")}
