"""`spec.overrides`, and what else an entry of `spec.destination.servers` says."""

from __future__ import annotations

import pytest

from fleet import Destination, Helm, Kustomize, Override, Patch, PatchTarget
from tests.unit.argo.parsing import application, document, problem, problems

DEPLOYMENTS = PatchTarget(kind="Deployment")


def overrides(text: str) -> tuple[Override, ...]:
    return tuple(application(spec=f"overrides: {text}").overrides)


def test_overrides_come_in_the_order_of_the_file() -> None:
    found = overrides("[{selector: env=prod, namespace: a}, {clusters: [eu-*, us], targetRevision: v1}, {path: p}]")
    assert found == (
        Override(selector="env=prod", namespace="a"),
        Override(clusters=["eu-*", "us"], revision="v1"),
        Override(path="p"),
    )
    assert [each.where.key for each in found] == [f"spec.overrides[{position}]" for position in range(3)]


EVERYTHING = (
    "source: site, namespace: shop, targetRevision: v2, path: prod, helm: {valuesObject: {a: {b: 1}}}, "
    "labels: {a: b}, annotations: {c: d}, skip: false, patches: [{target: {kind: Deployment}, patch: {spec: {a: 1}}}]"
)
SAID = {
    "source": "site",
    "namespace": "shop",
    "revision": "v2",
    "path": "prod",
    "helm": Helm(values={"a": {"b": 1}}),
    "labels": {"a": "b"},
    "annotations": {"c": "d"},
    "skip": False,
    "patches": [Patch({"spec": {"a": 1}}, target=DEPLOYMENTS)],
}


def test_an_override_and_a_server_can_say_the_same() -> None:
    assert overrides(f"[{{{EVERYTHING}}}]") == (Override(**SAID),)  # type: ignore[arg-type]
    found = application(destination=f"{{servers: [{{name: dev, {EVERYTHING}}}]}}")
    assert found.targets == (Destination("dev", **SAID),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "empty",
    [
        "selector: ''",
        "clusters: null",
        "clusters: ['*']",
        "source: '', namespace: '', targetRevision: '', path: ''",
        "kustomize: {}, helm: {}, patches: [], labels: {}, annotations: {}, skip: null",
    ],
)
def test_what_says_nothing_is_nothing(empty: str) -> None:
    assert overrides(f"[{{{empty}}}]") == (Override(),)


@pytest.mark.parametrize("none", ["overrides: []", "overrides: null", ""])
def test_without_overrides_nothing_is_different(none: str) -> None:
    assert application(spec=none).overrides == ()


def test_kustomize_of_an_override() -> None:
    (found,) = overrides("[{kustomize: {images: ['web:2'], replicas: [{name: web, count: 3}]}}]")
    assert found.kustomize == Kustomize(images=["web:2"], replicas={"web": 3})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param("patch: {spec: {a: 1}}, target: {kind: Deployment}", {"spec": {"a": 1}}, id="mapping"),
        pytest.param("patch: 'spec: {a: 1}', target: {kind: Deployment}", {"spec": {"a": 1}}, id="text of a mapping"),
        pytest.param(
            "patch: [{op: remove, path: /spec/a}], target: {kind: Deployment}",
            [{"op": "remove", "path": "/spec/a"}],
            id="list",
        ),
        pytest.param(
            r'patch: "- op: replace\n  path: /spec/a\n  value: 3", target: {kind: Deployment}',
            [{"op": "replace", "path": "/spec/a", "value": 3}],
            id="text of a list",
        ),
        pytest.param(
            """patch: '[{"op": "remove", "path": "/a"}]', target: {kind: Deployment}""",
            [{"op": "remove", "path": "/a"}],
            id="text of JSON",
        ),
    ],
)
def test_a_patch_is_a_mapping_a_list_or_a_text_of_either(entry: str, expected: object) -> None:
    (found,) = overrides(f"[{{patches: [{{{entry}}}]}}]")
    assert found.patches == (Patch(expected, target=DEPLOYMENTS),)  # type: ignore[arg-type]


def test_a_patch_says_what_it_is_for_and_whether_it_may_match_nothing() -> None:
    target = (
        "{group: apps, version: v1, kind: 'Deploy.*', name: web, namespace: shop, "
        "labelSelector: a=b, annotationSelector: '!c'}"
    )
    (found,) = overrides(f"[{{patches: [{{patch: {{a: 1}}, target: {target}, optional: true}}]}}]")
    expected = PatchTarget(
        group="apps",
        version="v1",
        kind="Deploy.*",
        name="web",
        namespace="shop",
        label_selector="a=b",
        annotation_selector="!c",
    )
    assert found.patches == (Patch({"a": 1}, target=expected, optional=True),)


def test_a_patch_without_a_target_names_its_object() -> None:
    (found,) = overrides("[{patches: [{patch: {apiVersion: v1, kind: Service, metadata: {name: web}}}]}]")
    assert [(each.target, each.optional) for each in found.patches] == [(None, False)]


KNOWN = (
    "Known here: clusters, selector, source, namespace, targetRevision, path, kustomize, helm, patches, labels, "
    "annotations, skip."
)
A_NAME = "must be the name of one of the Application's sources"
BESIDE = "What is different goes beside it: targetRevision, path, helm, kustomize."
ONE = "must be one mapping or one list\n  → A mapping is a strategic merge patch; a list of operations is a JSON patch."


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("a", ': must be a list\n  It is the string "a".'),
        ("[a]", '[0]: must be a mapping\n  It is the string "a".'),
        ("[{}, {clusters: dev}]", '[1].clusters: must be a list\n  It is the string "dev".'),
        ("[{clusters: [a, 1]}]", "[0].clusters[1]: must be a string\n  It is the number 1.\n  → Put it in quotes."),
        (
            "[{clusters: []}]",
            "[0].clusters: must have at least one entry\n  → Name clusters, or leave the key out to mean all of them.",
        ),
        (
            "[{clusters: [a, 'b[']}]",
            "[0].clusters[1]: clusters must be a name or glob: a [ is not closed, or a class holds nothing",
        ),
        (
            "[{selector: 'a b'}]",
            "[0].selector: 'a b' is not a label selector\n  It has 'a b'.\n  → Write it like `env=prod`",
        ),
        ("[{selector: {env: prod}}]", "[0].selector: must be a string\n  It is a mapping."),
        (
            "[{source: {targetRevision: v1}}]",
            f"[0].source: {A_NAME}\n  It is a mapping.\n  → {BESIDE}",
        ),
        (
            "[{targetRevision: --upload-pack=x}]",
            "[0].targetRevision: targetRevision must be a branch, tag, SHA, HEAD, refs/… or a version",
        ),
        ("[{skip: 'true'}]", '[0].skip: must be true or false\n  It is the string "true".\n  → Remove the quotes.'),
        ("[{labels: {a: 1}}]", "[0].labels.a: must be a string\n  It is the number 1.\n  → Put it in quotes."),
        ("[{annotations: []}]", "[0].annotations: must be a mapping\n  It is an empty list."),
        ("[{revision: v1}]", "[0].revision: unknown key revision\n  → Did you mean targetRevision?"),
        ("[{url: {}}]", f"[0].url: unknown key url\n  → {KNOWN}"),
        ("[{cluster: dev}]", "[0].cluster: unknown key cluster\n  → Did you mean clusters?"),
        (
            "[{helm: {values: '- a'}}]",
            "[0].helm.values: must be one YAML mapping\n  → Write `key: value` lines.",
        ),
        (
            "[{helm: {skipCrds: true}, kustomize: {namePrefix: x-}}]",
            "[0]: Override: kustomize and helm are given together\n  → Keep one of them.",
        ),
        ("[{patches: {}}]", "[0].patches: must be a list\n  It is an empty mapping."),
        ("[{patches: [a]}]", '[0].patches[0]: must be a mapping\n  It is the string "a".'),
        ("[{patches: [{}]}]", f"[0].patches[0].patch: {ONE}"),
        ("[{patches: [{patch: 1, target: {kind: a}}]}]", f"[0].patches[0].patch: {ONE}"),
        ("[{patches: [{patch: a, target: {kind: a}}]}]", f"[0].patches[0].patch: {ONE}"),
        (r'[{patches: [{patch: "a: b\n---\nc: d", target: {kind: a}}]}]', f"[0].patches[0].patch: {ONE}"),
        ("[{patches: [{patch: {a: b}, target: {kinds: a}}]}]", "[0].patches[0].target.kinds: unknown key kinds"),
        ("[{patches: [{patch: {a: b}, path: a}]}]", "[0].patches[0].path: unknown key path"),
        (
            "[{patches: [{patch: {a: b}, target: {name: '('}}]}]",
            "[0].patches[0].target: PatchTarget: name must be a regular expression",
        ),
        (
            "[{patches: [{patch: {a: b}}]}]",
            "[0].patches[0]: Patch: target must be given, or the patch have apiVersion, kind and metadata.name",
        ),
        (
            "[{patches: [{patch: [{op: replace}], target: {kind: a}}]}]",
            "[0].patches[0]: Patch: patch[0] must be an operation",
        ),
    ],
)
def test_a_wrong_override_names_the_key(entries: str, expected: str) -> None:
    assert problem(spec=f"overrides: {entries}").startswith(f"spec.overrides{expected}")


def test_yaml_that_is_wrong_within_a_patch_says_in_which_line() -> None:
    text = problem(spec=r'overrides: [{patches: [{patch: "spec:\n  a: [1", target: {kind: a}}]}]')
    assert text.startswith("spec.overrides[0].patches[0].patch: line ")


def test_one_wrong_override_hides_no_other() -> None:
    assert problems(document(spec="overrides: [{selector: 'a b', skip: 1}, 1, {patches: [{patch: 1}, {}]}]")) == [
        "spec.overrides[0].selector: 'a b' is not a label selector",
        "spec.overrides[0].skip: must be true or false",
        "spec.overrides[1]: must be a mapping",
        "spec.overrides[2].patches[0].patch: must be one mapping or one list",
        "spec.overrides[2].patches[1].patch: must be one mapping or one list",
    ]
