"""What a destination's Kustomize and Helm make of the source's."""

from __future__ import annotations

import pytest

from fleet import Application, Cluster, Destination, Directory, Fleet, GitSource, Helm, Jsonnet, Kustomize
from fleet.errors import DeclarationError
from fleet.model.helm import FLAGS
from fleet.model.source import Tool, decided
from fleet.plan.build_environment import expand as replaced
from fleet.plan.expand import expand
from fleet.plan.sources import requests_of

REPO = "https://example.com/repo.git"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def source(tool: Tool) -> GitSource:
    match tool:
        case Directory():
            return GitSource(REPO, path="app", directory=tool)
        case Kustomize():
            return GitSource(REPO, path="app", kustomize=tool)
        case Helm():
            return GitSource(REPO, path="app", helm=tool)


def request_tool(base: Tool, own: Kustomize | Helm) -> Tool:
    """Return what is rendered for a destination with its own tool, every variable replaced."""
    if isinstance(own, Helm):
        destination = Destination("dev", namespace="shop", helm=own)
    else:
        destination = Destination("dev", namespace="shop", kustomize=own)
    app = Application("web", source=source(base), destinations=[destination])
    (target,) = expand(Fleet(clusters=[Cluster("dev")], applications=[app]), {})
    (request,) = requests_of(target, {target.sources[0].revision: COMMIT})
    return request.tool


@pytest.mark.parametrize(
    ("base", "own", "expected"),
    [
        (Directory(), Helm(), Directory()),
        (Directory(), Helm(values={"a": 1}), Helm(values={"a": 1})),
        (Directory(), Kustomize(name_prefix="x-"), Kustomize(name_prefix="x-")),
        (Helm(values={"a": 1}), Helm(), Helm(values={"a": 1})),
        (
            Helm(values={"a": {"b": 1, "c": [1]}, "d": 1}),
            Helm(values={"a": {"b": None, "c": [2], "e": 3}}),
            Helm(values={"a": {"b": None, "c": [2], "e": 3}, "d": 1}),
        ),
        (Helm(values={"a": {"b": 1}}), Helm(values={"a": 2}), Helm(values={"a": 2})),
        (Helm(value_files=["a"]), Helm(value_files=["b"]), Helm(value_files=["a", "b"])),
        (Helm(parameters={"a": "1", "b": "1"}), Helm(parameters={"a": "2"}), Helm(parameters={"a": "2", "b": "1"})),
        (Helm(string_parameters={"a": "1"}), Helm(parameters={"a": "2"}), Helm(parameters={"a": "2"})),
        (Helm(release_name="a", skip_crds=True), Helm(release_name="b"), Helm(release_name="b", skip_crds=True)),
        (Helm(release_name="a", skip_crds=True), Helm(skip_crds=False), Helm(release_name="a", skip_crds=False)),
        (Helm(values={"a": 1}, skip_tests=False), Helm(skip_tests=True), Helm(values={"a": 1}, skip_tests=True)),
        (Directory(), Helm(skip_crds=False), Directory()),
        (Kustomize(name_prefix="a-"), Helm(skip_crds=False), Kustomize(name_prefix="a-")),
        (
            Kustomize(name_prefix="a-", enable_helm=True, force_common_labels=True),
            Kustomize(enable_helm=False),
            Kustomize(name_prefix="a-", enable_helm=False, force_common_labels=True),
        ),
        (
            Kustomize(common_labels={"a": "1"}, label_without_selector=True, label_include_templates=True),
            Kustomize(label_without_selector=False),
            Kustomize(common_labels={"a": "1"}, label_without_selector=False, label_include_templates=False),
        ),
        (Helm(kube_version="1.30.0"), Helm(api_versions=["v1"]), Helm(kube_version="1.30.0", api_versions=["v1"])),
        (Kustomize(images=["a:1", "b:1"]), Kustomize(images=["a=x:2"]), Kustomize(images=["a=x:2", "b:1"])),
        (Kustomize(images=["h:50/a:1"]), Kustomize(images=["h:50/a@sha256:1"]), Kustomize(images=["h:50/a@sha256:1"])),
        (Kustomize(replicas={"a": 1, "b": 1}), Kustomize(replicas={"a": 2}), Kustomize(replicas={"a": 2, "b": 1})),
        (Kustomize(components=["a"]), Kustomize(components=["b", "a"]), Kustomize(components=["a", "b"])),
        (
            Kustomize(common_labels={"a": "1"}, name_suffix="-a"),
            Kustomize(common_labels={"b": "2"}, force_common_labels=True),
            Kustomize(common_labels={"a": "1", "b": "2"}, name_suffix="-a", force_common_labels=True),
        ),
    ],
)  # fmt: skip
def test_the_destination_has_the_last_word(base: Tool, own: Kustomize | Helm, expected: Tool) -> None:
    assert request_tool(base, own) == expected


@pytest.mark.parametrize(
    ("base", "own", "theirs", "ours"),
    [
        (Directory(recurse=True), Helm(values={"a": 1}), "directory", "helm"),
        (Kustomize(name_prefix="x-"), Helm(values={"a": 1}), "kustomize", "helm"),
        (Helm(skip_crds=True), Kustomize(name_prefix="x-"), "helm", "kustomize"),
    ],
)
def test_two_tools_do_not_fit(base: Tool, own: Kustomize | Helm, theirs: str, ours: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        request_tool(base, own)
    assert str(caught.value) == (
        f"application web, cluster dev: {ours} is given here, and the source is one for {theirs}\n"
        f"  → Leave {ours} out here, or {theirs} out of the source."
    )


def test_values_that_only_look_the_same_are_not() -> None:
    assert len({Helm(values={"a": value}) for value in (1, 1.0, True, "1")}) == 4
    assert Helm(values={"a": 1, "b": 2}) == Helm(values={"b": 2, "a": 1})


def test_flags_alone_say_nothing() -> None:
    assert GitSource(REPO, kustomize=Kustomize(force_common_labels=True)).tool == Directory()


def test_a_flag_that_is_off_says_nothing_of_a_source() -> None:
    assert GitSource(REPO, kustomize=Kustomize(enable_helm=False), helm=Helm(skip_crds=False)).tool == Directory()


def test_flags_of_one_tool_do_not_hide_the_other() -> None:
    both = Destination("dev", kustomize=Kustomize(enable_helm=False), helm=Helm(release_name="b"))
    app = Application("web", source=source(Helm(release_name="a")), destinations=[both])
    (target,) = expand(Fleet(clusters=[Cluster("dev")], applications=[app]), {})
    assert target.sources[0].tool == Helm(release_name="b")


def test_what_is_rendered_knows_no_open_flags() -> None:
    closed = decided(Helm(skip_crds=False))
    assert decided(Helm()) == closed
    assert [getattr(closed, name) for name in FLAGS] == [False] * 5
    assert decided(Helm(skip_crds=True)).skip_crds is True  # type: ignore[union-attr]
    assert decided(Directory(recurse=True)) == Directory(recurse=True)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: GitSource(REPO, directory=Directory(recurse=True), helm=Helm(skip_crds=True)),
        lambda: GitSource(REPO, kustomize=Kustomize(namespace="a"), helm=Helm(skip_crds=True)),
        lambda: Destination("dev", kustomize=Kustomize(namespace="a"), helm=Helm(skip_crds=True)),
        lambda: Helm(values={"a": object()}),
        lambda: Helm(values={1: "a"}),  # type: ignore[dict-item]
        lambda: Helm(values={"a": float("nan")}),
        lambda: Kustomize(replicas={"a": True}),
        lambda: Kustomize(patches=[{"target": {}}]),
        lambda: Kustomize(label_include_templates=True),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_is_written(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(DeclarationError):
        wrong()


def test_what_is_given_can_be_changed_and_changes_nothing() -> None:
    values = {"a": {"b": 1}}
    helm = Helm(values=values)
    values["a"]["b"] = 2
    helm.values["a"]["b"] = 3
    assert helm.values == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$ARGOCD_APP_NAME-${ARGOCD_APP_NAMESPACE}", "web-shop"),
        ("$ARGOCD_APP_REVISION_SHORT.$ARGOCD_APP_REVISION_SHORT_8.$ARGOCD_APP_REVISION", f"0123456.01234567.{COMMIT}"),
        ("$ARGOCD_APP_PROJECT_NAME $ARGOCD_APP_SOURCE_PATH", "default app"),
        ("$ARGOCD_APP_SOURCE_REPO_URL@$ARGOCD_APP_SOURCE_TARGET_REVISION", f"{REPO}@HEAD"),
        ("$$HOME $HOME ${NONE}x", "$HOME  x"),
    ],
)
def test_variables_are_replaced_where_argo_cd_does_it(text: str, expected: str) -> None:
    found = request_tool(
        Kustomize(images=[text], common_labels={"a": text}, common_annotations={"a": text}), Kustomize()
    )
    assert found == Kustomize(images=[expected], common_labels={"a": expected}, common_annotations={"a": text})
    annotated = Kustomize(common_annotations={"a": text}, common_annotations_envsubst=True)
    assert request_tool(annotated, Kustomize()) == Kustomize(
        common_annotations={"a": expected}, common_annotations_envsubst=True
    )
    helm = Helm(value_files=[text], values={"a": text}, parameters={"a": text}, file_parameters={"b": text})
    assert request_tool(helm, Helm()) == Helm(
        value_files=[expected], values={"a": text}, parameters={"a": expected}, file_parameters={"b": expected}
    )
    told = Jsonnet(ext_vars={"a": text}, ext_code={"b": text}, tlas={"c": text}, tla_code={"d": text}, libs=[text])
    assert request_tool(Directory(jsonnet=told), Helm()) == Directory(
        jsonnet=Jsonnet(
            ext_vars={"a": expected},
            ext_code={"b": expected},
            tlas={"c": expected},
            tla_code={"d": expected},
            libs=[text],
        )
    )


@pytest.mark.parametrize(("text", "expected"), [("a$", "a$"), ("$ b", "$ b"), ("$1a", "a"), ("${x", "${x"), ("$-", "")])
def test_what_is_no_variable_is_what_go_makes_of_it(text: str, expected: str) -> None:
    assert replaced(text, {"x": "y"}) == expected
