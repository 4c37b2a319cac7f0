"""Tables for people."""

from collections import Counter

from benchmarks import table
from benchmarks.measurement import typical
from benchmarks.size import Size
from benchmarks.steps import Step
from tests.unit.benchmarks.results import measured

SIZE = Size(3, 1000)
RESULTS = typical(
    [
        measured("fleet", Step.CREATE, 6.0, calls={"APPLY": 3000, "LIST": 3}),
        measured("fleet", Step.NO_CHANGE, 2.0),
        measured("kubectl", Step.CREATE, 12.0, calls={"APPLY": 3000}),
        measured("raw loop", Step.CREATE, 3.0),
        measured("raw loop", Step.NO_CHANGE, 0.5),
    ]
)


def test_times_with_ratios() -> None:
    assert table.tables({SIZE: RESULTS}).split("\n\n")[1] == (
        "           fleet  kubectl  raw loop  fleet/kubectl  fleet/raw loop\n"
        "---------  -----  -------  --------  -------------  --------------\n"
        "create      6.00    12.00      3.00           0.50            2.00\n"
        "no change   2.00        -      0.50              -            4.00"
    )


def test_without_ours_there_is_nothing_to_compare() -> None:
    only = {key: each for key, each in RESULTS.items() if key[0] == "kubectl"}
    assert table.tables({SIZE: only}).split("\n\n")[1].splitlines()[0].split() == ["kubectl"]


def test_requests() -> None:
    assert table.calls(Counter(LIST=3, APPLY=3000)) == "3000 APPLY, 3 LIST"
    assert table.calls(Counter()) == "none"


def test_every_quantity_has_a_table() -> None:
    titles = [part for part in table.tables({SIZE: RESULTS}).split("\n\n") if "\n" not in part]
    assert len(titles) == 6


def test_several_sizes_are_groups_of_one_table() -> None:
    small = typical([measured("fleet", Step.CREATE, 1.0), measured("kapp", Step.CREATE, 4.0)])
    lines = table.tables({SIZE: RESULTS, Size(1, 10): small}).split("\n\n")[1].splitlines()[2:]
    assert [line.split("  ")[0] for line in lines[::3]] == [f"{SIZE}:", "1 cluster with 10 ConfigMaps:"]
    assert [line.split()[1:] for line in (lines[1], lines[4])] == [
        ["6.00", "12.00", "3.00", "-", "0.50", "2.00", "-"],
        ["1.00", "-", "-", "4.00", "-", "-", "0.25"],
    ]
