"""The fleet that is rendered."""

import pytest

from benchmarks.rendering import repository
from benchmarks.rendering.size import FULL, Size

SMALL = Size(kustomizations=3, charts=2, clusters=4)


def test_every_application_has_its_files_and_every_difference_one() -> None:
    found = dict(repository.files(SMALL))
    kustomizations = [path for path in found if path.startswith("kustomizations/")]
    overlays = [path for path in found if path.startswith("overlays/")]
    own_values = [path for path in found if "/values-" in path]
    assert len(kustomizations) == 3 * 4
    assert sorted(overlays) == [
        f"overlays/{cluster}/{name}/kustomization.yaml"
        for cluster in ("cluster-00", "cluster-01")
        for name in ("app-000", "app-001", "app-002")
    ]
    assert len(own_values) == 2 * 3


def test_names_are_put_in_everywhere() -> None:
    assert not [path for path, text in repository.files(SMALL) if "NAME" in text or "CLUSTER" in text]


def test_the_changed_application_is_one_of_them() -> None:
    assert SMALL.changed == "app-001"
    assert Size(kustomizations=1, charts=0, clusters=1).changed == "app-000"


@pytest.mark.parametrize(
    ("size", "pairs"), [(SMALL, 20), (FULL, 6000), (Size(kustomizations=1, charts=0, clusters=1), 1)], ids=str
)
def test_pairs(size: Size, pairs: int) -> None:
    assert size.pairs == pairs
