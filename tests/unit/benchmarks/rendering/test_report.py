"""The whole report."""

import json

import pytest

from benchmarks.rendering.campaign import Outcome
from benchmarks.rendering.measurement import Measurement
from benchmarks.rendering.report import Report
from benchmarks.rendering.size import FULL, Size
from benchmarks.rendering.step import Step
from tests.unit.benchmarks.rendering.figures import MACHINE, measured

SMALL = Size(kustomizations=3, charts=2, clusters=4)


def report(*measurements: Measurement, size: Size = SMALL, objects: int = 7, failures: tuple[str, ...] = ()) -> Report:
    return Report(size=size, runs=1, machine=MACHINE, outcome=Outcome(measurements, objects, failures))


def test_text() -> None:
    loop = measured(Step.LOOP, 30.0, started={"kustomize": 12, "helm": 8}, others=0.1)
    warm = measured(Step.WARM, 1.5, started={"kustomize": 1, "helm": 1, "git": 9}, others=0.2)
    assert report(loop, warm).as_text() == (
        "3 kustomizations, with images of their own in 2 clusters, and 2 charts, with values of their own in 3, "
        "in 4 clusters; one run\n"
        "2026-01-02 03:04 UTC, revision 0123456789\n"
        "2 cores (some processor), 8 GiB, Linux 6.1, load 0.2 at the start\n"
        "Python 3.11.7, helm 4.3.1, kustomize 5.8.1\n"
        "\n"
        "                        seconds  of the loop  processor seconds  peak MiB  kustomize  helm  git  other cores\n"
        "----------------------  -------  -----------  -----------------  --------  ---------  ----  ---  -----------\n"
        "shell loop                 30.0            -               15.0        30         12     8    0          0.1\n"
        "fleet, nothing changed      1.5       1/20.0                0.8         2          1     1    9          0.2\n"
        "\n"
        "Both sides rendered the same 7 objects, each time.\n"
        "\n"
        "The marks are for 500 kustomizations and 100 charts in 10 clusters."
    )


def test_a_busy_machine_is_told() -> None:
    assert "NOTE: others kept 0.9 cores busy" in report(measured(Step.LOOP, 1.0, others=0.9)).as_text()


def test_marks_are_judged_at_their_size_only() -> None:
    figures = measured(Step.LOOP, 100.0), measured(Step.WARM, 4.0)
    assert "- holds: with nothing changed" in report(*figures, size=FULL).as_text()
    assert report(*figures).marks == ()


@pytest.mark.parametrize(
    ("objects", "failures", "said"),
    [
        (0, (), "Nothing was compared: one of the two sides was left out."),
        (0, ("run 1: it broke",), "FAILED: run 1: it broke"),
    ],
    ids=["one side", "failure"],
)
def test_what_was_not_compared_is_not_called_equal(objects: int, failures: tuple[str, ...], said: str) -> None:
    text = report(measured(Step.COLD, 1.0), objects=objects, failures=failures).as_text()
    assert said in text
    assert "same" not in text


def test_json_has_every_run_and_the_typical_one() -> None:
    runs = [measured(Step.COLD, wall_s, run=run) for run, wall_s in enumerate((3.0, 1.0, 2.0), 1)]
    document = json.loads(json.dumps(report(*runs, failures=("x",)).as_json()))
    assert [each["wallSeconds"] for each in document["measurements"]] == [3.0, 1.0, 2.0]
    assert [each["wallSeconds"] for each in document["typical"]] == [2.0]
    assert document["size"]["kustomizations"] == 3
    assert document["equalObjects"] == 7
    assert document["failures"] == ["x"]
