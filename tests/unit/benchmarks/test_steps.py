"""Which steps are taken."""

import pytest

from benchmarks.steps import Step, chosen


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param((), tuple(Step), id="all without a choice"),
        pytest.param(("heal",), (Step.CREATE, Step.HEAL, Step.DESTROY), id="create and destroy come with any"),
        pytest.param(
            ("refresh", "preview"),
            (Step.CREATE, Step.PREVIEW, Step.REFRESH, Step.DESTROY),
            id="their order, not the choice's",
        ),
        pytest.param(("create",), (Step.CREATE, Step.DESTROY), id="create is not taken twice"),
    ],
)
def test_chosen(names: tuple[str, ...], expected: tuple[Step, ...]) -> None:
    assert chosen(names) == expected
