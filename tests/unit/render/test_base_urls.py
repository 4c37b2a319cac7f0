"""What kustomize means by the URL of a base: the cases of its own tests (api/internal/git/repospec_test.go)."""

from __future__ import annotations

import itertools

import pytest

from fleet.render.base_urls import BaseUrl, is_single_file, parse

HOSTS = {
    "gitHub.com/": "https://github.com/",
    "github.com:": "https://github.com/",
    "http://github.com/": "https://github.com/",
    "https://github.com/": "https://github.com/",
    "hTTps://github.com/": "https://github.com/",
    "https://git-codecommit.us-east-2.amazonaws.com/": "https://git-codecommit.us-east-2.amazonaws.com/",
    "ssh://git.example.com:7999/": "ssh://git.example.com:7999/",
    "git::https://gitlab.com/": "https://gitlab.com/",
    "git::http://git.example.com/": "http://git.example.com/",
    "git@github.com:": "git@github.com:",
    "git@github.com/": "git@github.com:",
    "git::git@github.com:": "git@github.com:",
    "org-12345@github.com/": "org-12345@github.com:",
}
REPOS = ("someOrg/someRepo", "kubernetes/website")
PATHS = ("README.md", "foo/krusty.txt", "")
REFS = ("group/version", "v0.1.0", "")


@pytest.mark.parametrize(("host", "repo", "path", "ref"), tuple(itertools.product(HOSTS, REPOS, PATHS, REFS)))
def test_what_is_in_a_url(host: str, repo: str, path: str, ref: str) -> None:
    text = f"{host}{repo}{f'/{path}' if path else ''}{f'?ref={ref}' if ref else ''}"
    assert parse(text) == BaseUrl(HOSTS[host] + repo, path or ".", ref or "HEAD")


@pytest.mark.parametrize(
    ("text", "repo", "path", "ref"),
    [
        (
            "https://fabrikops2.visualstudio.com/o/r?ref=master",
            "https://fabrikops2.visualstudio.com/o/r",
            ".",
            "master",
        ),
        ("http://github.com/o/r.git/dir", "https://github.com/o/r.git", "dir", "HEAD"),
        (
            "git@gitlab2.example.ru:infra/kubernetes/t.git?ref=v1",
            "git@gitlab2.example.ru:infra/kubernetes/t.git",
            ".",
            "v1",
        ),
        ("git@bitbucket.org:company/p.git//path?ref=b", "git@bitbucket.org:company/p.git", "path", "b"),
        ("ssh://git@bitbucket.org/company/p.git//path", "ssh://git@bitbucket.org/company/p.git", "path", "HEAD"),
        (
            "https://itfs.example.com/c/p/_git/repo/dir?version=v1",
            "https://itfs.example.com/c/p/_git/repo",
            "dir",
            "v1",
        ),
        (
            "https://gitlab.example.com/a/b/c//deploy/x?ref=v1&submodules=false",
            "https://gitlab.example.com/a/b/c",
            "deploy/x",
            "v1",
        ),
        ("https://h.example.com/a/b?ref=v1&version=v2&timeout=10", "https://h.example.com/a/b", ".", "v1"),
        ("ssh://git@github.com/o/r", "git@github.com:o/r", ".", "HEAD"),
        ("file:///srv/git/repo", "file:///srv/git/repo", ".", "HEAD"),
        ("file:///srv/git/repo//dir?ref=v1", "file:///srv/git/repo", "dir", "v1"),
    ],
)
def test_a_url(text: str, repo: str, path: str, ref: str) -> None:
    assert parse(text) == BaseUrl(repo, path, ref)


@pytest.mark.parametrize(
    "text",
    [
        "/tmp",
        "../../tmp",
        "base",
        "src/github.com/org/repo/path",
        "htxxxtp://github.com/",
        "ssh://git.example.com",
        "git::___",
        "https://host?ref=group/version/minor_version",
        "https://github.com/org/repo.git//path/../../exits/repo",
        "github.com!org/repo.git//path",
        "gh:org/repo",
        "https://github.com/thisisa404.yaml",
        "file:////tmp//path/to/whatever",
        "git@scp://github.com/org/repo.git//path",
    ],
)
def test_what_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://raw.githubusercontent.com/org/repo/v1/deploy.yaml", True),
        ("https://github.com/org/repo/releases/download/v1/install.yaml", True),
        ("https://example.com/a.JSON", True),
        ("https://github.com/org/repo//deploy.yaml?ref=v1", False),
        ("https://github.com/org/repo.git/deploy.yaml", False),
        ("https://github.com/org/repo", False),
        ("deploy.yaml", False),
        ("git@github.com:org/repo/a.yaml", False),
    ],
)
def test_the_url_of_one_file(text: str, expected: bool) -> None:
    assert is_single_file(text) is expected
