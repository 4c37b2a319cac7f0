"""Fields of the DSL, and where the same is said in YAML."""

from __future__ import annotations

import pytest

from fleet import Helm, Kustomize
from fleet.argo.keys import KEYS
from fleet.argo.paths import of_application, of_changes


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("namespace",), "spec.destination.namespace"),
        (("project",), "spec.project"),
        (("adopt",), "metadata.annotations.fleet.pulumi.com/adopt"),
        (("sync", "automated"), "spec.syncPolicy.automated"),
        (("sync", "self_heal"), "spec.syncPolicy.automated.selfHeal"),
        (("sync", "create_namespace"), "spec.syncPolicy.syncOptions"),
        (("source", "repo"), "spec.source.repoURL"),
        (("sources", 1, "version"), "spec.sources[1].targetRevision"),
        (("source", "tag_prefix"), "spec.source.tagPrefix"),
        (("source", "directory", "disable_extension_filter"), "spec.source.directory.disableExtensionFilter"),
        (("source", "directory", "jsonnet", "ext_code", "a"), "spec.source.directory.jsonnet.extVars"),
        (("sources", 0, "helm", "values", "aB", "c_d"), "spec.sources[0].helm.valuesObject.aB.c_d"),
    ],
)  # fmt: skip
def test_what_an_application_says(path: tuple[str | int, ...], expected: str) -> None:
    assert of_application(path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("revision",), "targetRevision"),
        (("patches", 2), "patches[2]"),
        (("labels", "app.example.com/part_of"), "labels.app.example.com/part_of"),
        (("helm", "value_files", 1), "helm.valueFiles[1]"),
        (("helm", "string_parameters", "a.b"), "helm.parameters"),
        (("helm", "file_parameters", "a.b"), "helm.fileParameters"),
        (("helm", "skip_crds"), "helm.skipCrds"),
        (("kustomize", "images", "web"), "kustomize.images"),
        (("kustomize", "replicas", "web"), "kustomize.replicas"),
        (("kustomize", "common_labels", "a_b"), "kustomize.commonLabels.a_b"),
        (("kustomize", "common_annotations_envsubst"), "kustomize.commonAnnotationsEnvsubst"),
    ],
)
def test_what_an_override_says(path: tuple[str | int, ...], expected: str) -> None:
    assert of_changes(path) == expected


@pytest.mark.parametrize(("tool", "place"), [("helm", "spec.source.helm"), ("kustomize", "spec.source.kustomize")])
def test_every_field_of_a_tool_is_a_key(tool: str, place: str) -> None:
    # Argo CD has charts in kustomizations turned on for all applications at once.
    fields = {*(Helm if tool == "helm" else Kustomize).__slots__} - {"enable_helm"}
    assert {of_changes((tool, field)).removeprefix(f"{tool}.") for field in fields} <= set(KEYS[place].all)
