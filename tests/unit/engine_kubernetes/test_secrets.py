import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine.kubernetes.secrets import scrubbed, with_data


def secret(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **fields}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        pytest.param(secret(stringData={"a": "x"}), secret(data={"a": "eA=="}), id="moved"),
        pytest.param(
            secret(data={"a": "b2xk", "b": "Yg=="}, stringData={"a": "x"}),
            secret(data={"a": "eA==", "b": "Yg=="}),
            id="stringData-wins",
        ),
        pytest.param(secret(data={"a": "eA=="}), secret(data={"a": "eA=="}), id="nothing-to-move"),
        pytest.param(secret(stringData={}), secret(), id="empty"),
        pytest.param(secret(stringData={"a": 1}), secret(stringData={"a": 1}), id="left-for-the-server-to-refuse"),
        pytest.param(
            {"kind": "Other", "stringData": {"a": "x"}}, {"kind": "Other", "stringData": {"a": "x"}}, id="other"
        ),
    ],
)
def test_string_data_becomes_data(given_: dict[str, Any], expected: dict[str, Any]) -> None:
    assert with_data(given_) == expected


@pytest.mark.parametrize(
    ("message", "sent", "expected"),
    [
        pytest.param(".data: expected map, got &{hunter22}", secret(data="hunter22"), "[secret]", id="not-a-map"),
        pytest.param('got {"hunter22"}', secret(data={"a": ["hunter22"]}), '"[secret]"', id="list"),
        pytest.param("bad hunter22", secret(data={"a": encoded("hunter22")}), "bad [secret]", id="decoded"),
        pytest.param("bad hunter22", secret(stringData={"a": "hunter22"}), "bad [secret]", id="plain"),
        pytest.param("got 12345", secret(data={"a": 12345}), "got [secret]", id="number"),
    ],
)
def test_messages_do_not_repeat_secrets(message: str, sent: dict[str, Any], expected: str) -> None:
    text = scrubbed(message, sent)
    assert expected in text
    assert "hunter22" not in text


def test_other_kinds_are_quoted_as_they_are() -> None:
    assert scrubbed("bad value", {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "value"}}) == "bad value"


@given(st.text("xyz-", min_size=3), st.text("abc ", max_size=5))
def test_nothing_of_a_value_survives(value: str, around: str) -> None:
    assert value not in scrubbed(f"{around}{value}{around}", secret(stringData={"key": value}))
