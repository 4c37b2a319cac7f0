"""What is refused, and in what words."""

from __future__ import annotations

import pytest

from fleet import yamlio
from fleet.yamlio import YamlProblem
from fleet.yamlio.reader import MAX_DEPTH
from tests.unit.yamlio.loading import load, problems

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

REFUSED = {
    "key twice": ("a: 1\nb: 2\na: 3\n", "app.yaml:3, a: the mapping has this key twice"),
    "key twice as a number": ("80: a\n'80': b\n", "app.yaml:2, 80: the mapping has this key twice"),
    "key twice inside": ("a:\n- b: 1\n- {c: 1, c: 2}\n", "app.yaml:3, a[1].c: the mapping has this key twice"),
    "merge below": ("p: &x {a: 1}\nq:\n  a: 2\n  <<: *x\n", "app.yaml:4, q.<<: `<<` merges keys that are set above it"),
    "merge of a text": ("<<: a\n", "app.yaml:1, <<: `<<` must have a mapping, or a list of mappings"),
    "mapping as key": ("a: {{ .Values.x }}\n", "app.yaml:1, a: a mapping or a list cannot be a key"),
    "list as key": ("? [a]\n: b\n", "app.yaml:1: a mapping or a list cannot be a key"),
    "null as key": ("~: a\n", "app.yaml:1: a key is empty"),
    "not a number": ("a: .nan\n", "app.yaml:1, a: .nan is not a number in JSON"),
    "infinite": ("a: [-.inf]\n", "app.yaml:1, a[0]: -.inf is not a number in JSON"),
    "foreign tag": ("a: !vault abc\n", "app.yaml:1, a: the tag !vault means nothing here"),
    "foreign tag of a mapping": ("a: !x {}\n", "app.yaml:1, a: the tag !x means nothing here"),
    "set": ("a: !!set {b}\n", "app.yaml:1, a: the tag !!set means nothing here"),
    "python": ("a: !!python/name:os.system\n", "app.yaml:1, a: the tag !!python/name:os.system means nothing here"),
    "wrong tag": ("a: !!int b\n", "app.yaml:1, a: this is not what its tag !!int says"),
    "no anchor": ("a: *b\n", "app.yaml:1, a: *b refers to no complete value before it"),
    "other document's anchor": ("a: &b\n---\n*b\n", "app.yaml:3, document 2: *b refers to no complete value before it"),
    "alias in itself": ("a: &a [*a]\n", "app.yaml:1, a[0]: *a refers to no complete value before it"),
    "aliases of aliases": (BOMB, "app.yaml:6, f[2]: too many aliases of aliases"),
    "deep": ("[" * 100_000, "app.yaml:1: nested too deeply"),
    "deep by aliases": (
        f"a: &a {'[' * 60}{']' * 60}\nb: {'[' * 60}*a{']' * 60}\n",
        "app.yaml:2: nested too deeply",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_json_cannot_say_or_kubernetes_would_change_is_refused(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_nesting_is_limited_and_not_before_the_limit() -> None:
    assert load("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert load("{" + '"a": {' * (MAX_DEPTH - 1) + "}" * MAX_DEPTH, "app.json")


MALFORMED = {
    "tab": ("a:\n\tb: 1\n", 2, "a tab where there must be spaces"),
    "tab after spaces": ("a:\n  b: 1\n\tc: 2\n", 3, "a tab where there must be spaces"),
    "tab in a block": ("a: |\n\tx\n", 2, "a tab where there must be spaces"),
    "outdented key": ("a:\n    b: 1\n  c: 2\n", 3, "bad indentation, or more text after a complete value"),
    "text after quotes": ("a: 'x' y\n", 1, "bad indentation, or more text after a complete value"),
    "key in a list": ("- a\nb: 1\n", 2, "bad indentation: this is no entry of the list above it"),
    "indented key": ("a: 1\n  b: 2\n", 2, 'a ":" where there can be no key'),
    "colon in a value": ("a: b: c\n", 1, 'a ":" where there can be no key'),
    "open quote": ("b: 1\na: 'x\nc: 1\nd: 1\n", 2, "a quote is opened and never closed"),
    "open bracket": ("a: [1, 2\nb: 1\n", 1, 'a "[" or "{" is not closed, or a "," is missing'),
    "no colon": ("a: 1\nb\nc: 2\n", 2, 'a line that is neither "key: value" nor an entry of a list'),
    "reserved": ("a: @x\n", 1, "a value cannot start with this character"),
    "glob": ("a: *.example.com\n", 1, 'a "*" or "&" without a name'),
    "list on its key": ("a: - b\n", 1, "a list on the line of its key"),
    "backslash": ('a: "\\d"\n', 1, "a backslash in double quotes that starts no known escape"),
    "template": ("{{- if x }}\na: 1\n", 1, "a value is missing, or starts with a character that it cannot start with"),
    "conflict": ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", 2, "the marks of a merge conflict"),
    "second JSON value": ('{"a": 1}\n{"b": 2}\n', 2, "more text after the end of the document"),
    "control character": ("a: 1\nb: 'ü\x01'\n", 2, "a character that YAML does not allow, U+0001"),
    "surrogate": ("a: \ud800\n", 0, "the file's text is not Unicode"),
    "unknown to us": ("a: |x\n  b\n", 1, "did not find expected comment or line break"),
}


@pytest.mark.parametrize(("text", "line", "summary"), MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_yaml_is_explained_where_the_mistake_is(text: str, line: int, summary: str) -> None:
    with pytest.raises(YamlProblem) as caught:
        yamlio.load_documents(f"# one\n{text}", file="app.yaml")
    assert caught.value.problem.summary == f"not valid YAML: {summary}"
    assert caught.value.problem.where.line == (line + 1 if line else 0)


def test_a_parser_s_complaint_says_what_to_do() -> None:
    with pytest.raises(YamlProblem) as caught:
        yamlio.load_documents("a:\n  b: {{ x }} y\n", file="app.yaml")
    assert str(caught.value) == (
        "app.yaml:2: not valid YAML: bad indentation, or more text after a complete value\n"
        "  The parser says: while parsing a block mapping, did not find expected key.\n"
        "  → Align the line with the keys that it belongs to; put the whole value in quotes, not a part of it.\n"
        "  → If this file is a template, render it first."
    )
