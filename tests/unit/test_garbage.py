"""How garbage is collected is somebody else's again, however a run ends."""

import gc

import pytest

from fleet.garbage import collected_seldom


def test_it_is_collected_seldom_meanwhile_and_afterwards_as_before() -> None:
    before = gc.get_threshold()
    with collected_seldom():
        assert gc.get_threshold() > before
    assert gc.get_threshold() == before
    with pytest.raises(ZeroDivisionError), collected_seldom():
        raise ZeroDivisionError
    assert gc.get_threshold() == before
