"""`spec.source`."""

from __future__ import annotations

import pytest

from fleet import Directory, GitSource
from tests.unit.argo.parsing import application, problem

REPOSITORY = "repoURL: https://example.com/app.git"
RENDERED = "Plain manifests, Kustomize and Helm charts in Git are rendered so far."
CHART = "Charts are read from Git repositories so far."
COMMIT = "Commit the chart, and name its directory as path."
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
        "helm: {version: v3, passCredentials: true}",
        "kustomize: {namePrefix: ''}",
        "kustomize: {version: v5, kubeVersion: 1.30.0, apiVersions: [v1]}",
        "plugin: null",
        "chart: ''",
        "ref: values",
        "name: main",
    ],
)
def test_what_says_nothing_changes_nothing(empty: str) -> None:
    assert application(source=f"{{{REPOSITORY}, path: manifests, {empty}}}") == application()


@pytest.mark.parametrize(
    ("block", "key", "why", "instead"),
    [
        ("plugin: {}", "plugin", RENDERED, INSTEAD),
        ("plugin: {name: a}", "plugin", RENDERED, INSTEAD),
        ("chart: nginx", "chart", CHART, COMMIT),
        ("path: null, chart: nginx", "chart", CHART, COMMIT),
        ("tagPrefix: web/", "tagPrefix", "It belongs to version constraints.", "Name the tag as targetRevision."),
        ("directory: {jsonnet: {libs: [a]}}", "directory.jsonnet", RENDERED, INSTEAD),
        (
            "directory: {disableExtensionFilter: true}",
            "directory.disableExtensionFilter",
            "Manifests are the files that end in .yaml, .yml or .json.",
            "Rename the files.",
        ),
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
        ("{path: a}", "repoURL: repoURL is missing\n  → Name the Git repository that holds the manifests."),
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
            "targetRevision: targetRevision must be a branch, tag, SHA, HEAD or refs/…\n  It is '--upload-pack=x'.",
        ),
        (
            "{repoURL: 'oci://example.com/app', path: a}",
            "repoURL: OCI registries are not supported yet\n  → Commit what it holds to a Git repository.",
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
    "revision", [">=1.0", "^1.2", "~1.2.3", "1.x", "1.2.*", "*", "v1.X", "1.0 - 2.0", "1.2 || 1.3", "!=1", "=1.0", "x"]
)
def test_version_constraints_are_not_supported_yet(revision: str) -> None:
    assert problem(source=f"{{{REPOSITORY}, path: a, targetRevision: '{revision}'}}") == (
        "spec.source.targetRevision: version constraints are not supported yet\n"
        f"  It is '{revision}'.\n"
        f"  → Name one tag. If it is a branch, write refs/heads/{revision}."
    )


@pytest.mark.parametrize(
    "revision",
    ["HEAD", "main", "HEAD~1", "v1.2.3", "1.2", "release-1.x", "refs/heads/a", "0123abc", "feature/x", "2.x-dev"],
)
def test_revisions_are_no_constraints(revision: str) -> None:
    source = f"{{{REPOSITORY}, path: a, targetRevision: '{revision}'}}"
    assert application(source=source).source.revision == revision


def test_no_message_shows_a_password() -> None:
    for wrong in ("oci://me:secret@example.com/app", "[https://me:secret@example.com]"):
        assert "secret" not in problem(source=f"{{repoURL: {wrong}, path: a}}")
    assert "secret" not in problem(source="'https://me:secret@example.com/app.git'")
    assert "secret" not in problem(destination="{servers: https://me:secret@example.com}")
