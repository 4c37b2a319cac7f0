"""`spec.source`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet import ChartSource, Directory, GitSource, Helm, Kustomize
from tests.unit.argo.parsing import application, document, problem, problems, source_of

REPOSITORY = "repoURL: https://example.com/app.git"
RENDERED = "Plain manifests, Jsonnet, Kustomize and Helm are rendered."
VERSION = "Name the chart's version, such as 1.2.3 or 1.2.x."
INSTEAD = "Render it into a directory of a Git repository, and name that directory as path."


def test_a_source_is_a_directory_in_git() -> None:
    directory = "{recurse: true, include: '*.yaml', exclude: '{a,b}/*'}"
    source = f"{{{REPOSITORY}, path: deploy/web, targetRevision: v1, directory: {directory}}}"
    assert application(source=source).source == GitSource(
        "https://example.com/app.git",
        path="deploy/web",
        revision="v1",
        directory=Directory(recurse=True, include="*.yaml", exclude="{a,b}/*"),
    )


@pytest.mark.parametrize(
    "empty",
    [
        "targetRevision: ''",
        "targetRevision: null",
        "directory: {}",
        "directory: null",
        "directory: {jsonnet: {}, recurse: false, disableExtensionFilter: false}",
        "directory: {jsonnet: {extVars: [], libs: []}}",
        "helm: {}",
        "helm: {valueFiles: [], parameters: null, skipCrds: false}",
        "helm: {version: v3, passCredentials: false}",
        "kustomize: {namePrefix: ''}",
        "kustomize: {version: v5, kubeVersion: '', apiVersions: [], enableHelm: false}",
        "plugin: null",
        "chart: ''",
        "ref: values",
    ],
)
def test_what_says_nothing_changes_nothing(empty: str) -> None:
    found, plain = application(source=f"{{{REPOSITORY}, path: manifests, {empty}}}").source, application().source
    assert isinstance(found, GitSource)
    assert found.tool == Directory()
    assert replace(found, helm=Helm(), kustomize=Kustomize()) == plain


@pytest.mark.parametrize(
    ("block", "key", "why", "instead"),
    [
        ("plugin: {}", "plugin", RENDERED, INSTEAD),
        ("plugin: {name: a}", "plugin", RENDERED, INSTEAD),
    ],
)
def test_what_is_not_supported_yet_is_said_key_by_key(block: str, key: str, why: str, instead: str) -> None:
    path = "" if block.startswith("path:") else "path: manifests, "
    assert problem(source=f"{{{REPOSITORY}, {path}{block}}}") == (
        f"spec.source.{key}: {key.rpartition('.')[2]} is not supported yet\n  {why}\n  → {instead}"
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{path: a}", "repoURL: repoURL is missing\n  → Name the Git or chart repository."),
        (f"{{{REPOSITORY}}}", 'path: path is missing\n  → The root of the repository is ".".'),
        (f"{{{REPOSITORY}, path: ''}}", 'path: path is missing\n  → The root of the repository is ".".'),
        (
            f"{{{REPOSITORY}, path: /a}}",
            "path: path must be relative to the repository's root, without \"..\"\n  It is '/a'.",
        ),
        (
            f"{{{REPOSITORY}, path: a/../../b}}",
            "path: path must be relative to the repository's root, without \"..\"\n  It is 'a/../../b'.",
        ),
        (
            f"{{{REPOSITORY}, path: a, targetRevision: 1.10}}",
            "targetRevision: must be a string\n  It is the number 1.1.\n  → Put it in quotes.",
        ),
        (
            f"{{{REPOSITORY}, path: a, targetRevision: --upload-pack=x}}",
            (
                "targetRevision: targetRevision must be a branch, tag, SHA, HEAD, refs/… or a version\n"
                "  It is '--upload-pack=x'."
            ),
        ),
        (
            f"{{{REPOSITORY}, chart: web}}",
            "targetRevision: targetRevision is missing\n  → Name the chart's version, such as 1.2.3 or 1.2.x.",
        ),
        (
            f"{{{REPOSITORY}, chart: web, path: a, targetRevision: 1.x}}",
            "path: path and chart are given together\n  → Keep one of them.",
        ),
        (
            f"{{{REPOSITORY}, path: a, directory: {{recurse: 'true'}}}}",
            'directory.recurse: must be true or false\n  It is the string "true".\n  → Remove the quotes.',
        ),
        (
            f"{{{REPOSITORY}, path: a, directory: {{includes: b}}}}",
            "directory.includes: unknown key includes\n  → Did you mean include?",
        ),
        (
            f"{{{REPOSITORY}, path: a, directory: '*.yaml'}}",
            'directory: must be a mapping\n  It is the string "*.yaml".',
        ),
    ],
)
def test_a_wrong_source_names_the_key(source: str, expected: str) -> None:
    assert problem(source=source) == f"spec.source.{expected}"


@pytest.mark.parametrize(
    "revision",
    [
        "HEAD",
        "main",
        ">=1.0",
        "1.x",
        "1.0 - 2.0",
        "HEAD~1",
        "v1.2.3",
        "1.2",
        "release-1.x",
        "refs/heads/a",
        "0123abc",
        "feature/x",
        "2.x-dev",
    ],
)
def test_revisions_are_taken_as_they_are(revision: str) -> None:
    source = f"{{{REPOSITORY}, path: a, targetRevision: '{revision}'}}"
    assert source_of(application(source=source)).revision == revision


def test_no_message_shows_a_password() -> None:
    assert "secret" not in problem(source="{repoURL: ['https://me:secret@example.com'], path: a}")
    assert "secret" not in problem(source="'https://me:secret@example.com/app.git'")
    assert "secret" not in problem(destination="{servers: https://me:secret@example.com}")


def test_a_chart_of_a_chart_repository() -> None:
    source = "{repoURL: https://example.com/charts, chart: web, targetRevision: 1.x, helm: {releaseName: r}}"
    assert application(source=source).all_sources == (
        ChartSource("https://example.com/charts", chart="web", version="1.x", helm=Helm(release_name="r")),
    )


def test_several_sources_replace_the_one() -> None:
    chart = (
        "{repoURL: https://example.com/charts, chart: web, targetRevision: 1.0.0, helm: {valueFiles: [$values/a.yaml]}}"
    )
    values = f"{{{REPOSITORY}, ref: values, targetRevision: 1.x, tagPrefix: web-}}"
    found = application(source="{repoURL: ignored}", spec=f"sources: [{chart}, {values}]")
    assert found.all_sources == (
        ChartSource(
            "https://example.com/charts", chart="web", version="1.0.0", helm=Helm(value_files=["$values/a.yaml"])
        ),
        GitSource("https://example.com/app.git", ref="values", revision="1.x", tag_prefix="web-"),
    )
    assert [each.renders for each in found.all_sources] == [True, False]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ("[{repoURL: a, ref: values}]", "spec: every source is there for its value files only"),
        ("[{repoURL: a, path: x, ref: v}, {repoURL: b, ref: v}]", "spec: two sources have the ref 'v'"),
        ("[{repoURL: a, path: one, name: v}, {repoURL: b, path: two, name: v}]", "spec: two sources have the name 'v'"),
        ("[{repoURL: a, path: x, ref: a/b}]", 'spec.sources[0]: ref must be letters, digits, "_" and "-"'),
    ],
)
def test_sources_that_do_not_fit_together(sources: str, expected: str) -> None:
    (found,) = problems(document(spec=f"sources: {sources}"))
    assert expected.partition(": ")[2] in found
