"""Key paths → lines."""

from __future__ import annotations

import pytest

from fleet import yamlio

LOCATED = """\
# the first document
metadata:
  annotations:
    example.com/a: x
    example.com/a.b: y
spec:
  servers:
    - a
    - server: b
      path: c
---
spec: {servers: [a,
  b]}
"""


@pytest.mark.parametrize(
    ("document", "key", "line"),
    [
        (0, "", 2),
        (1, "metadata.annotations.example.com/a", 4),
        (1, "metadata.annotations.example.com/a.b", 5),
        (1, "spec.servers[0]", 8),
        (1, "spec.servers[1]", 9),
        (1, "spec.servers[1].path", 10),
        (1, "spec.servers[1].missing", 9),
        (1, "spec.servers[2]", 7),
        (1, "specification", 2),
        (1, "spec.source.path", 6),
        (2, "spec.servers[1]", 13),
        (3, "spec", 0),
    ],
)
def test_a_key_is_located_or_what_is_around_it(document: int, key: str, line: int) -> None:
    assert yamlio.locate(LOCATED, document, key) == line


def test_one_reading_answers_for_all_documents() -> None:
    lines = yamlio.Lines(LOCATED)
    assert [lines.locate(document, "spec.servers[1]") for document in (1, 2, 3)] == [9, 13, 0]


def test_keys_are_located_in_json_and_beside_broken_documents() -> None:
    assert yamlio.locate('{\n  "a": {\n    "b": [1,\n2]}}', 0, "a.b[1]") == 4
    assert yamlio.locate("a: [\n---\nb:\n  c: 1\n", 2, "b.c") == 4
    assert yamlio.locate("a: [\n---\nb: 1\n", 1, "a") == 0
