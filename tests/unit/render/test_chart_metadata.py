"""What a chart says of the charts that it depends on, and Helm's sum over it."""

from __future__ import annotations

import pytest

from fleet.render.charts.metadata import Dependency, Metadata, alias_of, aliased, read

CHART = b"apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- {name: db, version: ^1.0, repository: '@ours'}\n"
# What `helm dependency update` writes for CHART, where helm knows `ours` as http://charts.example.com/charts.
LOCK = b"""\
dependencies:
- name: db
  repository: http://charts.example.com/charts
  version: 1.4.0
digest: sha256:df8f0be949cba1cb5102cd6a6eaccebc3321e5f18a8cd7fbece7e9eb587c55bb
generated: "2026-01-01T00:00:00Z"
"""
URLS = {"ours": "http://charts.example.com/charts"}


def test_what_a_chart_and_its_lock_say() -> None:
    found = read({"Chart.yaml": CHART, "Chart.lock": LOCK})
    assert (found.name, found.version, found.is_v1, found.file, found.lock_file) == (
        "app",
        "1.0.0",
        False,
        "Chart.yaml",
        "Chart.lock",
    )
    assert found.dependencies == (Dependency("db", "^1.0", "@ours"),)
    assert found.lock == (Dependency("db", "1.4.0", "http://charts.example.com/charts"),)


def test_a_lock_is_of_what_it_was_made_for() -> None:
    assert read({"Chart.yaml": CHART, "Chart.lock": LOCK}).fits(URLS)
    assert not read({"Chart.yaml": CHART, "Chart.lock": LOCK}).fits({})
    assert not read({"Chart.yaml": CHART.replace(b"^1.0", b"^1.1"), "Chart.lock": LOCK}).fits(URLS)
    assert not read({"Chart.yaml": CHART, "Chart.lock": LOCK.replace(b"1.4.0", b"1.4.1")}).fits(URLS)
    assert not read({"Chart.yaml": CHART}).fits(URLS)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, Metadata(is_v1=True)),
        ({"Chart.yaml": b"a: ["}, Metadata(is_v1=True)),
        ({"Chart.yaml": b"\xff"}, Metadata(is_v1=True)),
        ({"Chart.yaml": b"[]"}, Metadata(is_v1=True)),
        ({"Chart.yaml": b"name: 1\nversion: 1.0\ndependencies: {}\n"}, Metadata(is_v1=True)),
        (
            {"Chart.yaml": b"name: a\ndependencies: [1, {}]\n"},
            Metadata("a", is_v1=True, dependencies=(Dependency("", "", ""),)),
        ),
        (
            {"Chart.yaml": CHART, "requirements.yaml": b"dependencies: [{name: x}]\n", "requirements.lock": b""},
            Metadata(
                "app", "1.0.0", False, (Dependency("x", "", ""),), (), "", "requirements.yaml", "requirements.lock"
            ),
        ),
    ],
    ids=["nothing", "no YAML", "no text", "no mapping", "no texts", "no names", "requirements"],
)
def test_what_cannot_be_read_says_nothing(files: dict[str, bytes], expected: Metadata) -> None:
    assert read(files) == expected


def test_names_that_helm_has_for_repositories() -> None:
    assert (alias_of("@ours"), alias_of("alias:ours"), alias_of("https://ours")) == ("ours", "ours", "")
    assert (aliased("@ours", URLS), aliased("@other", URLS), aliased("x", URLS)) == (URLS["ours"], "@other", "x")
