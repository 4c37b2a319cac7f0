"""`spec.destination`."""

from __future__ import annotations

import pytest

from fleet import Destination, Helm, Kustomize
from tests.unit.argo.parsing import application, document, problem, problems


@pytest.mark.parametrize("key", ["server", "name"])
def test_one_cluster_by_url_or_name(key: str) -> None:
    found = application(destination=f"{{{key}: https://kubernetes.default.svc, namespace: shop}}")
    assert found.targets == (Destination("https://kubernetes.default.svc"),)
    assert found.namespace == "shop"
    assert found.targets[0].where.key == f"spec.destination.{key}"


def test_entries_may_differ_from_the_application() -> None:
    servers = "[https://one/, {name: two}, {server: three, namespace: b, targetRevision: v2, path: overlays/three}]"
    found = application(destination=f"{{servers: {servers}, namespace: a}}")
    assert found.targets == (
        Destination("https://one/"),
        Destination("two"),
        Destination("three", namespace="b", revision="v2", path="overlays/three"),
    )
    assert found.namespace == "a"
    assert [each.where.key for each in found.targets] == [f"spec.destination.servers[{n}]" for n in range(3)]


def test_entries_may_have_kustomize_and_helm_of_their_own() -> None:
    servers = "[one, {name: two, helm: {valuesObject: {a: {b: 1}}}}, {name: three, kustomize: {namePrefix: x-}}]"
    found = application(destination=f"{{servers: {servers}}}")
    assert found.targets == (
        Destination("one"),
        Destination("two", helm=Helm(values={"a": {"b": 1}})),
        Destination("three", kustomize=Kustomize(name_prefix="x-")),
    )


def test_empty_values_are_none() -> None:
    entry = "{name: one, server: '', namespace: '', targetRevision: '', path: null}"
    found = application(destination=f"{{servers: [{entry}], server: '', name: null, namespace: ''}}")
    assert found.targets == (Destination("one"),)


ONE_OF_THREE = "Give exactly one of server, name and servers."
ONE_OF_TWO = "Give exactly one of server and name."
NAMESPACE = (
    'namespace must be at most 63 lower-case letters, digits and "-", starting and ending with a letter or digit'
)
KNOWN_IN_ENTRY = (
    "Known here: server, name, source, namespace, targetRevision, path, kustomize, helm, patches, labels, annotations, "
    "skip."
)
PLACES_OF_PATH = "It belongs in spec.source or spec.destination.servers[] or spec.overrides[]."
ENTRY = "must be a cluster's URL or name, or a mapping with server or name"


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("{namespace: a}", f": no cluster is named\n  → {ONE_OF_THREE}"),
        ("{server: a, name: b}", f": server and name are given together\n  → {ONE_OF_THREE}"),
        ("{name: b, servers: [a]}", f": name and servers are given together\n  → {ONE_OF_THREE}"),
        ("{servers: []}", ".servers: must have at least one entry\n  → List the clusters to deploy to."),
        ("{servers: a}", '.servers: must be a list\n  It is the string "a".'),
        ("{servers: {server: a}}", ".servers: must be a list\n  It is a mapping."),
        ("{servers: [a, 1]}", f".servers[1]: {ENTRY}\n  It is the number 1."),
        ("{servers: [a, null]}", f".servers[1]: {ENTRY}\n  It is null."),
        ("{servers: ['']}", f'.servers[0]: {ENTRY}\n  It is the string "".'),
        ("{servers: [{namespace: a}]}", f".servers[0]: no cluster is named\n  → {ONE_OF_TWO}"),
        ("{servers: [{server: a, name: b}]}", f".servers[0]: server and name are given together\n  → {ONE_OF_TWO}"),
        ("{servers: [{server: []}]}", ".servers[0].server: must be a string\n  It is an empty list."),
        ("{servers: [{server: a, namespace: A}]}", f".servers[0].namespace: {NAMESPACE}\n  It is 'A'."),
        ("{server: a, namespace: A}", f".namespace: {NAMESPACE}\n  It is 'A'."),
        ("{server: ' '}", ".server: server must be a string that is not empty\n  It is ' '."),
        (
            "{servers: [{server: a, path: /b}]}",
            ".servers[0].path: path must be relative to the repository's root, without \"..\"\n  It is '/b'.",
        ),
        (
            "{servers: [{server: a, helm: {values: b}}]}",
            ".servers[0].helm.values: must be one YAML mapping\n  → Write `key: value` lines.",
        ),
        ("{servers: [{url: a, name: b}]}", f".servers[0].url: unknown key url\n  → {KNOWN_IN_ENTRY}"),
        ("{server: a, path: b}", f".path: unknown key path\n  → {PLACES_OF_PATH}"),
    ],
)  # fmt: skip
def test_a_wrong_destination_names_the_key(destination: str, expected: str) -> None:
    assert problem(destination=destination) == f"spec.destination{expected}"


def test_one_wrong_entry_hides_no_other() -> None:
    servers = "[{path: /a}, {name: b, namespace: B}, 1]"
    assert problems(document(destination=f"{{servers: {servers}, server: 1}}")) == [
        "spec.destination: server and servers are given together",
        "spec.destination.server: must be a string",
        "spec.destination.servers[0]: no cluster is named",
        'spec.destination.servers[0].path: path must be relative to the repository\'s root, without ".."',
        f"spec.destination.servers[1].namespace: {NAMESPACE}",
        f"spec.destination.servers[2]: {ENTRY}",
    ]
