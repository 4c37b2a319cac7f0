from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine.kubernetes.requests import Response
from fleet.engine.kubernetes.retries import (
    FIRST_CONTACT_BUDGET_S,
    OUTAGE_BUDGET_S,
    REQUEST_BUDGET_S,
    Outage,
    is_about_object,
    may_ask_again,
    retry_after_s,
)

WRONG = "failed to create typed patch object (a/b; v1, Kind=A): .spec.foo: field not declared in schema"


@pytest.mark.parametrize(
    ("response", "attempt", "elapsed_s", "delay_s"),
    [
        pytest.param(Response(200, {}), 0, 0.0, None, id="done"),
        pytest.param(Response(404, {}), 0, 0.0, None, id="final"),
        pytest.param(Response(429, {}), 0, 0.0, 0.2, id="busy"),
        pytest.param(Response(429, {}, 3.0), 0, 0.0, 3.0, id="busy-with-a-wish"),
        pytest.param(Response(429, {}, 60.0), 0, 0.0, None, id="wish-beyond-the-budget"),
        pytest.param(Response(503, {}), 3, 5.0, 1.6, id="backing-off"),
        pytest.param(Response(503, {}), 9, 19.0, None, id="budget-used-up"),
        pytest.param(Response(500, {"message": "failed calling webhook"}), 2, 1.0, 0.8, id="failed"),
        pytest.param(Response(500, {"message": "failed calling webhook"}), 3, 1.0, None, id="failed-again"),
        pytest.param(Response(500, {"message": "etcd"}, 1.0), 5, 1.0, 4.0, id="failed-but-says-when"),
        pytest.param(Response(500, {"message": WRONG}), 0, 0.0, None, id="the-object-is-wrong"),
    ],
)
def test_when_to_ask_again(response: Response, attempt: int, elapsed_s: float, delay_s: float | None) -> None:
    assert retry_after_s(response, attempt, elapsed_s) == delay_s


@given(st.sampled_from([429, 500, 502, 503, 504]), st.none() | st.floats(0, 100), st.floats(0, 1))
def test_asking_again_always_ends_within_the_budget(status: int, wish: float | None, took_s: float) -> None:
    elapsed_s = 0.0
    for attempt in range(1000):
        elapsed_s += took_s
        delay_s = retry_after_s(Response(status, {}, wish), attempt, elapsed_s)
        if delay_s is None:
            return
        elapsed_s += delay_s
        assert elapsed_s <= REQUEST_BUDGET_S
    pytest.fail("still asking")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(500, {"message": WRONG}, True, id="schema"),
        pytest.param(500, {"message": "failed to convert new object (/s; /v1, Kind=Secret)"}, True, id="conversion"),
        pytest.param(500, {"message": "Internal error occurred"}, False, id="server"),
        pytest.param(422, {"message": WRONG}, False, id="other-status"),
        pytest.param(500, "oops", False, id="text"),
    ],
)
def test_500_may_be_about_the_object(status: int, body: Any, expected: bool) -> None:
    assert is_about_object(Response(status, body)) == expected


@pytest.mark.parametrize(
    ("attempt", "elapsed_s", "timed_out", "expected"),
    [
        pytest.param(0, 1.0, False, True, id="hung-up"),
        pytest.param(5, 15.0, False, True, id="hung-up-often"),
        pytest.param(5, 19.0, False, False, id="budget-used-up"),
        pytest.param(0, 5.0, True, True, id="silent"),
        pytest.param(1, 10.0, True, False, id="silent-again"),
        pytest.param(0, 30.0, True, False, id="silent-for-long"),
    ],
)
def test_without_an_answer(attempt: int, elapsed_s: float, timed_out: bool, expected: bool) -> None:
    assert may_ask_again(attempt, elapsed_s, timed_out=timed_out) == expected


def test_a_server_that_never_answered_is_given_up_soon() -> None:
    outage = Outage()
    assert not outage.goes_on(began=100.0, now=100.0)
    assert outage.goes_on(began=101.0, now=100.0 + FIRST_CONTACT_BUDGET_S)


def test_one_connection_timeout_is_enough_for_a_server_that_never_answered() -> None:
    assert Outage().goes_on(began=100.0, now=105.0)


def test_a_server_that_answered_before_gets_time_to_come_back() -> None:
    outage = Outage()
    outage.ended(100.0)
    assert not outage.goes_on(began=101.0, now=101.0)
    assert not outage.goes_on(began=110.0, now=101.0 + OUTAGE_BUDGET_S - 0.1)
    assert outage.goes_on(began=120.0, now=101.0 + OUTAGE_BUDGET_S)


def test_an_answer_ends_an_outage() -> None:
    outage = Outage()
    outage.ended(100.0)
    assert not outage.goes_on(began=101.0, now=102.0)
    outage.ended(103.0)
    assert not outage.goes_on(began=101.5, now=103.0 + OUTAGE_BUDGET_S - 0.1)


def test_one_slow_request_among_answered_ones_is_no_outage() -> None:
    outage = Outage()
    outage.ended(129.0)
    assert not outage.goes_on(began=100.0, now=130.0)


def test_a_server_that_turns_everything_away_for_long_is_out() -> None:
    outage = Outage()
    outage.turned_away(began=100.0, now=101.0)
    outage.turned_away(began=109.0, now=109.5)
    assert not outage.lasts(100.0 + OUTAGE_BUDGET_S / 2 - 0.1)
    assert outage.lasts(100.0 + OUTAGE_BUDGET_S / 2)
    outage.ended(111.0)
    assert not outage.lasts(120.0)
    outage.turned_away(began=119.0, now=119.5)
    assert not outage.lasts(120.0)


def test_a_server_that_turned_us_away_is_there_and_waited_for_like_one_that_answered() -> None:
    outage = Outage()
    outage.turned_away(began=100.0, now=101.0)
    assert not outage.goes_on(began=102.0, now=100.0 + FIRST_CONTACT_BUDGET_S)
    assert outage.goes_on(began=102.0, now=100.0 + OUTAGE_BUDGET_S)


def test_a_server_that_takes_connections_and_hangs_up_is_waited_for_like_one_that_answered() -> None:
    outage = Outage()
    assert not outage.goes_on(began=100.0, now=100.0 + FIRST_CONTACT_BUDGET_S, is_met=True)
    assert not outage.goes_on(began=103.0, now=100.0 + OUTAGE_BUDGET_S - 0.1)
    assert outage.goes_on(began=119.0, now=100.0 + OUTAGE_BUDGET_S)
