"""Whether the promises hold."""

from dataclasses import replace

import pytest

from benchmarks.rendering.marks import judge
from benchmarks.rendering.measurement import typical
from benchmarks.rendering.size import FULL
from benchmarks.rendering.step import Step
from tests.unit.benchmarks.rendering.figures import measured


def verdicts(*measurements: tuple[Step, float], cores: int = 2) -> list[bool | None]:
    return [mark.holds for mark in judge(typical([measured(*each) for each in measurements]), FULL, cores)]


@pytest.mark.parametrize(("warm", "holds"), [(4.9, True), (5.0, False), (50.0, False)], ids=str)
def test_nothing_changed_is_held_against_a_twentieth_of_the_loop(warm: float, holds: bool) -> None:
    assert verdicts((Step.LOOP, 100.0), (Step.WARM, warm)) == [holds, None]


@pytest.mark.parametrize(("cold", "holds"), [(49.0, True), (50.0, False)], ids=str)
def test_nothing_cached_is_held_against_half_of_the_loop(cold: float, holds: bool) -> None:
    assert verdicts((Step.LOOP, 100.0), (Step.COLD, cold)) == [None, holds]
    assert verdicts((Step.LOOP, 100.0), (Step.COLD, cold), cores=8) == [None, None]


def test_what_was_not_measured_is_not_judged() -> None:
    assert verdicts((Step.WARM, 1.0), (Step.COLD, 1.0)) == [None, None]
    assert verdicts((Step.LOOP, 1.0)) == [None, None]


def test_the_marks_are_for_one_size() -> None:
    assert judge(typical([measured(Step.LOOP, 1.0)]), replace(FULL, own_images=1), 2) == ()


def test_words() -> None:
    results = typical([measured(Step.LOOP, 100.0), measured(Step.WARM, 10.0), measured(Step.COLD, 40.0)])
    assert [str(mark) for mark in judge(results, FULL, 2)] == [
        "DOES NOT HOLD: with nothing changed, under a twentieth of the loop's time (1/10.0)",
        "holds: with nothing cached, on 2 cores, under a half of the loop's time (1/2.5)",
    ]
    assert str(judge(results, FULL, 4)[1]).endswith("(there are 4 cores)")
