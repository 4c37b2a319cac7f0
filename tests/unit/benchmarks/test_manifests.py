"""The objects that are deployed."""

import json
from collections import Counter

import pytest

from benchmarks import manifests
from benchmarks.manifests import ObjectSet
from fleet import yamlio

BOTH = pytest.mark.parametrize("kinds", list(ObjectSet), ids=str)


def documents(objects: int, release: str = "1", kinds: ObjectSet = ObjectSet.CONFIG_MAPS) -> dict[str, list[object]]:
    everything = [kinds.object(number, release) for number in range(objects)]
    return {
        name: [document.data for document in yamlio.load_documents(text, file=name)]
        for name, text in manifests.files(everything).items()
    }


@pytest.mark.parametrize(
    ("objects", "sizes"), [(1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])], ids=str
)
def test_a_hundred_objects_to_a_file(objects: int, sizes: list[int]) -> None:
    assert [len(each) for each in documents(objects).values()] == sizes


@BOTH
def test_files_hold_the_objects_as_they_are(kinds: ObjectSet) -> None:
    found = [document for each in documents(120, "2", kinds).values() for document in each]
    assert found == [kinds.object(number, "2") for number in range(120)]


def test_every_object_has_a_name_of_its_own() -> None:
    names = {manifests.name_of(number) for number in range(10_000)}
    assert len(names) == 10_000


@pytest.mark.parametrize("objects", [1, 2, 1000], ids=str)
def test_the_changed_object_is_one_of_them(objects: int) -> None:
    assert 0 <= manifests.changed_number(objects) < objects


@pytest.mark.parametrize("number", [5, 6, 7])
def test_another_release_changes_one_field(number: int) -> None:
    before, after = (ObjectSet.MIXED.object(number, release) for release in "12")
    assert (manifests.release_of(before), manifests.release_of(after)) == ("1", "2")
    after["metadata"]["annotations"][manifests.RELEASE] = "1"
    assert before == after


def test_what_has_no_release_has_none() -> None:
    assert not manifests.release_of({"metadata": {"name": "x"}})
    assert not manifests.release_of({"metadata": {"name": "x", "annotations": {"other": "1"}}})


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (ObjectSet.CONFIG_MAPS, {"ConfigMap": 100}),
        (ObjectSet.MIXED, {"ConfigMap": 60, "Deployment": 20, "Service": 20}),
    ],
    ids=str,
)
def test_kinds(kinds: ObjectSet, expected: dict[str, int]) -> None:
    everything = [kinds.object(number) for number in range(100)]
    assert Counter(each["kind"] for each in everything) == expected
    assert {(each["apiVersion"], each["kind"]) for each in everything} == set(kinds.kinds)


def test_objects_are_as_large_as_real_ones() -> None:
    assert 400 < len(json.dumps(ObjectSet.CONFIG_MAPS.object(0))) < 1000
