"""What `.argocd-source.yaml` makes of a tool: a JSON merge patch of what the source tells it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet import Directory, Helm, Jsonnet, Kustomize
from fleet.argo.source_files import overruled
from fleet.errors import DeclarationError, Problem
from fleet.model.source import Tool
from fleet.yamlio import dump
from tests.unit.argo.parsing import EVERY_HELM, EVERY_KUSTOMIZE

EVERY_DIRECTORY = Directory(
    recurse=True,
    include="*.x",
    exclude="y",
    disable_extension_filter=True,
    jsonnet=Jsonnet(ext_vars={"a": "1"}, ext_code={"b": "2"}, tlas={"c": "3"}, tla_code={"d": "4"}, libs=["vendor"]),
)


@pytest.mark.parametrize(
    "tool", [EVERY_HELM, EVERY_KUSTOMIZE, EVERY_DIRECTORY, Directory(), Helm(), Kustomize()], ids=repr
)
@pytest.mark.parametrize("text", ["", "{}", "# nothing\n", "path: elsewhere\nrepoURL: other\n"])
def test_a_file_that_says_nothing_changes_nothing(tool: Tool, text: str) -> None:
    found = overruled(tool, text, "f.yaml")
    assert found == tool or (found.is_zero and tool.is_zero)


@pytest.mark.parametrize(
    ("tool", "text", "expected"),
    [
        pytest.param(
            Directory(), "helm: {parameters: [{name: a, value: b}]}", Helm(parameters={"a": "b"}), id="a tool"
        ),
        pytest.param(
            Helm(parameters={"a": "1", "b": "2"}, release_name="r"),
            "helm: {parameters: [{name: a, value: '3'}]}",
            Helm(parameters={"a": "3"}, release_name="r"),
            id="lists are replaced",
        ),
        pytest.param(
            Helm(values={"a": {"b": 1, "c": 2}, "d": 3}),
            "helm: {valuesObject: {a: {b: 9, c: null}}}",
            Helm(values={"a": {"b": 9}, "d": 3}),
            id="mappings are merged, null takes away",
        ),
        pytest.param(
            Helm(values={"a": 1}, skip_crds=True),
            'helm: {values: "b: 2"}',
            Helm(values={"b": 2}, skip_crds=True),
            id="values as a text replace all",
        ),
        pytest.param(
            Kustomize(images=["a:1"], common_labels={"x": "1"}),
            "kustomize: {images: ['b:2'], commonLabels: {z: '2'}}",
            Kustomize(images=["b:2"], common_labels={"x": "1", "z": "2"}),
            id="kustomize",
        ),
        pytest.param(
            Kustomize(name_prefix="a-"),
            "kustomize: null\nhelm: {releaseName: r}",
            Helm(release_name="r"),
            id="other tool",
        ),
        pytest.param(Kustomize(name_prefix="a-"), "kustomize: {namePrefix: null}", Directory(), id="nothing is left"),
        pytest.param(
            Directory(jsonnet=Jsonnet(ext_vars={"a": "1"}, libs=["x"])),
            "directory: {jsonnet: {extVars: [{name: b, value: '2', code: true}]}}",
            Directory(jsonnet=Jsonnet(ext_code={"b": "2"}, libs=["x"])),
            id="jsonnet",
        ),
    ],
)
def test_a_merge_patch(tool: Tool, text: str, expected: Tool) -> None:
    assert overruled(tool, text, "f.yaml") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("helm:\n  parameters:\n  - {name: a, value: 1}\n", "f.yaml:3, helm.parameters[0].value: must be a string"),
        ("kustomize: {namePrefix: a}\nhelm: {releaseName: r}\n", "f.yaml:1: kustomize and helm are given together"),
        ("hlem: {}\n", "f.yaml:1, hlem: unknown key hlem"),
        ("\nhelm: {relaseName: a}\n", "f.yaml:2, helm.relaseName: unknown key relaseName"),
        ("plugin: {}\n", "f.yaml:1, plugin: plugin is not supported yet"),
        ("- a\n", "f.yaml: this is not what a source may be told: it is not one mapping"),
        ("a: 1\n---\nb: 2\n", "f.yaml: this is not what a source may be told: it is not one mapping"),
        ("a: [\n", "f.yaml:1: not valid YAML"),
    ],
)
def test_what_is_wrong_has_its_place(text: str, expected: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        overruled(Directory(), text, "f.yaml")
    assert str(caught.value).startswith(expected)


data = st.recursive(
    st.none() | st.booleans() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["helm", "values", "a"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(patch=st.dictionaries(st.sampled_from(["helm", "kustomize", "directory", "path"]), data, max_size=3))
def test_whatever_is_in_it_gives_a_tool_or_problems(patch: dict[str, Any]) -> None:
    found: Tool | tuple[Problem, ...]
    try:
        found = overruled(EVERY_HELM, dump(patch), "f.yaml")
    except DeclarationError as error:
        found = error.problems
    assert not isinstance(found, tuple) or all(problem.where.file == "f.yaml" for problem in found)
