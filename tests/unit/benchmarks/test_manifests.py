"""The objects that are deployed."""

import json

import pytest

from benchmarks import manifests
from fleet import yamlio


def documents(objects: int, release: str = "1") -> dict[str, list[dict[str, object]]]:
    everything = [manifests.config_map(number, release) for number in range(objects)]
    return {
        name: [document.data for document in yamlio.load_documents(text, file=name)]
        for name, text in manifests.files(everything).items()
    }


@pytest.mark.parametrize(
    ("objects", "sizes"), [(1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])], ids=str
)
def test_a_hundred_objects_to_a_file(objects: int, sizes: list[int]) -> None:
    assert [len(each) for each in documents(objects).values()] == sizes


def test_files_hold_the_objects_as_they_are() -> None:
    found = [document for each in documents(120, "2").values() for document in each]
    assert found == [manifests.config_map(number, "2") for number in range(120)]


def test_every_object_has_a_name_of_its_own() -> None:
    names = {manifests.name_of(number) for number in range(10_000)}
    assert len(names) == 10_000


@pytest.mark.parametrize("objects", [1, 2, 1000], ids=str)
def test_the_changed_object_is_one_of_them(objects: int) -> None:
    assert 0 <= manifests.changed_number(objects) < objects


def test_another_release_changes_one_field() -> None:
    before, after = manifests.config_map(5, "1"), manifests.config_map(5, "2")
    assert before != after
    after["data"][manifests.CHANGED_KEY] = "1"
    assert before == after


def test_objects_are_as_large_as_real_ones() -> None:
    assert 400 < len(json.dumps(manifests.config_map(0))) < 1000
