"""Every wrong input says what is wrong, where, and what to do; and changes nothing in any cluster, nor in the state."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from localclusters import LocalClusters
from tests.e2e.workbench import STACK, Workbench, opened, present
from tests.e2e.wrong_inputs import APPLICATION, GOOD, WRONG, Wrong

FAILED_WITH_PULUMI = 1


@contextmanager
def project(engine: str, root: Path, clusters: LocalClusters) -> Iterator[Workbench]:
    """Yield a project that is deployed everywhere; each test puts its inputs right again first."""
    with opened(root / "bench", present(engine), clusters, "wrong-inputs") as bench:
        bench.declare(APPLICATION)
        bench.repo.create_tag("good", bench.commit(GOOD))
        bench.up()
        yield bench


@pytest.fixture(scope="module")
def embedded_project(tmp_path_factory: pytest.TempPathFactory, clusters: LocalClusters) -> Iterator[Workbench]:
    with project("embedded", tmp_path_factory.mktemp("wrong"), clusters) as bench:
        yield bench


@pytest.fixture(scope="module")
def pulumi_project(tmp_path_factory: pytest.TempPathFactory, clusters: LocalClusters) -> Iterator[Workbench]:
    with project("pulumi", tmp_path_factory.mktemp("wrong"), clusters) as bench:
        yield bench


def put_right(bench: Workbench) -> None:
    bench.repo.git.reset("--hard", "good")
    bench.repo.git.clean("-fd")
    for path in (bench.project / "stacks" / STACK).glob("*"):
        path.unlink()
    bench.configure()
    bench.declare(APPLICATION)


def resources(bench: Workbench) -> Any:
    return bench.checkpoint()["latest"]["resources"]


def expected(wrong: Wrong, bench: Workbench) -> list[str]:
    lines = textwrap.dedent(wrong.lines).strip().splitlines()
    filled = (line.replace("{root}", str(bench.root)).replace("{namespace}", bench.namespace) for line in lines)
    return [f"error: {line.removeprefix('@')}" if line.startswith("@") else line for line in filled]


def changes_nothing(bench: Workbench, wrong: Wrong, exit_code: int) -> None:
    put_right(bench)
    before = bench.holdings(), resources(bench)
    wrong.do(bench)
    run = bench.up(exit_code=exit_code)
    assert (bench.holdings(), resources(bench)) == before
    assert "Traceback" not in run.text
    for line in expected(wrong, bench):
        assert line in run.text, f"missing: {line}\n{run}"


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.id)
def test_j_a_wrong_input_is_explained_and_changes_nothing(embedded_project: Workbench, wrong: Wrong) -> None:
    changes_nothing(embedded_project, wrong, wrong.exit_code)


# What is said is the program's doing, the same under both engines; what Pulumi makes of it is shown with a few.
@pytest.mark.parametrize("wrong", [wrong for wrong in WRONG if wrong.everywhere], ids=lambda wrong: wrong.id)
def test_j_so_it_is_with_pulumi(pulumi_project: Workbench, wrong: Wrong) -> None:
    changes_nothing(pulumi_project, wrong, FAILED_WITH_PULUMI)
