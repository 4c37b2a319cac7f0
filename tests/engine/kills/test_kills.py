"""Runs that are killed, anywhere: after one more run the clusters and the state agree, as if nothing had happened.

How many are killed is a matter of the hypothesis profile: 20, or 200 with `thorough`. Where is a matter of a seed.
"""

import os
import random
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from localclusters import LocalClusters, StartClusters
from tests.engine.kills.cutting import KILLED
from tests.engine.kills.stage import UP, Stage
from tests.engine.kills.versions import NEW


@pytest.fixture(scope="session")
def clusters(local_clusters: StartClusters) -> LocalClusters:
    return local_clusters()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given = request.config.getoption("--kill-seed")
    if given is not None:
        return int(given)
    return 0 if "CI" in os.environ else random.SystemRandom().randrange(10**6)


@pytest.fixture
def stage(tmp_path: Path, clusters: LocalClusters, seed: int) -> Iterator[Stage]:
    namespace = f"kills-{uuid.uuid4().hex[:6]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    for cluster in clusters:
        assert cluster.request("POST", "/api/v1/namespaces", body).ok
    yield Stage(tmp_path, clusters, namespace, random.Random(seed))
    for cluster in clusters:
        for name in (namespace, f"{namespace}-own"):
            cluster.request("DELETE", f"/api/v1/namespaces/{name}")
        crd = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/knots.{namespace}.example.com"
        cluster.request("DELETE", crd)


def test_whatever_a_killed_run_leaves_one_run_puts_right(stage: Stage, seed: int) -> None:
    kills: int = settings().max_examples
    try:
        stage.lap()
        while stage.kills < kills:
            for _ in range(10):
                stage.disturbed()
            stage.check_everywhere()
    except AssertionError as error:
        error.add_note(f"After {stage.kills} kills: {', '.join(stage.story)}.\nAgain: pytest --kill-seed={seed}")
        raise


def test_a_run_that_was_killed_says_so_and_is_gone_on_with(stage: Stage) -> None:
    """The kills of the other test are what they are meant to be."""
    stage.want(NEW)
    killed = stage.run(*UP, exit_code=KILLED, kill_at=60)
    assert killed.points == 0
    assert "Another run was cut off (" in stage.bring(NEW).text
    stage.at = NEW
    stage.check()
