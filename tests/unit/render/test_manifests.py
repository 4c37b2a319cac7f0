"""What one file holds: objects, nothing to do with Kubernetes, or problems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.render.manifests import read_file, without_nulls

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"
POD = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}'
JOB = "apiVersion: batch/v1\nkind: Job\nmetadata:\n"
EXCLUDE = (
    "\n  → If it is not meant for the clusters, leave it out: by directory.exclude, or by a line in it,"
    "\n  → # +argocd:skip-file-rendering"
)


def bodies(file: str, text: str) -> list[Any]:
    found = read_file(file, text.encode())
    assert found.problems == ()
    return [manifest.body for manifest in found.manifests]


def problems(file: str, text: str | bytes) -> list[str]:
    return [str(problem) for problem in read_file(file, text.encode() if isinstance(text, str) else text).problems]


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        pytest.param("a.yaml", CONFIG_MAP, ["x"], id="one"),
        pytest.param("a.yaml", f"---\n{CONFIG_MAP}---\n---\n# no\n---\n{CONFIG_MAP}...\n", ["x", "x"], id="several"),
        pytest.param("a.json", POD, ["p"], id="JSON"),
        pytest.param("a.yaml", POD, ["p"], id="JSON in YAML"),
        pytest.param(
            "a.yaml",
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: p}}\n"
            "- {apiVersion: v1, kind: Pod, metadata: {name: q}}\n",
            ["p", "q"],
            id="List",
        ),
        pytest.param(
            "a.yaml",
            "apiVersion: apps/v1\nkind: DeploymentList\nmetadata: {}\nitems:\n"
            "- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: p}}]}\n",
            ["p"],
            id="a list of a kind, and a list in it",
        ),
        pytest.param("a.yaml", "apiVersion: v1\nkind: List\nitems: []\n", [], id="empty List"),
        pytest.param("a.yaml", f"apiVersion: v1\nkind: XList\nitems:\n---\n{CONFIG_MAP}", ["x"], id="null List"),
        pytest.param(
            "a.yaml", "apiVersion: v1\nkind: X\nmetadata: {name: name}\nitems:\nspec: {a: 1}\n", ["name"], id="no List"
        ),
        pytest.param("a.yaml", "", [], id="empty"),
        pytest.param("a.yaml", "# only a comment\n---\n", [], id="comments"),
        pytest.param("values.yaml", "image: nginx\n", [], id="values"),
        pytest.param("values.yaml", "- a\n- b\n", [], id="a list"),
        pytest.param("values.yaml", "text", [], id="a text"),
        pytest.param("values.yaml", "kind: {a: 1}\n", [], id="kind is something else"),
        pytest.param("values.yaml", "a: 1\n---\nb: 2\n", [], id="several without kind"),
        pytest.param("mkdocs.yml", "x: !!python/name:y.z ''\nx: 2\n", [], id="YAML that is refused in manifests"),
    ],
)
def test_what_is_read(file: str, text: str, expected: list[str]) -> None:
    assert [body["metadata"]["name"] for body in bodies(file, text)] == expected


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        pytest.param(
            "a.yaml",
            CONFIG_MAP + "---\na: 1\n",
            ["a.yaml:6, document 2: this is not a Kubernetes object: apiVersion and kind are missing" + EXCLUDE],
            id="an object, then something else",
        ),
        pytest.param(
            "a.yaml",
            "a: 1\n---\n" + CONFIG_MAP,
            ["a.yaml:1, document 1: this is not a Kubernetes object: apiVersion and kind are missing" + EXCLUDE],
            id="something else, then an object",
        ),
        pytest.param(
            "a.yaml",
            "# kind:\napiVersion: v1\nmetadata:\n  name: x\n",
            ["a.yaml:2: this is not a Kubernetes object: kind is missing" + EXCLUDE],
            id="meant as a manifest",
        ),
        pytest.param(
            "a.yaml",
            "kind: Cluster\nnodes: []\n",
            ["a.yaml:1: this is not a Kubernetes object: apiVersion is missing" + EXCLUDE],
            id="no apiVersion",
        ),
        pytest.param(
            "a.yaml",
            "apiVersion: 1\nkind: Pod\nmetadata: {name: x}\n",
            ["a.yaml:1, apiVersion: apiVersion must be a text\n  → YAML reads it as 1: put it in quotes."],
            id="apiVersion is a number",
        ),
        pytest.param(
            "a.yaml",
            "apiVersion: v1\nkind: Pod\n",
            ["a.yaml:1, metadata: metadata.name is missing" + EXCLUDE],
            id="no metadata",
        ),
        pytest.param(
            "a.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: x\n",
            ["a.yaml:3, metadata: metadata must be a mapping"],
            id="metadata is a text",
        ),
        pytest.param(
            "a.yaml",
            JOB + "  namespace: x\n",
            ["a.yaml:3, metadata.name: metadata.name is missing" + EXCLUDE],
            id="no name",
        ),
        pytest.param(
            "a.yaml",
            JOB + "  generateName: j-\n",
            [
                (
                    "a.yaml:4, metadata.generateName: generateName is for hooks only\n"
                    "  → Give it a metadata.name: what is named anew in every run can be neither compared nor pruned."
                )
            ],
            id="generateName",
        ),
        pytest.param(
            "a.yaml",
            JOB + "  name: 010\n  namespace: on\n",
            [
                "a.yaml:4, metadata.name: metadata.name must be a text\n  → YAML reads it as 8: put it in quotes.",
                (
                    "a.yaml:5, metadata.namespace: metadata.namespace must be a text\n"
                    "  → YAML reads it as true: put it in quotes."
                ),
            ],
            id="name and namespace are no texts",
        ),
        pytest.param(
            "a.yaml",
            JOB + "  name: x\n  labels: {a: yes, b: 1.5, c: ok, d: {}}\n  annotations: [a]\n",
            [
                (
                    "a.yaml:5, metadata.labels.a: metadata.labels: the value of a must be a text\n"
                    "  → YAML reads it as true: put it in quotes."
                ),
                (
                    "a.yaml:5, metadata.labels.b: metadata.labels: the value of b must be a text\n"
                    "  → YAML reads it as 1.5: put it in quotes."
                ),
                "a.yaml:5, metadata.labels.d: metadata.labels: the value of d must be a text",
                "a.yaml:6, metadata.annotations: metadata.annotations must be a mapping of texts",
            ],
            id="labels and annotations are no texts",
        ),
        pytest.param(
            "a.yaml",
            CONFIG_MAP + "data:\n  p: 80\n  none:\n  text: x\n",
            [
                "a.yaml:6, data.p: data: the value of p must be a text\n  → YAML reads it as 80: put it in quotes.",
                'a.yaml:7, data.none: data: the value of none must be a text\n  → Write "" for an empty text.',
            ],
            id="data of a ConfigMap",
        ),
        pytest.param(
            "a.yaml",
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: p}}\n- 1\n"
            "- apiVersion: v1\n  kind: Pod\n  metadata: {}\n",
            [
                "a.yaml:5, items[1]: this is not a Kubernetes object: it is not a mapping" + EXCLUDE,
                "a.yaml:8, items[2].metadata.name: metadata.name is missing" + EXCLUDE,
            ],
            id="items of a List",
        ),
        pytest.param(
            "a.json",
            "[1]",
            ["a.json:1: this is not a Kubernetes object: it is not a mapping" + EXCLUDE],
            id="JSON array",
        ),
        pytest.param(
            "package.json",
            '{\n  "name": "x"\n}\n',
            ["package.json:1: this is not a Kubernetes object: apiVersion and kind are missing" + EXCLUDE],
            id="other JSON",
        ),
        pytest.param(
            "a.yaml",
            "a: [1\n",
            [
                'a.yaml:1: not valid YAML: a "[" or "{" is not closed, or a "," is missing\n'
                "  The parser says: while parsing a flow sequence, did not find expected ',' or ']'.\n"
                "  → Close it on the right line." + EXCLUDE
            ],
            id="not YAML, and no manifest",
        ),
        pytest.param(
            "a.yaml",
            CONFIG_MAP + "kind: Secret\n",
            ["a.yaml:5, kind: the mapping has this key twice\n  → Keep one of them."],
            id="a key twice",
        ),
    ],
)
def test_what_is_wrong(file: str, text: str, expected: list[str]) -> None:
    assert problems(file, text) == expected


def generated(text: str) -> Mapping[str, Any]:
    annotation = "annotations: {argocd.argoproj.io/hook: PreSync}"
    (manifest,) = read_file("a.yaml", f"{JOB}  {annotation}\n{text}".encode()).manifests
    return manifest.metadata


def test_a_hook_is_named_by_what_it_says() -> None:
    first = generated("  generateName: migrate-\nspec: {backoffLimit: 1}\n")
    again = generated("  name:\n  generateName: migrate-\nspec:\n  backoffLimit: 1\n")
    other = generated("  generateName: migrate-\nspec: {backoffLimit: 2}\n")
    assert first == again == {"name": first["name"], "annotations": {"argocd.argoproj.io/hook": "PreSync"}}
    assert re.fullmatch(r"migrate-[0-9a-f]{10}", first["name"])
    assert other["name"] != first["name"]


def test_a_generated_name_can_be_a_label() -> None:
    assert len(generated(f"  generateName: {'long-' * 20}\n")["name"]) == 63


def test_a_name_goes_before_one_that_would_be_generated() -> None:
    assert generated("  name: a\n  generateName: b-\n")["name"] == "a"


def test_problems_of_all_documents_come_together() -> None:
    text = f"{JOB}  generateName: a\n---\n{CONFIG_MAP}---\n{JOB}  generateName: b\n"
    assert [problem.partition(",")[0] for problem in problems("a.yaml", text)] == ["a.yaml:4", "a.yaml:14"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: 1\nb: \xff\n", "a.yaml:2: the file is not UTF-8\n  → Save it as UTF-8." + EXCLUDE),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
            "a.yaml: this is a pointer of Git LFS, not the file\n  → Commit the file itself: Git LFS is not supported.",
        ),
    ],
)
def test_bytes_that_are_no_text(data: bytes, expected: str) -> None:
    assert problems("a.yaml", data) == [expected]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding: str) -> None:
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    (manifest,) = read_file("a.yaml", (mark + CONFIG_MAP + "data:\n  ö: ü\n").encode(encoding)).manifests
    assert manifest.body["data"] == {"ö": "ü"}


def test_timestamps_stay_texts_and_the_order_stays() -> None:
    text = "kind: X\napiVersion: g/v1\nmetadata: {name: x}\nspec: {z: 2020-01-01, b: 2020-01-01T00:00:00Z, a: null}\n"
    (body,) = bodies("a.yaml", text)
    assert list(body) == ["kind", "apiVersion", "metadata", "spec"]
    assert list(body["spec"].items()) == [("z", "2020-01-01"), ("b", "2020-01-01T00:00:00Z")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": None, "b": 0, "c": "", "d": False, "e": {}, "f": []}, {"b": 0, "c": "", "d": False, "e": {}, "f": []}),
        ({"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
        ([None, 1, [None], {"a": None}], [1, [], {}]),
    ],
)
def test_nulls_are_left_out(value: Any, expected: Any) -> None:
    assert without_nulls(value) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def nulls(value: Any) -> int:
    """How many nulls there are inside."""
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(entry is None or nulls(entry) for entry in entries)


@given(JSON)
def test_without_nulls_there_are_none_left(value: Any) -> None:
    assert nulls(without_nulls(value)) == 0
    assert without_nulls(value) == value or nulls(value) > 0
