"""Short ways to load, for the tests of reading."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleet import yamlio
from fleet.yamlio import YamlProblem


def load(text: str, file: str = "app.yaml") -> list[Any]:
    return [document.data for document in yamlio.load_documents(text, file=file)]


def problems(text: str, file: str = "app.yaml") -> list[str]:
    with pytest.raises(YamlProblem) as caught:
        yamlio.load_documents(text, file=file)
    assert caught.value.problem is caught.value.problems[0]
    return [f"{each.where}: {each.summary}" for each in caught.value.problems]


def exact(value: Any) -> str:
    """Tell 1 from 1.0 and from True, which are equal in Python."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
