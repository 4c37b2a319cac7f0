"""Secret values stay out of what people read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import hiding
from fleet.engine.events import (
    ClusterFailed,
    Drift,
    DriftFound,
    DriftKind,
    Event,
    FieldChange,
    Message,
    Operation,
    StepFailed,
    StepFinished,
    StepStarted,
    StepWaiting,
    Subject,
)
from fleet.engine.stack_config import Configuration
from fleet.engine.state import Secret
from fleet.errors import Problem

WORDS = st.text("abcd ", max_size=6)
SUBJECT = Subject("urn", name="hunter2")
PROBLEM = Problem("no hunter2", detail="hunter2", hint="hunter2?")
CHANGE = FieldChange("data", {"p": "hunter2"}, ["hunter2", 1])
HIDDEN_CHANGE = FieldChange("data", {"p": "[secret]"}, ["[secret]", 1])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": "x", "b": Secret("y")}, ["y"]),
        ({"a": [Secret({"b": ["x", "y"], "n": 1})]}, ["x", "y"]),
        ({"a": Secret([Secret("x")])}, ["x"]),
        ({"a": "x"}, []),
    ],
)
def test_the_secrets_of_a_value_are_its_texts(value: Any, expected: list[str]) -> None:
    assert list(hiding.secrets_in(value)) == expected


def test_the_longest_secret_is_hidden_first_and_the_shortest_are_not() -> None:
    hide = hiding.hider(["pass", "password", "no"])
    assert hide("the password is no pass") == "the [secret] is no [secret]"


@given(st.lists(WORDS, max_size=3), WORDS)
def test_nothing_that_is_long_enough_is_left(secrets: list[str], text: str) -> None:
    hidden = hiding.hider(secrets)(text)
    assert not any(each in hidden for each in secrets if len(each) >= 3)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Message("it is hunter2"), Message("it is [secret]")),
        (
            StepFailed(SUBJECT, Operation.CREATE, PROBLEM),
            StepFailed(SUBJECT, Operation.CREATE, Problem("no [secret]", detail="[secret]", hint="[secret]?")),
        ),
        (
            ClusterFailed("hub", PROBLEM),
            ClusterFailed("hub", Problem("no [secret]", detail="[secret]", hint="[secret]?")),
        ),
        (
            StepFinished(SUBJECT, Operation.UPDATE, (CHANGE,)),
            StepFinished(SUBJECT, Operation.UPDATE, (HIDDEN_CHANGE,)),
        ),
        (
            DriftFound(Drift(SUBJECT, DriftKind.CHANGED, (CHANGE,))),
            DriftFound(Drift(SUBJECT, DriftKind.CHANGED, (HIDDEN_CHANGE,))),
        ),
        (StepWaiting(SUBJECT, "it is hunter2"), StepWaiting(SUBJECT, "it is [secret]")),
        (StepStarted(SUBJECT, Operation.CREATE), StepStarted(SUBJECT, Operation.CREATE)),
    ],
    ids=lambda event: type(event).__name__,
)
def test_events_are_told_without_secrets(event: Event, expected: Event) -> None:
    assert hiding.in_event(event, hiding.hider(["hunter2"])) == expected


def test_the_secrets_of_a_configuration_are_what_is_encrypted_in_it() -> None:
    configuration = Configuration(
        values={
            "p:plain": "plain",
            "p:secret": "alone",
            "p:map": json.dumps({"user": "me", "password": "inside", "more": [{"key": "deep"}, "open"]}),
        },
        secret_keys=("p:map", "p:secret"),
        recorded={
            "p:plain": "plain",
            "p:secret": {"secure": "v1:..."},
            "p:map": {"user": "me", "password": {"secure": "v1:..."}, "more": [{"key": {"secure": "v1:..."}}, "open"]},
        },
    )
    assert sorted(hiding.secrets_of(configuration)) == ["alone", "deep", "inside"]
