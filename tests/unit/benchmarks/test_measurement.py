"""The typical run, and measurements as JSON."""

import json

import pytest

from benchmarks.measurement import typical
from benchmarks.process import Usage, then
from benchmarks.steps import Step
from tests.unit.benchmarks.results import measured


@pytest.mark.parametrize(
    ("times", "expected"),
    [([3.0], 3.0), ([3.0, 1.0, 2.0], 2.0), ([4.0, 1.0, 3.0, 2.0], 2.0)],
    ids=["one", "median of three", "lower median of four"],
)
def test_the_typical_run_is_the_median(times: list[float], expected: float) -> None:
    runs = [measured("fleet", Step.CREATE, time, run=number) for number, time in enumerate(times, 1)]
    assert typical(runs)["fleet", Step.CREATE].usage.wall_s == expected


def test_contenders_and_steps_are_kept_apart() -> None:
    found = typical(
        [measured("fleet", Step.CREATE, 1), measured("kubectl", Step.CREATE, 2), measured("fleet", Step.HEAL, 3)]
    )
    assert {key: each.usage.wall_s for key, each in found.items()} == {
        ("fleet", Step.CREATE): 1,
        ("kubectl", Step.CREATE): 2,
        ("fleet", Step.HEAL): 3,
    }


def test_json_says_everything() -> None:
    calls = {"APPLY": 2, "LIST": 1}
    assert json.loads(json.dumps(measured("fleet", Step.NO_CHANGE, 4.0, run=2, calls=calls).as_json())) == {
        "contender": "fleet",
        "step": "no change",
        "run": 2,
        "wallSeconds": 4.0,
        "cpuSeconds": 2.0,
        "peakBytes": 4 * 2**20,
        "apiServersCpuSeconds": 1.0,
        "calls": {"APPLY": 2, "LIST": 1},
        "writes": 2,
        "otherCores": None,
    }


def test_commands_one_after_the_other_add_up_but_for_memory() -> None:
    assert then([Usage(1, 2, 30), Usage(3, 4, 20)]) == Usage(4, 6, 30)
    assert then([]) == Usage()
