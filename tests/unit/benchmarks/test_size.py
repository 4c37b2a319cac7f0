"""Sizes as they are written, and as they are told."""

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.manifests import ObjectSet
from benchmarks.size import MATRICES, Size, parse
from benchmarks.steps import ALWAYS, Step


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3x1000", Size(3, 1000)),
        ("1x5:configmaps", Size(1, 5)),
        ("10x300:mixed", Size(10, 300, ObjectSet.MIXED)),
    ],
)
def test_parse(text: str, expected: Size) -> None:
    assert parse(text, tuple(Step)) == expected


@pytest.mark.parametrize("text", ["", "3", "x3", "0x3", "3x0", "3 x 3", "3x3:", "3x3:secrets", "-1x3"])
def test_what_is_no_size_is_told(text: str) -> None:
    with pytest.raises(BenchmarkError, match="3x1000"):
        parse(text, tuple(Step))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (Size(1, 10_000), "1 cluster with 10,000 ConfigMaps"),
        (Size(3, 1000, ObjectSet.MIXED), "3 clusters with 1,000 mixed objects each"),
    ],
)
def test_words(size: Size, expected: str) -> None:
    assert str(size) == expected


def test_objects_of_a_kind_are_all_there_are() -> None:
    size = Size(3, 101, ObjectSet.MIXED)
    assert [size.of_kind(kind) for kind in ("ConfigMap", "Deployment", "Service")] == [61, 20, 20]
    assert size.total == 303


@pytest.mark.parametrize("sizes", MATRICES.values(), ids=MATRICES)
def test_each_matrix_has_what_the_marks_are_about(sizes: tuple[Size, ...]) -> None:
    assert len(set(sizes)) == len(sizes)
    assert {1000, 3000, 10_000} <= {size.total for size in sizes}
    assert {1, 3, 10} <= {size.clusters for size in sizes}
    assert {size.kinds for size in sizes} == set(ObjectSet)
    assert all(set(ALWAYS) <= set(size.steps) for size in sizes)
