"""What tests of all folders share."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ("localclusters.pytest_plugin",)


# How hard laws are tried: a little while somebody waits, thoroughly in `make test` (--hypothesis-profile). A machine
# that is busy with control planes is slow, and that proves nothing. CI says the same of the same commit every time;
# what is new is found where somebody can look into it.
settings.register_profile(
    "quick",
    max_examples=20,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=200)
settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite the expected files of tests/fleets")
    parser.addoption("--kill-seed", type=int, help="where runs are killed; a failure says which it was")


@pytest.fixture
def update_goldens(request: pytest.FixtureRequest) -> bool:
    """Return whether golden files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-goldens"))
