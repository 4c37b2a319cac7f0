"""Documents, aliases and merged keys."""

from __future__ import annotations

import pytest
import yaml

from fleet import yamlio
from fleet.yamlio import Document, YamlProblem
from fleet.yamlio.reader import Reader
from tests.unit.yamlio.loading import load, problems


def test_documents_are_numbered_without_the_empty_ones() -> None:
    text = "# only a comment\n---\n\na: 1\n---\n# nothing\n---\nnull\n---\n- b\n"
    assert yamlio.load_documents(text, file="app.yaml") == (
        Document({"a": 1}, "app.yaml", 1, 4),
        Document(["b"], "app.yaml", 2, 10),
    )


@pytest.mark.parametrize(
    "text",
    [
        "a: 1",
        "---\na: 1\n---\n",
        "--- {a: 1}\n",
        "a: 1\n...\n",
        "%YAML 1.1\n---\na: 1\n",
        "\ufeffa: 1\n",
        "\ufeff---\na: 1\n",
        "---\r\na: 1\r\n",
        '{"a": 1}',
        "{a: 1}",
        '\n{\n\t"a":\t1\n}',
    ],
)
def test_a_document_that_is_the_only_one_has_no_number(text: str) -> None:
    (document,) = yamlio.load_documents(text, file="app.yaml")
    assert (document.data, document.number) == ({"a": 1}, 0)


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n", "---\n", "---\n---\n", "~\n", "\ufeff"])
def test_a_file_may_be_empty(text: str) -> None:
    assert yamlio.load_documents(text, file="app.yaml") == ()


def test_documents_end_where_yaml_says_so() -> None:
    assert load("a: |\n  ---\n  b\n---\nc: '----'\n...\n---\nd: 1\n") == [{"a": "---\nb\n"}, {"c": "----"}, {"d": 1}]


def test_aliases_are_written_out() -> None:
    (data,) = load("base: &base {labels: {a: b}}\nfirst: *base\nsecond: *base\n")
    assert data == {key: {"labels": {"a": "b"}} for key in ("base", "first", "second")}
    assert len({id(each["labels"]) for each in data.values()}) == 3


def test_keys_go_before_what_is_merged_and_earlier_sources_before_later_ones() -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2, d: 2}\nz:\n  <<: [*x, *y]\n  d: 3\n"
    assert load(text)[0]["z"] == {"a": 1, "b": 1, "c": 2, "d": 3}


def test_a_quoted_merge_key_is_a_key() -> None:
    assert load("'<<': {a: 1}\n") == [{"<<": {"a": 1}}]


def test_a_broken_document_hides_no_other() -> None:
    text = "a: 1\n---\nb: [\n---\nc: 1\nc: 2\nd: !x 1\n---\ne: 1\n"
    with pytest.raises(YamlProblem) as caught:
        yamlio.load_documents(text, file="app.yaml")
    assert [(each.where.document, each.where.line, each.where.key) for each in caught.value.problems] == [
        (2, 3, ""),
        (3, 6, "c"),
        (3, 7, "d"),
    ]
    assert [(each.data, each.number) for each in caught.value.documents] == [({"a": 1}, 1), ({"e": 1}, 4)]


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_either_parser_will_do(monkeypatch: pytest.MonkeyPatch, loader: type) -> None:
    monkeypatch.setattr("fleet.yamlio.reader.Loader", loader)
    reader = Reader("a: &a [1, yes, 'x', !!str 2]\nb:\n  <<: {c: *a}\n  d: |\n    e\n")
    values = [1, True, "x", "2"]
    assert list(reader.documents()) == [({"a": values, "b": {"c": values, "d": "e\n"}}, 1)]
    assert problems("a:\n\tb: 1\n") == ["app.yaml:2: not valid YAML: a tab where there must be spaces"]
    assert problems("a: ü\nb: \x01\n") == ["app.yaml:2: not valid YAML: a character that YAML does not allow, U+0001"]
