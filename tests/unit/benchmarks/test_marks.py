"""Whether the promises hold."""

from collections.abc import Mapping

import pytest

from benchmarks.manifests import ObjectSet
from benchmarks.marks import judge
from benchmarks.measurement import Measurement, typical
from benchmarks.size import Size
from benchmarks.steps import Step
from tests.unit.benchmarks.results import measured

FULL = Size(3, 1000)
SMALL, LARGE, WIDE = Size(1, 1000), Size(1, 10_000), Size(10, 1000)
PROMISES = (
    "create: at least 0.5 of the raw loop's throughput",
    "create: twice as fast as kubectl apply --server-side",
    "create: twice as fast as kapp",
    "no change: less time than kapp needs",
    "no change: no request about objects",
    "no change, refreshed: one list per kind and cluster",
    "no change: 3,000 objects under 4 s",
    "refresh: 3,000 objects under 3 s",
    "memory: under 400 MB at 10,000 objects",
    "change one of 10,000: no more than no change costs, and one write per cluster",
    "time per object: at 10,000 within 1.3 of that at 1,000",
)
RAW, KUBECTL, KAPP_CREATE, KAPP_NO_CHANGE, ASKS, LISTS, NO_CHANGE, REFRESH, MEMORY, CHANGE_ONE, LINEAR = PROMISES


def verdicts(promise: str, results: Mapping[Size, tuple[Measurement, ...]]) -> list[bool | None]:
    marks = judge({size: typical(measurements) for size, measurements in results.items()})
    return [mark.holds for mark in marks if mark.promise == promise]


def test_every_promise_is_judged() -> None:
    marks = judge({})
    assert tuple(mark.promise for mark in marks) == PROMISES
    assert {mark.holds for mark in marks} == {None}


@pytest.mark.parametrize(
    ("promise", "yardstick", "step", "times", "holds"),
    [
        (RAW, "raw loop", Step.CREATE, (6.0, 3.0), True),
        (RAW, "raw loop", Step.CREATE, (6.1, 3.0), False),
        (KUBECTL, "kubectl", Step.CREATE, (3.0, 6.0), True),
        (KUBECTL, "kubectl", Step.CREATE, (3.1, 6.0), False),
        (KAPP_CREATE, "kapp", Step.CREATE, (2.0, 4.1), True),
        (KAPP_NO_CHANGE, "kapp", Step.NO_CHANGE, (1.4, 1.3), False),
    ],
)
def test_ratios(promise: str, yardstick: str, step: Step, times: tuple[float, float], holds: bool) -> None:
    ours, theirs = times
    assert verdicts(promise, {FULL: (measured("fleet", step, ours), measured(yardstick, step, theirs))}) == [holds]


@pytest.mark.parametrize(
    ("promise", "step", "seconds", "holds"),
    [
        (NO_CHANGE, Step.NO_CHANGE, 3.9, True),
        (NO_CHANGE, Step.PREVIEW, 4.0, False),
        (REFRESH, Step.REFRESH, 2.9, True),
        (REFRESH, Step.REFRESH, 3.0, False),
    ],
)
def test_limits_are_for_three_thousand_objects(promise: str, step: Step, seconds: float, holds: bool) -> None:
    measurements = (measured("fleet", step, seconds),)
    assert verdicts(promise, {FULL: measurements}) == [holds]
    assert verdicts(promise, {Size(1, 3000): measurements}) == [holds]
    assert verdicts(promise, {SMALL: measurements}) == [None]


@pytest.mark.parametrize(("calls", "holds"), [({}, True), ({"GET": 1}, False)], ids=str)
def test_no_change_asks_nothing(calls: dict[str, int], holds: bool) -> None:
    assert verdicts(ASKS, {FULL: (measured("fleet", Step.NO_CHANGE, 1.0, calls=calls),)}) == [holds]


@pytest.mark.parametrize(
    ("size", "calls", "holds"),
    [
        (Size(3, 100), {"LIST": 3}, True),
        (Size(3, 100), {"LIST": 4}, False),
        (Size(3, 100), {"LIST": 3, "GET": 1}, False),
        (Size(3, 100), {"LIST": 3, "APPLY (dry run)": 1}, False),
        (Size(3, 501), {"LIST": 6}, True),
        (Size(1, 1000, ObjectSet.MIXED), {"LIST": 4}, True),
        (Size(1, 1000, ObjectSet.MIXED), {"LIST": 5}, False),
    ],
    ids=str,
)
def test_lists_are_counted_by_their_pages(size: Size, calls: dict[str, int], holds: bool) -> None:
    assert verdicts(LISTS, {size: (measured("fleet", Step.NO_DRIFT, 1.0, calls=calls),)}) == [holds]


@pytest.mark.parametrize(("megabytes", "holds"), [(399, True), (400, False)])
def test_memory_is_the_most_of_all_our_steps(megabytes: int, holds: bool) -> None:
    steps = (
        measured("fleet", Step.CREATE, 1.0, peak_bytes=megabytes * 10**6),
        measured("fleet", Step.DESTROY, 1.0, peak_bytes=10**6),
        measured("kubectl", Step.CREATE, 1.0, peak_bytes=10**9),
    )
    assert verdicts(MEMORY, {LARGE: steps, WIDE: steps, SMALL: steps}) == [holds, holds]


@pytest.mark.parametrize(
    ("size", "seconds", "written", "holds"),
    [(LARGE, 5.0, 1, True), (LARGE, 5.1, 1, False), (LARGE, 4.0, 2, False), (WIDE, 4.0, 10, True)],
    ids=str,
)
def test_change_of_one(size: Size, seconds: float, written: int, holds: bool) -> None:
    changed = measured("fleet", Step.CHANGE_ONE, seconds, calls={"APPLY": written, "GET": written})
    assert verdicts(CHANGE_ONE, {size: (measured("fleet", Step.NO_CHANGE, 4.0), changed)}) == [holds]


@pytest.mark.parametrize(("seconds", "holds"), [(13.0, True), (13.1, False)])
def test_time_per_object(seconds: float, holds: bool) -> None:
    few = (measured("fleet", Step.CREATE, 1.0),)
    assert verdicts(LINEAR, {SMALL: few, LARGE: (measured("fleet", Step.CREATE, seconds),)}) == [holds]


def test_time_per_object_is_that_of_the_same_kinds() -> None:
    few, many = (measured("fleet", Step.CREATE, 1.0),), (measured("fleet", Step.CREATE, 10.0),)
    assert verdicts(LINEAR, {Size(1, 1000, ObjectSet.MIXED): few, LARGE: many}) == [None]


def test_words() -> None:
    marks = [str(mark) for mark in judge({FULL: typical([measured("fleet", Step.PREVIEW, 12.0)])})]
    assert "not measured: refresh: 3,000 objects under 3 s" in marks
    assert (
        "DOES NOT HOLD: no change: 3,000 objects under 4 s (3 clusters with 1,000 ConfigMaps each: preview: 12.00 s)"
        in marks
    )


def test_beside_others_the_raw_loop_is_named_which_nothing_can_be_faster_than() -> None:
    results = typical(measured(who, Step.CREATE, time) for who, time in (("fleet", 4), ("kubectl", 6), ("raw loop", 3)))
    figures = {mark.promise: mark.figures for mark in judge({FULL: results}) if mark.holds is not None}
    assert figures[KUBECTL].endswith(": 1.50, 4.00 s against 6.00 s; the raw loop: 2.00")
    assert figures[RAW].endswith(": 0.75, 4.00 s against 3.00 s")
