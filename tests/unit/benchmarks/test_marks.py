"""Whether the promises hold."""

import pytest

from benchmarks.marks import CLUSTERS, OBJECTS, judge
from benchmarks.measurement import typical
from benchmarks.steps import Step
from tests.unit.benchmarks.results import measured


def verdicts(*measurements: tuple[str, Step, float]) -> list[bool | None]:
    results = typical([measured(*each) for each in measurements])
    return [mark.holds for mark in judge(results, OBJECTS, CLUSTERS)]


@pytest.mark.parametrize(
    ("ours", "theirs", "holds"), [(14.0, 15.0, True), (15.0, 15.0, True), (15.1, 15.0, False)], ids=str
)
def test_creating_is_held_against_kubectl(ours: float, theirs: float, holds: bool) -> None:
    assert verdicts(("fleet", Step.CREATE, ours), ("kubectl", Step.CREATE, theirs))[0] is holds


@pytest.mark.parametrize(
    ("step", "position", "seconds", "holds"),
    [
        (Step.PREVIEW, 1, 9.9, True),
        (Step.PREVIEW, 1, 10.0, False),
        (Step.REFRESH, 2, 4.9, True),
        (Step.REFRESH, 2, 5.0, False),
    ],
    ids=str,
)
def test_limits(step: Step, position: int, seconds: float, holds: bool) -> None:
    assert verdicts(("fleet", step, seconds))[position] is holds


def test_what_was_not_measured_is_not_judged() -> None:
    assert verdicts(("kubectl", Step.CREATE, 1.0)) == [None, None, None]


@pytest.mark.parametrize(("objects", "clusters"), [(OBJECTS, 1), (10, CLUSTERS)])
def test_the_marks_are_for_one_size(objects: int, clusters: int) -> None:
    assert judge(typical([measured("fleet", Step.PREVIEW, 1.0)]), objects, clusters) == ()


def test_words() -> None:
    results = typical([measured("fleet", Step.PREVIEW, 12.0)])
    assert [str(mark) for mark in judge(results, OBJECTS, CLUSTERS)] == [
        "not measured: creating takes no longer than three kubectl runs one after another",
        "DOES NOT HOLD: a no-change preview takes under 10 s (12.0 s)",
        "not measured: a refresh takes under 5 s",
    ]
