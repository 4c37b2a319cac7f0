"""Records of updates, of both engines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import history
from fleet.engine.history import Update

# As Pulumi 3.260 writes one, shortened.
PULUMIS = """{"kind":"update","startTime":1795372827,"message":"",
"environment":{"exec.kind":"cli","pulumi.arch":"amd64"},
"config":{"sample:size":"3","sample:token":{"secure":"v1:x"}},"version":0,"result":"failed","endTime":1795372830,
"resourceChanges":{"create":2,"same":1}}"""
texts = st.text(max_size=5)


def test_what_pulumi_wrote() -> None:
    assert history.decode(PULUMIS.encode()) == Update(
        kind="update",
        started_s=1795372827,
        ended_s=1795372830,
        succeeded=False,
        config={"sample:size": "3", "sample:token": {"secure": "v1:x"}},
        changes={"create": 2, "same": 1},
        environment={"exec.kind": "cli", "pulumi.arch": "amd64"},
    )
    assert json.loads(history.encode(history.decode(PULUMIS.encode()))) == json.loads(PULUMIS)


@given(
    st.builds(
        Update,
        kind=texts,
        started_s=st.integers(0),
        ended_s=st.integers(0),
        succeeded=st.booleans(),
        message=texts,
        config=st.dictionaries(texts, texts),
        changes=st.dictionaries(texts, st.integers(1)),
        environment=st.dictionaries(texts, texts),
    )
)
def test_what_was_written_comes_back(update: Update) -> None:
    assert history.decode(history.encode(update)) == update


@pytest.mark.parametrize("text", ["", "{}", "[]", "3", '{"kind": "update"}', '{"kind": "update", "startTime": "then"}'])
def test_what_is_no_record(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        history.decode(text.encode())
