"""Writing YAML, and the laws of reading and writing."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fleet import yamlio
from fleet.errors import Problem
from fleet.yamlio import YamlProblem
from tests.unit.yamlio.loading import exact, load

# A busy machine is no failure.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_dumped_documents_are_for_people() -> None:
    data: dict[str, Any] = {
        "b": "1",
        "a": ["on", "y", "1e3", "x: y", None, True, 1.5, {}, []],
        "c": {"script": "one\n  two\n"},
        "d": "é" * 200,
    }
    assert yamlio.dump(data) == (
        "b: '1'\na:\n- 'on'\n- 'y'\n- '1e3'\n- 'x: y'\n- null\n- true\n- 1.5\n- {}\n- []\n"
        "c:\n  script: |\n    one\n      two\nd: " + "é" * 200 + "\n"
    )  # fmt: skip


def test_dumping_names_no_anchors_and_takes_read_only_data() -> None:
    shared = {"a": "b"}
    assert (
        yamlio.dump({"p": shared, "q": MappingProxyType(shared), "r": (1, 2)})
        == "p:\n  a: b\nq:\n  a: b\nr:\n- 1\n- 2\n"
    )


def is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


texts = st.text().filter(is_unicode)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda value: not value.is_integer()
)
trees = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@UNTIMED
@given(trees)
@example({"a": "x\n\n"})
@example({"a": "\n x", "b": " \n", "c": "x \ny", "d": "\t\n", "e": "\x85", "f": "\u2028\n", "g": "\ufeff"})
@example({"=": "=", "<<": "<<", "y": "y", "~": "~", "": ""})
def test_what_is_dumped_reads_back(data: Any) -> None:
    assert exact(load(yamlio.dump(data))) == exact([] if data is None else [data])


@UNTIMED
@given(trees)
def test_json_and_yaml_readers_agree(data: Any) -> None:
    assert exact(load(json.dumps(data), "app.json")) == exact([] if data is None else [data])


@UNTIMED
@given(st.from_regex(r"[-+.0-9eExob_:yYnN~]{1,12}", fullmatch=True))
def test_every_text_can_be_said_in_yaml(text: str) -> None:
    assert load(yamlio.dump({"key": text, text: "value"})) == [{"key": text, text: "value"}]


@UNTIMED
@given(st.text(alphabet=st.sampled_from(list("ab:-?&*!|>'\"%@`{}[],# \n\t<0.~\x01\ud800")), max_size=40))
@example("a: 1\n--- b\n...\nc")
def test_no_text_ends_in_anything_but_documents_or_problems(text: str) -> None:
    for file in ("app.yaml", "app.json"):
        found: list[Problem] = []
        try:
            documents = yamlio.load_documents(text, file=file)
        except YamlProblem as error:
            documents, found = error.documents, list(error.problems)
        assert all(problem.where.file == file for problem in found)
        assert all(document.data is not None for document in documents)
    assert yamlio.locate(text, 1, "a.b[0]") >= 0
