"""AppProjects: what is read, what is named, what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fleet import GroupKind, Project, ProjectDestination
from fleet.argo import parse_documents
from fleet.errors import Problem
from fleet.yamlio import load_documents


def read(spec: str = "{}", metadata: str = "{name: web}") -> tuple[Sequence[Project], tuple[Problem, ...]]:
    text = f"apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {metadata}\nspec: {spec}\n"
    found, problems = parse_documents(load_documents(text, file="web.yaml"))
    return found.projects, problems


def project(spec: str = "{}", metadata: str = "{name: web}") -> Project:
    (found,), problems = read(spec, metadata)
    assert problems == ()
    return found


def problem(spec: str = "{}", metadata: str = "{name: web}") -> str:
    found, (only,) = read(spec, metadata)
    assert found == ()
    return str(only).removeprefix("web.yaml, ")


def test_everything_is_read() -> None:
    found = project(
        """
  description: The web
  sourceRepos: ['*', '!https://example.com/x']
  destinations:
    - {server: 'https://a', namespace: 'web-*'}
    - {name: '!prod', namespace: '*'}
  clusterResourceWhitelist: [{group: '', kind: Namespace, name: web-*}]
  clusterResourceBlacklist: [{group: '*', kind: '*'}]
  namespaceResourceWhitelist: [{group: apps, kind: Deployment}]
  namespaceResourceBlacklist: [{kind: Secret}]
  permitOnlyProjectScopedClusters: true""",
        "{name: web, labels: {opt: prod}, annotations: {fleet.pulumi.com/global-for: opt in (prod), other: x}}",
    )
    assert found == Project(
        "web",
        description="The web",
        source_repos=["*", "!https://example.com/x"],
        destinations=[
            ProjectDestination(server="https://a", namespace="web-*"),
            ProjectDestination(name="!prod", namespace="*"),
        ],
        cluster_resource_whitelist=[GroupKind("Namespace", name="web-*")],
        cluster_resource_blacklist=[GroupKind("*", group="*")],
        namespace_resource_whitelist=[GroupKind("Deployment", group="apps")],
        namespace_resource_blacklist=[GroupKind("Secret")],
        permit_only_project_scoped_clusters=True,
        labels={"opt": "prod"},
        global_for="opt in (prod)",
    )
    assert found.where.file == "web.yaml"


def test_a_new_project_says_nothing() -> None:
    assert project() == project("null") == Project("web")


@pytest.mark.parametrize(
    ("spec", "expected"), [("{namespaceResourceWhitelist: []}", ()), ("{namespaceResourceWhitelist: null}", None)]
)
def test_an_empty_whitelist_is_not_a_missing_one(spec: str, expected: tuple[()] | None) -> None:
    assert project(spec).namespace_resource_whitelist == expected


@pytest.mark.parametrize(
    "spec",
    [
        "{sourceNamespaces: ['team-*']}",
        "{roles: [{name: r, policies: ['p, a, b, c, d, allow'], groups: [g], jwtTokens: [{iat: 1}]}]}",
        "{orphanedResources: {warn: true, ignore: [{kind: Secret}]}}",
        "{syncWindows: [], signatureKeys: [], sourceIntegrity: {}, destinationServiceAccounts: null}",
    ],
)
def test_what_has_no_effect(spec: str) -> None:
    assert project(spec) == Project("web")


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        (
            "syncWindows",
            "[{kind: deny, schedule: '* * * * *', duration: 1h, applications: ['*']}]",
            (
                "No run is held back by the time of day.\n"
                "  → Put the windows into the schedule of your CI, and remove them."
            ),
        ),
        (
            "destinationServiceAccounts",
            "[{server: '*', namespace: '*', defaultServiceAccount: deployer}]",
            (
                "Objects are applied as the user of the cluster's kubeconfig, who may be allowed more.\n"
                "  → Give the cluster a context whose user is that service account, and remove it."
            ),
        ),
    ],
)
def test_what_would_permit_more_if_it_were_passed_over(key: str, value: str, why: str) -> None:
    assert problem(f"{{{key}: {value}}}") == f"spec.{key}: {key} is not supported yet\n  {why}"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{sourceRepo: []}", "spec.sourceRepo: unknown key sourceRepo\n  → Did you mean sourceRepos?"),
        ("{labels: {}}", "spec.labels: unknown key labels\n  → It belongs in AppProject.metadata."),
        ("{sourceRepos: [1]}", "spec.sourceRepos[0]: must be a string that is not empty\n  It is the number 1."),
        (
            "{sourceRepos: ['!*']}",
            (
                "spec.sourceRepos[0]: AppProject: sourceRepos must be something else: "
                "it denies everything, and permits nothing\n  It is '!*'."
            ),
        ),
        ("{destinations: [a]}", 'spec.destinations[0]: must be a mapping\n  It is the string "a".'),
        (
            "{destinations: [{namespace: '!kube-system'}]}",
            (
                "spec.destinations[0]: ProjectDestination: server or name must be given: "
                "\"*\" means every cluster\n  It is ''."
            ),
        ),
        (
            "{namespaceResourceBlacklist: [{kind: Secret, name: a}]}",
            (
                "spec.namespaceResourceBlacklist[0].name: unknown key name\n"
                "  → It belongs in AppProject.metadata or AppProject.spec.destinations[] or "
                "AppProject.spec.clusterResourceWhitelist[] or AppProject.spec.clusterResourceBlacklist[]."
            ),
        ),
        (
            "{clusterResourceBlacklist: [{kind: '[a', group: ''}]}",
            (
                "spec.clusterResourceBlacklist[0]: GroupKind: kind must be a pattern: "
                "a [ is not closed, or a class holds nothing\n  It is '[a'."
            ),
        ),
        (
            "{clusterResourceBlacklist: [{group: apps}]}",
            "spec.clusterResourceBlacklist[0]: GroupKind: kind must be a string that is not empty\n  It is ''.",
        ),
    ],
)
def test_what_is_wrong(spec: str, expected: str) -> None:
    assert problem(spec) == expected


def test_the_annotation_is_a_selector() -> None:
    wrong = problem(metadata="{name: web, annotations: {fleet.pulumi.com/global-for: 'a b'}}")
    assert wrong.startswith("metadata.annotations.fleet.pulumi.com/global-for: 'a b' is not a label selector\n")


def test_an_annotation_of_ours_that_nobody_knows() -> None:
    wrong = problem(metadata="{name: web, annotations: {fleet.pulumi.com/global: 'a'}}")
    assert wrong == (
        "metadata.annotations.fleet.pulumi.com/global: unknown key fleet.pulumi.com/global\n"
        "  → Did you mean fleet.pulumi.com/global-for?"
    )


def test_a_list_may_hold_both_kinds() -> None:
    text = """
kind: List
items:
- {apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {name: p}}
- apiVersion: argoproj.io/v1alpha1
  kind: Application
  metadata: {name: a}
  spec: {project: p, source: {repoURL: r, path: .}, destination: {name: dev}}
"""
    found, problems = parse_documents(load_documents(text, file="a.yaml"))
    assert problems == ()
    assert ([each.name for each in found.projects], [each.name for each in found.applications]) == (["p"], ["a"])


def test_another_api_version_is_a_problem() -> None:
    text = "apiVersion: argoproj.io/v1\nkind: AppProject\nmetadata: {name: p}"
    _, (only,) = parse_documents(load_documents(text, file="a.yaml"))
    assert (only.where.key, only.summary) == ("apiVersion", "apiVersion must be argoproj.io/v1alpha1")
