"""What tests of all folders share."""

from __future__ import annotations

import pytest

pytest_plugins = ("localclusters.pytest_plugin",)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite the expected files of tests/fleets")


@pytest.fixture
def update_goldens(request: pytest.FixtureRequest) -> bool:
    """Return whether golden files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-goldens"))
