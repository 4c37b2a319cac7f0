"""The whole report."""

import json

import pytest

from benchmarks.campaign import Outcome
from benchmarks.machine import Machine
from benchmarks.measurement import Measurement
from benchmarks.report import BUSY_CORES, Measured, Report, disturbed
from benchmarks.size import Size
from benchmarks.steps import Step
from tests.unit.benchmarks.results import measured

MACHINE = Machine(
    date="2026-01-02 03:04 UTC",
    revision="0123456789",
    cores=2,
    processor="some processor",
    memory_bytes=8 * 2**30,
    system="Linux 6.1",
    python="3.11.7",
    kubernetes="1.36.3",
    kubectl="1.37.1",
    load=0.25,
)


def report(*measurements: Measurement, failures: tuple[str, ...] = (), objects: int = 1000, runs: int = 1) -> Report:
    measured_ones = Measured(Size(3, objects), Outcome(measurements, failures))
    return Report(sizes=(measured_ones,), runs=runs, machine=MACHINE, left_out=("kapp",))


def test_text_begins_with_what_was_measured_where() -> None:
    assert (
        report(measured("fleet", Step.CREATE, 5))
        .as_text()
        .startswith(
            "3 clusters with 1,000 ConfigMaps each: one run\n"
            "2026-01-02 03:04 UTC, revision 0123456789\n"
            "2 cores (some processor), 8 GiB, Linux 6.1, load 0.2 at the start\n"
            "Python 3.11.7, Kubernetes 1.36.3, kubectl 1.37.1\n\nnot on PATH, and left out: kapp\n\n"
        )
    )
    assert "the median of 5 runs" in report(measured("fleet", Step.CREATE, 5), runs=5).as_text()


def test_marks_are_judged_at_their_size_only() -> None:
    small, full = (report(measured("fleet", Step.PREVIEW, 5), objects=size) for size in (10, 1000))
    assert (
        "- DOES NOT HOLD: no change: 3,000 objects under 4 s "
        "(3 clusters with 1,000 ConfigMaps each: preview: 5.00 s)" in full.as_text()
    )
    assert "- not measured: no change: 3,000 objects under 4 s\n" in small.as_text()


def test_failures_are_told_even_where_nothing_was_measured() -> None:
    assert (
        report(failures=("kubectl, run 1: it broke",))
        .as_text()
        .endswith("FAILED: 3 clusters with 1,000 ConfigMaps each: kubectl, run 1: it broke")
    )


def test_json_has_every_run_and_the_typical_one() -> None:
    runs = [measured("fleet", Step.CREATE, wall_s, run=run) for run, wall_s in enumerate((3.0, 1.0, 2.0), 1)]
    document = json.loads(json.dumps(report(*runs, failures=("x",), runs=3).as_json()))
    (size,) = document["sizes"]
    assert (size["clusters"], size["objects"], size["set"]) == (3, 1000, "configmaps")
    assert [each["wallSeconds"] for each in size["measurements"]] == [3.0, 1.0, 2.0]
    assert [each["wallSeconds"] for each in size["typical"]] == [2.0]
    assert document["machine"]["cores"] == 2
    assert size["failures"] == ["x"]
    assert {each["holds"] for each in document["marks"]} == {None}
    assert document["leftOut"] == ["kapp"]


@pytest.mark.parametrize(
    ("others", "warns"),
    [((0.3, 0.3, 1.9), False), ((0.3, 1.0, 1.4), True), ((None,), False), ((), False)],
    ids=["one busy moment", "a busy machine", "unknown", "nothing measured"],
)
def test_a_busy_machine_is_told(others: tuple[float | None, ...], warns: bool) -> None:
    assert bool(disturbed(others, BUSY_CORES)) is warns
