"""What is remembered of clusters: the file, and what it does to a stack."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fleet import Cluster
from fleet.errors import DeclarationError
from fleet.model.discovered import Discovered
from fleet.model.fleet import Fleet
from fleet.model.settings import Settings
from fleet.program.declaration import declare
from fleet.program.remembered import completed, merged, parse, read, text_of

DEV = Discovered(
    "1.33.1",
    {
        ("v1", "ConfigMap"): True,
        ("v1", "Namespace"): False,
        ("apps/v1", "Deployment"): True,
        ("example.com/v1", "Widget"): False,
        ("apps/v1", "DaemonSet"): True,
    },
)
TEXT = """\
# What charts are told of the clusters of the stack demo, and where objects of their kinds live.
# Written by `fleet clusters discover -s demo`. Commit it; do not edit it.
clusters:
  dev:
    kubeVersion: 1.33.1
    namespaced:
      apps/v1: DaemonSet Deployment
      v1: ConfigMap
    clusterScoped:
      example.com/v1: Widget
      v1: Namespace
  old:
    kubeVersion: '1.30'
    namespaced: {}
    clusterScoped: {}
"""


def test_the_file_has_a_line_per_api_version() -> None:
    found = {"old": Discovered("1.30", {}), "dev": DEV}
    assert text_of(found, "demo") == TEXT
    assert parse(TEXT, "demo") == found


NAMES = some.from_regex(r"[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?", fullmatch=True)
KINDS = some.tuples(some.from_regex(r"([a-z0-9.]{1,8}/)?v[0-9]{1,2}", fullmatch=True), some.sampled_from("ABYN"))
VERSIONS = some.from_regex(r"[0-9]{1,2}\.[0-9]{1,2}(\.[0-9]{1,2})?", fullmatch=True)
FOUND = some.builds(Discovered, VERSIONS, some.dictionaries(KINDS, some.booleans()))


@given(some.dictionaries(NAMES, FOUND, max_size=4))
def test_what_is_written_is_read(found: dict[str, Discovered]) -> None:
    text = text_of(found, "demo")
    assert parse(text, "demo") == found
    assert text_of(dict(reversed(list(found.items()))), "demo") == text


def test_what_charts_are_told() -> None:
    assert DEV.api_versions == (
        "apps/v1",
        "apps/v1/DaemonSet",
        "apps/v1/Deployment",
        "example.com/v1",
        "example.com/v1/Widget",
        "v1",
        "v1/ConfigMap",
        "v1/Namespace",
    )


def test_what_is_declared_goes_before_what_is_remembered() -> None:
    clusters = [
        Cluster("dev"),
        Cluster("said", kube_version="1.29.0", scopes={("example.com", "Widget"): True}),
        Cluster("new"),
    ]
    dev, said, new = completed(Fleet(clusters=clusters), {"dev": DEV, "said": DEV, "gone": DEV}).clusters
    assert (dev.kube_version, dev.api_versions) == ("1.33.1", DEV.api_versions)
    assert dev.scopes[("example.com", "Widget")] is False
    assert (said.kube_version, said.api_versions) == ("1.29.0", DEV.api_versions)
    assert said.scopes[("example.com", "Widget")] is True
    assert new == Cluster("new")


def test_what_was_not_found_again_stays() -> None:
    newer = Discovered("1.34.0", {})
    assert merged(["dev", "prod", "new"], {"dev": DEV, "prod": DEV, "gone": DEV}, {"dev": newer}) == {
        "dev": newer,
        "prod": DEV,
    }


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- dev", "stacks/demo.clusters.yaml:1"),
        ("clusters: [dev]", "stacks/demo.clusters.yaml:1, clusters"),
        ("clusters:\n  dev: 1.33", "stacks/demo.clusters.yaml:2, clusters.dev"),
        ("clusters:\n  dev:\n    kubeVersion: 1.33", "stacks/demo.clusters.yaml:3, clusters.dev.kubeVersion"),
        (
            "clusters:\n  dev:\n    kubeVersion: 1.33.1\n    namespaced:\n      v1: [Pod]",
            "stacks/demo.clusters.yaml:5, clusters.dev.namespaced.v1",
        ),
    ],
)
def test_a_file_that_was_never_written_so(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "demo.clusters.yaml").write_text(text)
    found, (problem,) = read(tmp_path, "demo")
    assert found == {}
    assert str(problem) == (
        f"{place}: what is remembered of the clusters cannot be read\n"
        "  It is not as it is written.\n"
        "  → Write it anew: fleet clusters discover -s demo"
    )


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "demo.clusters.yaml").write_bytes(b"\xff\xfe\xfd")
    _, (problem,) = read(tmp_path, "demo")
    assert problem.detail == "It is not UTF-8."


def test_no_file_is_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "demo") == ({}, ())


def test_a_stack_is_read_with_what_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "demo.py").write_text("from fleet import *\nfleet = Fleet(clusters=[Cluster('dev')])\n")
    (tmp_path / "stacks" / "demo.clusters.yaml").write_text(TEXT)
    settings = Settings(project_dir=tmp_path, stack="demo", cache_dir=tmp_path, clusters=(Cluster("old"),))
    versions = {each.name: each.kube_version for each in declare(settings).clusters}
    assert versions == {"dev": "1.33.1", "old": "1.30"}
    (tmp_path / "stacks" / "demo.clusters.yaml").write_text("clusters: 1")
    with pytest.raises(DeclarationError, match="what is remembered of the clusters cannot be read"):
        declare(settings)
