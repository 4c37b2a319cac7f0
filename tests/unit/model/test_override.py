"""What can be said in an Override, a Destination and a Patch, and what is refused where it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fleet import ChartSource, Cluster, Destination, GitSource, Helm, Kustomize, Override, Patch, PatchTarget
from fleet.errors import DeclarationError

TARGET = PatchTarget(kind="Deployment")
OPERATION = "must be an operation: op (add, remove, replace, move, copy or test), path, and value or from"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        pytest.param(
            lambda: Override(clusters="prod"),
            "Override: clusters must be a list of cluster names or globs\n  It is 'prod'.",
            id="a text is no list",
        ),
        pytest.param(
            lambda: Override(clusters=["dev", 1]),  # type: ignore[list-item]
            "Override: clusters[1] must be cluster names or globs\n  It is 1.",
            id="a number is no cluster",
        ),
        pytest.param(
            lambda: Override(clusters=[""]),
            "Override: clusters[0] must be a string that is not empty\n  It is ''.",
            id="an empty name",
        ),
        pytest.param(
            lambda: Override(clusters=["prod-[eu"]),
            "Override: clusters[0] must be a name or glob: a [ is not closed, or a class holds more than one range\n"
            "  It is 'prod-[eu'.",
            id="a glob that is none",
        ),
        pytest.param(
            lambda: Override(selector="env=a b"),
            "'env=a b' is not a label selector\n"
            "  It has 'env=a b'.\n"
            "  → Write it like `env=prod`, `env!=prod`, `env in (dev,test)`, `env notin (dev)`, `env` or `!env`.",
            id="a selector that is none",
        ),
        pytest.param(
            lambda: Override(selector={"env": "prod"}),  # type: ignore[arg-type]
            "Override: selector must be a string\n  It is {'env': 'prod'}.",
            id="labels are no selector",
        ),
        pytest.param(
            lambda: Destination("dev", source=GitSource("r")),  # type: ignore[arg-type]
            "Destination 'dev': source must be the name of one of the application's sources",
            id="a source is no name of one",
        ),
        pytest.param(
            lambda: Override(namespace="Shop"),
            "Override: namespace must be at most 63 lower-case letters",
            id="namespace",
        ),
        pytest.param(
            lambda: Override(revision="--upload-pack=x"),
            "Override: revision must be a branch, tag, SHA, HEAD, refs/… or a version\n  It is '--upload-pack=x'.",
            id="a revision is no option",
        ),
        pytest.param(
            lambda: ChartSource("https://charts.example.com", chart="a", version="-1"),
            "ChartSource 'https://charts.example.com': version must be a branch",
            id="a version is no option",
        ),
        pytest.param(
            lambda: Destination("dev", revision=1),  # type: ignore[arg-type]
            "Destination 'dev': revision must be a string that is not empty, or None\n  It is 1.",
            id="a revision is a text",
        ),
        pytest.param(
            lambda: Override(path="../elsewhere"),
            "Override: path must be relative to the repository's root, without \"..\"\n  It is '../elsewhere'.",
            id="path",
        ),
        pytest.param(
            lambda: Override(helm={"values": {}}),  # type: ignore[arg-type]
            "Override: helm must be a Helm\n  It is {'values': {}}.",
            id="helm",
        ),
        pytest.param(
            lambda: Override(helm=Helm(skip_crds=True), kustomize=Kustomize(name_prefix="x-")),
            "Override: kustomize and helm are given together\n  → Keep one of them.",
            id="two tools",
        ),
        pytest.param(
            lambda: Override(patches=[{"spec": {}}]),  # type: ignore[list-item]
            "Override: patches[0] must be Patches\n  It is {'spec': {}}.",
            id="a mapping is no Patch",
        ),
        pytest.param(
            lambda: Override(labels={"a": 1}),  # type: ignore[dict-item]
            "Override: labels must be a mapping of strings to strings\n  It is {'a': 1}.",
            id="labels",
        ),
        pytest.param(
            lambda: Override(annotations=["a"]),  # type: ignore[arg-type]
            "Override: annotations must be a mapping of strings to strings\n  It is ['a'].",
            id="annotations",
        ),
        pytest.param(
            lambda: Override(skip="no"),  # type: ignore[arg-type]
            "Override: skip must be True, False or None\n  It is 'no'.",
            id="skip",
        ),
        pytest.param(
            lambda: Patch("spec: {}", target=TARGET),  # type: ignore[arg-type]
            "Patch: patch must be a list of operations, or a mapping\n  It is 'spec: {}'.",
            id="a text is no patch",
        ),
        pytest.param(
            lambda: Patch({"spec": {"replicas": 3}}),
            "Patch: target must be given, or the patch have apiVersion, kind and metadata.name\n  It is None.",
            id="a patch for nobody knows what",
        ),
        pytest.param(
            lambda: Patch([{"op": "remove", "path": "/spec"}]),
            "Patch: target must be given: a JSON patch does not say what it is for\n  It is None.",
            id="a JSON patch for nobody knows what",
        ),
        pytest.param(
            lambda: Patch([{"op": "remove", "path": "/a"}, {"op": "delete", "path": "/a"}], target=TARGET),
            f"Patch: patch[1] {OPERATION}\n  It is {{'op': 'delete', 'path': '/a'}}.",
            id="no operation",
        ),
        pytest.param(
            lambda: Patch([{"op": "add", "path": "/a"}], target=TARGET), f"Patch: patch[0] {OPERATION}", id="no value"
        ),
        pytest.param(
            lambda: Patch([{"op": "move", "path": "/a"}], target=TARGET), f"Patch: patch[0] {OPERATION}", id="no from"
        ),
        pytest.param(
            lambda: Patch({"spec": {"a": object()}}, target=TARGET),
            "Patch: patch.spec.a must be a string, number, boolean, None, list or mapping",
            id="a patch is plain data",
        ),
        pytest.param(
            lambda: Patch({}, target=TARGET, optional=None),  # type: ignore[arg-type]
            "Patch: optional must be True or False\n  It is None.",
            id="optional",
        ),
        pytest.param(
            lambda: Patch({}, target="Deployment"),  # type: ignore[arg-type]
            "Patch: target must be a PatchTarget, or None\n  It is 'Deployment'.",
            id="target",
        ),
        pytest.param(
            lambda: PatchTarget(name="web-("),
            "PatchTarget: name must be a regular expression: missing ), unterminated subpattern",
            id="an expression that is none",
        ),
        pytest.param(
            lambda: PatchTarget(label_selector="a b"), "'a b' is not a label selector", id="a target's selector"
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_where_it_is_written(wrong: Callable[[], object], expected: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        wrong()
    assert str(caught.value).startswith(expected)


def test_a_patch_may_say_itself_what_it_is_for() -> None:
    patch = Patch(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"paused": True}}
    )
    assert (patch.target, patch.is_json_patch) == (None, False)


def test_the_text_of_a_patch_is_json() -> None:
    operations: list[dict[str, Any]] = [
        {"op": "replace", "path": "/spec/replicas", "value": 3},
        {"op": "remove", "path": "/spec/paused"},
    ]
    assert Patch({"spec": {"b": None, "a": 1}}, target=TARGET).text == '{"spec": {"a": 1, "b": null}}'
    assert Patch(operations, target=TARGET).text == (
        '[{"op": "replace", "path": "/spec/replicas", "value": 3}, {"op": "remove", "path": "/spec/paused"}]'
    )
    assert Patch(operations, target=TARGET).is_json_patch


def test_what_is_given_can_be_changed_and_changes_nothing() -> None:
    clusters, labels, body = ["prod"], {"a": "b"}, {"spec": {"a": 1}}
    override = Override(clusters=clusters, labels=labels, patches=[Patch(body, target=TARGET)])
    same = Override(clusters=["prod"], labels={"a": "b"}, patches=[Patch({"spec": {"a": 1}}, target=TARGET)])
    clusters.append("dev")
    labels["a"] = "c"
    body["spec"]["a"] = 2
    assert (override, hash(override)) == (same, hash(same))


def test_a_destination_says_as_an_override_what_it_says() -> None:
    said = {"namespace": "a", "revision": "v1", "path": "p", "source": "s", "skip": False}
    own = Destination(Cluster("dev"), **said, labels={"a": "b"}, helm=Helm(values={"a": 1})).override  # type: ignore[arg-type]
    assert own == Override(**said, labels={"a": "b"}, helm=Helm(values={"a": 1}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (Override(), "all clusters"),
        (Override(clusters=[]), "no cluster"),
        (Override(clusters=[Cluster("prod"), "eu-*"]), "prod, eu-*"),
        (Override(selector="env=prod"), "env=prod"),
        (Override(clusters=["eu-*"], selector="env"), "eu-*; env"),
        (Override(clusters=[], selector="env"), "no cluster; env"),
    ],
)
def test_an_override_is_called_by_whom_it_is_about(override: Override, expected: str) -> None:
    assert str(override) == expected
