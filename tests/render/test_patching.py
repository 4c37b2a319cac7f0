"""Patches of what was rendered, applied by kustomize: what changes, what does not, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet import Directory, Patch, PatchTarget
from fleet.errors import RenderError, Where
from fleet.model.manifest import Manifest
from fleet.model.plan import PatchRequest, RenderRequest
from fleet.render.patching import patch_all

pytestmark = pytest.mark.usefixtures("on_path")

Apply = Callable[..., tuple[Manifest, ...]]
REQUEST = RenderRequest("https://example.com/app.git", "0" * 40, "app", Directory())


@pytest.fixture
def apply(tmp_path: Path) -> Apply:
    """Return what applies patches to objects."""

    def patched(objects: tuple[Manifest, ...], *patches: Patch, where: Where | None = None) -> tuple[Manifest, ...]:
        request = PatchRequest((REQUEST,), patches)
        return patch_all({request: objects}, tmp_path / "cache", {request: where or Where()})[request]

    return patched


def failure(apply: Apply, objects: tuple[Manifest, ...], *patches: Patch) -> str:
    with pytest.raises(RenderError) as caught:
        apply(objects, *patches)
    return str(caught.value)


def config_map(name: str, data: Any = None, **metadata: Any) -> Manifest:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {"a": "1"}}
    return Manifest(body, Where(f"{name}.yaml", 1))


def deployment(name: str, **metadata: Any) -> Manifest:
    containers = [
        {"name": "app", "image": "app:1", "env": [{"name": "A", "value": "1"}]},
        {"name": "side", "image": "s"},
    ]
    spec = {"replicas": 1, "template": {"spec": {"containers": containers}}}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, **metadata}, "spec": spec}
    return Manifest(body, Where(f"{name}.yaml", 1))


def merge(patch: dict[str, Any], **target: str) -> Patch:
    return Patch(patch, target=PatchTarget(**target))


def operations(*entries: dict[str, Any], **target: str) -> Patch:
    return Patch(entries, target=PatchTarget(**target))


def test_a_strategic_merge_patch_knows_what_lists_are_merged_by(apply: Apply) -> None:
    containers = [{"name": "app", "image": "app:2", "env": [{"name": "B", "value": "2"}]}]
    patch = merge({"spec": {"replicas": 3, "template": {"spec": {"containers": containers}}}}, kind="Deployment")
    (found,) = apply((deployment("web"),), patch)
    app, side = found.body["spec"]["template"]["spec"]["containers"]
    assert {each["name"]: each["value"] for each in app["env"]} == {"A": "1", "B": "2"}
    assert (app["image"], side["image"], found.body["spec"]["replicas"]) == ("app:2", "s", 3)


def test_a_custom_resource_is_merged_as_json(apply: Apply) -> None:
    body = {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "a"},
        "spec": {"list": [{"name": "x"}]},
    }
    (found,) = apply((Manifest(body),), merge({"spec": {"list": [{"name": "y"}]}}, kind="Thing"))
    assert found.body["spec"] == {"list": [{"name": "y"}]}


def test_patches_are_applied_in_their_order(apply: Apply) -> None:
    first = operations({"op": "replace", "path": "/data/a", "value": "2"}, name="one")
    second = merge({"data": {"a": "3", "b": "4"}}, kind="ConfigMap")
    third = operations({"op": "copy", "from": "/data/a", "path": "/data/c"}, name="one")
    one, two = apply((config_map("one"), config_map("two")), first, second, third)
    assert one.body["data"] == {"a": "3", "b": "4", "c": "3"}
    assert two.body["data"] == {"a": "3", "b": "4"}


def test_null_removes_and_a_deleted_object_is_gone(apply: Apply) -> None:
    objects = (config_map("a"), config_map("b", {"x": "1", "y": "2"}), config_map("c"))
    found = apply(objects, merge({"data": {"x": None}}, name="b"), merge({"$patch": "delete"}, name="a"))
    assert [(each.name, each.body["data"]) for each in found] == [("b", {"y": "2"}), ("c", {"a": "1"})]
    assert apply(objects[:1], merge({"$patch": "delete"}, name="a")) == ()


def test_order_and_places_are_kept_and_what_no_patch_is_for_is_the_same_object(apply: Apply) -> None:
    local = config_map("m", annotations={"config.kubernetes.io/local-config": "true"})
    objects = (deployment("z"), config_map("c"), local, deployment("a"), config_map("b"))
    found = apply(objects, merge({"spec": {"replicas": 2}}, kind="Deployment"))
    assert [each.name for each in found] == ["z", "c", "m", "a", "b"]
    assert [str(each.where) for each in found] == [str(each.where) for each in objects]
    assert [after is before for after, before in zip(found, objects, strict=True)] == [False, True, True, False, True]


def test_a_target_is_exact_though_kustomize_thinks_objects_the_same(apply: Apply) -> None:
    """To kustomize, no namespace is the namespace `default`."""
    objects = (config_map("a"), config_map("a", namespace="default"), config_map("a", namespace="other"))
    found = apply(
        objects, merge({"data": {"b": "2"}}, namespace="default"), merge({"data": {"c": "3"}}, kind="ConfigMap")
    )
    assert [sorted(each.body["data"]) for each in found] == [["a", "c"], ["a", "b", "c"], ["a", "c"]]
    assert [each.namespace for each in found] == ["", "default", "other"]


def test_the_same_name_in_two_groups(apply: Apply) -> None:
    other = Manifest({"apiVersion": "example.com/v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {}})
    own = Patch({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"b": "2"}})
    found = apply((other, config_map("a")), own)
    assert found[0] is other
    assert found[1].body["data"] == {"a": "1", "b": "2"}


def test_cluster_scoped_objects(apply: Apply) -> None:
    name = "system:node-reader.x"
    role = Manifest({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}})
    (found,) = apply((role,), merge({"metadata": {"labels": {"a": "b"}}}, name="system:.*"))
    assert (found.name, found.metadata["labels"]) == (name, {"a": "b"})


def test_a_name_in_a_patch_with_a_target_says_nothing(apply: Apply) -> None:
    patch = merge({"apiVersion": "x", "kind": "X", "metadata": {"name": "any"}, "data": {"a": "2"}}, name="one")
    (found,) = apply((config_map("one"),), patch)
    assert (found.kind, found.api_version, found.name, found.body["data"]) == ("ConfigMap", "v1", "one", {"a": "2"})


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8) | st.sampled_from(
    ["yes", "010", "0o10", "1e3", "2001-01-01", "null", "~", "=", "a: b", "- a", "#", "0x1F", "1_000", ".5", "12:30:45"]
)
plain = st.recursive(
    texts | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9).map(lambda number: round(number, 3)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts.filter(bool), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(spec=st.dictionaries(texts.filter(lambda key: key and not key.startswith("$")), plain, max_size=4))
def test_a_patch_changes_nothing_else(apply: Apply, spec: dict[str, Any]) -> None:
    body = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec}
    (found,) = apply(
        (Manifest(body),), operations({"op": "add", "path": "/metadata/labels", "value": {"b": "c"}}, name="a")
    )
    assert found.metadata["labels"] == {"b": "c"}
    assert found.body["spec"] == spec


def test_all_patches_that_match_nothing_are_said_at_once(apply: Apply) -> None:
    patches = (merge({"data": {}}, name="x"), Patch({"data": {}}, target=PatchTarget(name="y"), optional=True))
    with pytest.raises(RenderError) as caught:
        apply(
            (config_map("a"),), *patches, merge({"spec": {}}, kind="Job"), where=Where("stack.py", 7, application="web")
        )
    start = "stack.py:7, application web: a patch matches no object"
    hint = "  → If it may match none: optional=True, in YAML optional: true."
    assert [str(problem) for problem in caught.value.problems] == [
        f"{start}: data of name x\n  There is ConfigMap a.\n{hint}",
        f"{start}: spec of kind Job\n  No object is of that kind; there are ConfigMap.\n{hint}",
    ]


def test_what_matches_nothing_and_may_changes_nothing(apply: Apply) -> None:
    objects = (config_map("a"),)
    assert apply(objects, Patch({"data": {}}, target=PatchTarget(name="y"), optional=True)) == objects


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/metadata/name", "value": "b"},
        {"op": "replace", "path": "/metadata/name", "value": "c"},
        {"op": "add", "path": "/metadata/namespace", "value": "b"},
        {"op": "replace", "path": "/kind", "value": "Secret"},
        {"op": "replace", "path": "/apiVersion", "value": "example.com/v1"},
        {"op": "replace", "path": "/metadata", "value": {"name": "b"}},
    ],
)
def test_an_object_stays_which_it_is(apply: Apply, operation: dict[str, Any]) -> None:
    objects = (config_map("a"), config_map("c"))
    said = failure(apply, objects, merge({"data": {"x": "y"}}, kind="ConfigMap"), operations(operation, name="a"))
    assert said == (
        "a.yaml:1: a patch may not change which object it is: ConfigMap a\n"
        f"  {operation['op']} {operation['path']} of name a\n"
        "  → Change names, namespaces and kinds where the object is rendered."
    )


def test_another_namespace_in_a_patch_is_refused(apply: Apply) -> None:
    assert failure(apply, (config_map("a"),), merge({"metadata": {"namespace": "b"}}, name="a")) == (
        "a.yaml:1: a patch may not change which object it is: ConfigMap a\n"
        "  metadata.namespace of name a\n"
        "  → Change names, namespaces and kinds where the object is rendered."
    )


def test_what_kustomize_cannot_apply_names_the_patch_and_the_object(apply: Apply) -> None:
    objects = tuple(config_map(name) for name in ("a", "b", "c"))
    patches = (
        merge({"data": {"x": "y"}}, kind="ConfigMap"),
        operations({"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/spec"}, name="b"),
        merge({"data": {"x": "z"}}, kind="ConfigMap"),
    )
    said = failure(apply, objects, *patches).splitlines()
    assert said[0] == "b.yaml:1: a patch cannot be applied to ConfigMap b: test /data/a, remove /spec of name b"
    assert "/spec" in said[1]


def test_no_value_of_a_patch_is_shown(apply: Apply) -> None:
    patch = operations({"op": "test", "path": "/data/a", "value": "hunter2"}, name="a")
    said = failure(apply, (config_map("a", {"a": "correct-horse"}),), patch)
    assert said.startswith("a.yaml:1: a patch cannot be applied to ConfigMap a: test /data/a of name a")
    assert "hunter2" not in said
    assert "correct-horse" not in said
    assert "hunter2" not in failure(apply, (config_map("a"),), merge({"data": "hunter2"}, name="a"))


def test_what_comes_out_has_to_be_an_object(apply: Apply) -> None:
    said = failure(apply, (config_map("a"),), merge({"data": {"port": 80}}, name="a"))
    assert "data: the value of port must be a text" in said


@pytest.mark.parametrize(
    "annotation",
    ["config.kubernetes.io/local-config", "internal.config.kubernetes.io/x", "kustomize.config.k8s.io/needs-hash"],
)
def test_annotations_that_kustomize_acts_upon_are_refused(apply: Apply, annotation: str) -> None:
    said = failure(apply, (config_map("a", annotations={annotation: "true"}),), merge({"data": {"a": "2"}}, name="a"))
    assert said == (
        "a.yaml:1: ConfigMap a cannot be patched: data.a of name a\n"
        f"  It has the annotation {annotation}, which kustomize would act upon."
    )


def test_other_annotations_stay(apply: Apply) -> None:
    annotations = {
        "config.kubernetes.io/depends-on": "/namespaces/a/ConfigMap/b",
        "argocd.argoproj.io/sync-wave": "1",
        "kubectl.kubernetes.io/x": "true",
    }
    (found,) = apply((config_map("a", annotations=annotations),), merge({"data": {"a": "2"}}, name="a"))
    assert found.annotations == annotations


def test_what_was_patched_once_is_not_patched_again(
    apply: Apply, tools: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only_once = tmp_path / "bin"
    only_once.mkdir()
    log = tmp_path / "log"
    script = f'#!/bin/sh\n[ "$1" = build ] && echo build >> {log}\nexec {tools}/kustomize "$@"\n'
    (only_once / "kustomize").write_text(script)
    (only_once / "kustomize").chmod(0o755)
    monkeypatch.setenv("PATH", str(only_once))
    patch = merge({"data": {"a": "2"}}, name="a")
    first = apply((config_map("a"), config_map("b")), patch)
    assert apply((config_map("a"), config_map("c")), patch)[0] == first[0]
    assert log.read_text() == "build\n"
    apply((config_map("a", {"a": "0"}),), patch)
    assert log.read_text() == "build\nbuild\n"


def test_without_kustomize(apply: Apply, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    objects = (config_map("a"),)
    said = failure(apply, objects, merge({"data": {"a": "2"}}, name="a"), merge({"spec": {}}, kind="Job"))
    assert "kustomize was not found on PATH\n  Patches need it.\n  → Install kustomize 5.0 or newer" in said
    assert "a patch matches no object: spec of kind Job" in said
    assert apply(objects, Patch({"data": {}}, target=PatchTarget(name="y"), optional=True)) == objects


def test_requests_of_several_applications(tmp_path: Path) -> None:
    good = PatchRequest((REQUEST,), (merge({"data": {"a": "2"}}, name="a"),))
    bad = PatchRequest((REQUEST,), (merge({"data": {"a": "2"}}, name="b"),))
    objects = (config_map("a"),)
    assert patch_all({good: objects}, tmp_path)[good][0].body["data"] == {"a": "2"}
    with pytest.raises(RenderError) as caught:
        patch_all({good: objects, bad: objects}, tmp_path, {bad: Where("x.yaml", 3, application="one", cluster="dev")})
    assert str(caught.value).startswith("x.yaml:3, application one, cluster dev: a patch matches no object")
    assert json.loads(json.dumps(objects[0].body)) == objects[0].body
    assert shutil.which("kustomize")
