"""Problems in shared places get who uses the place."""

from __future__ import annotations

import pytest

from fleet.errors import Problem, Where
from fleet.render.problems import completed

USER = Where("stacks/dev.yaml", 7, 2, "spec.source", "web", "dev")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Where(), USER),
        (Where("a.yaml"), Where("a.yaml", application="web", cluster="dev")),
        (Where("a.yaml", 3, 1, "kind"), Where("a.yaml", 3, 1, "kind", "web", "dev")),
        (Where(application="own"), Where("stacks/dev.yaml", 7, 2, "spec.source", "own", "dev")),
    ],
)
def test_places(where: Where, expected: Where) -> None:
    assert completed([Problem("x", where)], USER) == (Problem("x", expected),)
