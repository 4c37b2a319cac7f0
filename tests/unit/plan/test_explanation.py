"""What holds for an application at a destination, who says so, and instead of what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fleet import (
    Application,
    ChartSource,
    Cluster,
    Destination,
    Directory,
    Fleet,
    GitSource,
    Helm,
    Kustomize,
    Override,
    Patch,
    PatchTarget,
    SyncPolicy,
)
from fleet.errors import DeclarationError, Where
from fleet.model.source import Source
from fleet.plan import leaves
from fleet.plan.expand import expand
from fleet.plan.explanation import Explanation, explain, why_not
from fleet.plan.leaves import Path

REPO = "https://example.com/repo.git"
PROD = Cluster("prod", labels={"env": "prod", "region": "eu"})
ONE, TWO = "override 1 (all clusters)", "override 2 (env=prod)"


def explained(
    *overrides: Override, source: Source | None = None, destination: Destination | None = None, **fields: Any
) -> Explanation:
    sources: dict[str, Any] = {} if "sources" in fields else {"source": source or GitSource(REPO, path="app")}
    app = Application("web", destinations=[destination or PROD], overrides=overrides, **sources, **fields)
    return explain(app, app.targets[0], PROD, {})


def said(found: Explanation, *path: str | int) -> list[tuple[object, str]]:
    """Return the values of a fact and who said them, in order; nothing where there is no such fact."""
    return [(each.value, each.by) for fact in found.facts if fact.path == path for each in fact.said]


def helm(found: Explanation, *path: str | int) -> list[tuple[object, str]]:
    return said(found, "source", "helm", *path)


def test_a_flag_is_what_the_last_one_says() -> None:
    overrides = (Override(helm=Helm(values={"a": 1})), Override(selector="env=prod", helm=Helm(skip_crds=False)))
    found = explained(*overrides, source=GitSource(REPO, path="app", helm=Helm(skip_crds=True)))
    assert helm(found, "skip_crds") == [(True, "application"), (False, TWO)]


def test_where_nothing_is_said_defaults_hold() -> None:
    found = explained()
    by_default = {fact.path: fact.value for fact in found.facts if fact.said[-1].by == "default"}
    assert by_default == {
        ("namespace",): "default",
        ("source", "revision"): "HEAD",
        ("project",): "default",
        ("sync", "automated"): False,
        ("sync", "prune"): False,
        ("sync", "self_heal"): False,
        ("sync", "allow_empty"): False,
        ("sync", "create_namespace"): False,
        ("wait",): "between waves",
        ("wait_timeout_s",): 600,
    }
    assert {fact.path for fact in found.facts} - by_default.keys() == {("source", "repo"), ("source", "path")}


@pytest.mark.parametrize("wait", [True, False])
def test_what_is_waited_for(wait: bool) -> None:
    found = explained(wait=wait, wait_timeout_s=90)
    assert said(found, "wait") == [(wait, "application")]
    assert said(found, "wait_timeout_s") == [(90, "application")]


def test_what_the_application_says() -> None:
    found = explained(namespace="shop", project="web", sync=SyncPolicy(prune=True), retain=[], adopt=True)
    for path, value in ((("namespace",), "shop"), (("project",), "web"), (("sync", "prune"), True), (("adopt",), True)):
        assert said(found, *path) == [(value, "application")]
    assert said(found, "retain") == [((), "application")]
    assert said(explained(), "retain") == []


def test_the_last_word_holds_and_the_others_are_what_it_replaced() -> None:
    found = explained(
        Override(namespace="a", path="x"),
        Override(selector="env=prod", namespace="b", revision="v2"),
        destination=Destination(PROD, namespace="c", path="y"),
        namespace="shop",
    )
    assert said(found, "namespace") == [("shop", "application"), ("a", ONE), ("b", TWO), ("c", "destination")]
    assert said(found, "source", "path") == [("app", "application"), ("x", ONE), ("y", "destination")]
    assert said(found, "source", "revision") == [("HEAD", "default"), ("v2", TWO)]


def test_values_are_told_leaf_by_leaf() -> None:
    found = explained(
        Override(helm=Helm(values={"a": {"b": 2, "c": 2}, "list": [2]})),
        destination=Destination(PROD, helm=Helm(values={"a": {"c": 3}, "none": None, "empty": {}})),
        source=GitSource(REPO, path="app", helm=Helm(values={"a": {"b": 1, "d": 1}, "list": [1, 1], "x.y": 1})),
    )
    assert helm(found, "values", "a", "b") == [(1, "application"), (2, ONE)]
    assert helm(found, "values", "a", "c") == [(2, ONE), (3, "destination")]
    assert helm(found, "values", "a", "d") == [(1, "application")]
    assert helm(found, "values", "list") == [([1, 1], "application"), ([2], ONE)]
    assert helm(found, "values", "none") == [(None, "destination")]
    assert helm(found, "values", "empty") == [({}, "destination")]
    assert helm(found, "values", "x.y") == [(1, "application")]


def test_who_says_the_same_again_has_the_last_word() -> None:
    found = explained(
        Override(revision="v1", helm=Helm(values={"a": 1})),
        Override(selector="env=prod", revision="v1", helm=Helm(values={"a": 1})),
    )
    assert said(found, "source", "revision") == [("HEAD", "default"), ("v1", ONE), ("v1", TWO)]
    assert helm(found, "values", "a") == [(1, ONE), (1, TWO)]


@pytest.mark.parametrize(("before", "after"), [(1, True), (1, 1.0), (1, "1"), (0, False), (None, "")])
def test_values_that_only_look_the_same_are_another(before: object, after: object) -> None:
    source = GitSource(REPO, path="app", helm=Helm(values={"a": before}))
    found = explained(Override(helm=Helm(values={"a": after})), source=source)
    (_, (value, by)) = helm(found, "values", "a")
    assert (value, type(value), by) == (after, type(after), ONE)


def test_a_mapping_in_the_place_of_a_value_replaces_it_and_the_other_way_round() -> None:
    source = GitSource(REPO, path="app", helm=Helm(values={"a": 1, "b": {"c": 1, "d": 2}}))
    found = explained(Override(helm=Helm(values={"a": {"x": 2}, "b": 3})), source=source)
    assert helm(found, "values", "a", "x") == [(1, "application"), (2, ONE)]
    assert helm(found, "values", "b") == [(1, "application"), (2, "application"), (3, ONE)]
    assert helm(found, "values", "a") == helm(found, "values", "b", "c") == []


def test_a_parameter_replaces_one_of_another_kind() -> None:
    source = GitSource(REPO, path="app", helm=Helm(string_parameters={"a": "1", "b": "1"}))
    found = explained(Override(helm=Helm(parameters={"a": "2"})), source=source)
    assert helm(found, "parameters", "a") == [("1", "application"), ("2", ONE)]
    assert helm(found, "string_parameters", "b") == [("1", "application")]
    assert helm(found, "string_parameters", "a") == []


def test_what_a_parameter_beats_is_without_effect_whoever_says_it() -> None:
    source = GitSource(REPO, path="app", helm=Helm(values={"other": 1}, parameters={"image.tag": "1"}))
    found = explained(Override(helm=Helm(values={"image": {"tag": "2", "name": "web"}})), source=source)
    beaten = {fact.path: fact.beaten_by for fact in found.facts if fact.beaten_by}
    assert beaten == {
        ("source", "helm", "values", "image", "tag"): ("source", "helm", "parameters", "image.tag"),
    }


def test_files_are_added_each_by_who_says_it() -> None:
    found = explained(
        Override(helm=Helm(value_files=["two.yaml", "three.yaml"])),
        source=GitSource(REPO, path="app", helm=Helm(value_files=["one.yaml"])),
    )
    assert [helm(found, "value_files", position) for position in range(4)] == [
        [("one.yaml", "application")],
        [("two.yaml", ONE)],
        [("three.yaml", ONE)],
        [],
    ]
    paths = [fact.said[-1].path for fact in found.facts if "value_files" in fact.path]
    assert paths == [
        ("source", "helm", "value_files", 0),
        ("helm", "value_files", 0),
        ("helm", "value_files", 1),
    ]


def test_what_is_told_of_kustomize() -> None:
    base = Kustomize(images=["h:50/web:1", "db:1"], replicas={"web": 1}, patches=[{"path": "a.yaml"}], name_prefix="x-")
    own = Kustomize(images=["h:50/web@sha256:2"], replicas={"web": 2}, patches=[{"path": "b.yaml"}], components=["ha"])
    found = explained(Override(kustomize=own), source=GitSource(REPO, path="app", kustomize=base))
    kustomize = ("source", "kustomize")
    assert said(found, *kustomize, "images", "h:50/web") == [("h:50/web:1", "application"), ("h:50/web@sha256:2", ONE)]
    assert said(found, *kustomize, "images", "db") == [("db:1", "application")]
    assert said(found, *kustomize, "replicas", "web") == [(1, "application"), (2, ONE)]
    assert said(found, *kustomize, "patches", 0) == [({"path": "a.yaml"}, "application")]
    assert said(found, *kustomize, "patches", 1) == [({"path": "b.yaml"}, ONE)]
    assert said(found, *kustomize, "components", 0) == [("ha", ONE)]
    assert said(found, *kustomize, "name_prefix") == [("x-", "application")]


def test_what_is_told_of_a_directory() -> None:
    found = explained(source=GitSource(REPO, path="app", directory=Directory(recurse=True, exclude="*.test.yaml")))
    assert said(found, "source", "directory", "recurse") == [(True, "application")]
    assert said(found, "source", "directory", "exclude") == [("*.test.yaml", "application")]


def test_labels_annotations_and_patches() -> None:
    first, second = (Patch({"spec": {name: 1}}, target=PatchTarget(kind="Deployment")) for name in "ab")
    found = explained(
        Override(labels={"a": "1", "b": "1"}, patches=[first]),
        destination=Destination(PROD, labels={"a": "2"}, annotations={"c": "3"}, patches=[second]),
    )
    assert said(found, "labels", "a") == [("1", ONE), ("2", "destination")]
    assert said(found, "labels", "b") == [("1", ONE)]
    assert said(found, "annotations", "c") == [("3", "destination")]
    assert said(found, "patches", 0) == [(first, ONE)]
    assert said(found, "patches", 1) == [(second, "destination")]


def test_skip_is_told_where_anybody_says_it() -> None:
    assert said(explained(), "skip") == []
    assert said(explained(Override(skip=True), destination=Destination(PROD, skip=False)), "skip") == [
        (True, ONE),
        (False, "destination"),
    ]


def test_several_sources_are_told_by_position() -> None:
    found = explained(
        Override(source="values", revision="v2"),
        Override(selector="env=prod", source="metrics", revision="2.x", helm=Helm(values={"a": 1})),
        sources=[
            ChartSource("https://charts.example.com", chart="metrics", version="1.x"),
            GitSource(REPO, ref="values"),
        ],
    )
    assert said(found, "sources", 0, "chart") == [("metrics", "application")]
    assert said(found, "sources", 0, "version") == [("1.x", "application"), ("2.x", TWO)]
    assert said(found, "sources", 0, "helm", "values", "a") == [(1, TWO)]
    assert said(found, "sources", 1, "ref") == [("values", "application")]
    assert said(found, "sources", 1, "revision") == [("HEAD", "default"), ("v2", ONE)]
    assert said(found, "sources", 1, "path") == []


def test_two_sources_alike_are_two() -> None:
    source = GitSource(REPO, path="app", name="one")
    found = explained(Override(source="one", path="x"), sources=[GitSource(REPO, path="app"), source])
    assert [found.value("sources", position, "path") for position in (0, 1)] == ["app", "x"]


@pytest.mark.parametrize("known_as", [REPO, "https://example.com/repo", "https://example.com/repo/"])
def test_a_mirror_replaces_a_repository(known_as: str) -> None:
    app = Application("web", source=GitSource(REPO), destinations=[PROD])
    found = explain(app, app.targets[0], PROD, {known_as: "../repo"})
    assert said(found, "source", "repo") == [(REPO, "application"), ("../repo", "configuration")]
    (mirror,) = (fact.said[-1] for fact in found.facts if fact.path == ("source", "repo"))
    assert (mirror.where.key, mirror.path) == ("config.fleet:repositories", (known_as,))


def test_what_the_cluster_says() -> None:
    cluster = Cluster("prod", paused=True, kube_version="1.33.1", api_versions=["a/v1"])
    app = Application("web", source=GitSource(REPO), destinations=[cluster])
    found = explain(app, app.targets[0], cluster, {})
    assert said(found, "paused") == [(True, "cluster")]
    assert said(found, "kube_version") == [("1.33.1", "cluster")]
    assert said(found, "api_versions") == [(("a/v1",), "cluster")]


def test_everything_said_has_the_place_of_who_says_it() -> None:
    own, override, destination = (Where("a.yaml", key=key) for key in ("", "spec.overrides[0]", "spec.destination"))
    found = explained(
        Override(revision="v1", labels={"a": "b"}, where=override),
        destination=Destination(PROD, path="x", where=destination),
        where=own,
    )
    places = {each.by: each.where for fact in found.facts for each in fact.said if each.by != "default"}
    assert places == {"application": own, ONE: override, "destination": destination}


def test_what_does_not_fit_is_told_for_all_sources() -> None:
    kustomize = Kustomize(name_prefix="x-")
    with pytest.raises(DeclarationError) as caught:
        explained(
            Override(source="a", kustomize=kustomize),
            Override(source="b", kustomize=kustomize),
            sources=[GitSource(REPO, name=name, helm=Helm(skip_crds=True)) for name in ("a", "b")],
        )
    assert str(caught.value).startswith("application web, cluster prod: kustomize is given here")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (Override(clusters=["eu-*", "us"]), "it is for eu-*, us"),
        (Override(clusters=[]), "it is for no cluster"),
        (Override(selector="env=dev"), "the cluster has env=prod"),
        (Override(selector="env in (dev,test),tier"), "the cluster has env=prod; the cluster has no tier"),
        (Override(selector="!env"), "the cluster has env=prod"),
        (Override(selector="env!=prod,env notin (prod)"), "the cluster has env=prod"),
        (Override(clusters=["us"], selector="env=dev"), "it is for us"),
    ],
)
def test_why_an_override_is_not_about_a_cluster(override: Override, expected: str) -> None:
    assert why_not(override, PROD) == expected
    assert [(each.layer.override, each.why_not) for each in explained(override).overrides] == [(override, expected)]


def test_an_override_that_is_about_the_cluster_says_nothing_more() -> None:
    found = explained(Override(), Override(clusters=["x-*"]), Override(selector="env=prod"))
    assert [(each.layer.name, bool(each.why_not)) for each in found.overrides] == [
        ("override 1 (all clusters)", False),
        ("override 2 (x-*)", True),
        ("override 3 (env=prod)", False),
    ]


names = some.sampled_from(["a", "b", "c"])
data = some.recursive(
    some.none() | some.booleans() | some.integers(0, 2) | names,
    lambda inner: some.dictionaries(names, inner, max_size=3) | some.lists(inner, max_size=2),
    max_leaves=6,
)
helms = some.builds(
    Helm,
    values=some.dictionaries(names, data, max_size=3),
    parameters=some.dictionaries(names, names, max_size=2),
    string_parameters=some.dictionaries(names, names, max_size=2),
    value_files=some.lists(names, max_size=2),
    skip_crds=some.booleans(),
    release_name=some.sampled_from(["", "x", "y"]),
)
kustomizes = some.builds(
    Kustomize,
    images=some.lists(some.sampled_from(["web:1", "web:2", "db:1"]), max_size=2),
    replicas=some.dictionaries(names, some.integers(0, 3), max_size=2),
    common_labels=some.dictionaries(names, names, max_size=2),
    components=some.lists(names, max_size=2),
    force_common_labels=some.booleans(),
)
revisions = some.none() | names
selectors = some.sampled_from(["", "env=prod", "env=dev"])


@some.composite
def tailored(draw: some.DrawFn) -> Application:
    kind = draw(some.sampled_from(["helm", "kustomize"]))
    tools: some.SearchStrategy[Any] = helms if kind == "helm" else kustomizes
    said = [{"revision": draw(revisions), "namespace": draw(revisions), kind: draw(tools)} for _ in range(3)]
    return Application(
        "web",
        source=GitSource(REPO, path="app", **{kind: draw(tools)}),
        destinations=[Destination(PROD, **said[0])],
        overrides=[Override(selector=draw(selectors), **each) for each in said[1:]],
    )


@given(tailored())
def test_what_is_explained_is_what_is_deployed(app: Application) -> None:
    (target,) = expand(Fleet(clusters=[PROD], applications=[app]), {})
    found = explain(app, app.targets[0], PROD, {})
    facts: dict[Path, Any] = {fact.path[1:]: fact.value for fact in found.facts if fact.path[0] == "source"}
    assert repr(sorted(facts.items(), key=str)) == repr(sorted(leaves.of_source(target.sources[0]).items(), key=str))
    assert found.value("namespace") == (target.namespace or "default")


@given(tailored())
def test_whoever_says_something_says_it_about_this_cluster(app: Application) -> None:
    found = explain(app, app.targets[0], PROD, {})
    heard = {each.layer.name for each in found.overrides if not each.why_not}
    assert {each.by for fact in found.facts for each in fact.said} <= {"default", "application", "destination", *heard}
