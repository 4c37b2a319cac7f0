"""`kustomize` and `helm`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet import Directory, Jsonnet
from tests.unit.argo.parsing import EVERY_HELM, EVERY_KUSTOMIZE, application, problem, source_of

REPOSITORY = "repoURL: https://example.com/app.git, path: a"


def test_every_field_of_directory() -> None:
    block = """{recurse: true, include: '*.x', exclude: '{a,b}/*', disableExtensionFilter: true, jsonnet: {
      extVars: [{name: a, value: '1'}, {name: b, value: '2', code: true}, {name: c, value: x}, {name: c, value: z}],
      tlas: [{name: d, value: '3', code: true}, {name: d, value: '4', code: false}, {name: e, value: '5', code: true}],
      libs: [vendor, /lib]}}"""
    assert source_of(application(source=f"{{{REPOSITORY}, directory: {block}}}")).directory == Directory(
        recurse=True,
        include="*.x",
        exclude="{a,b}/*",
        disable_extension_filter=True,
        jsonnet=Jsonnet(
            ext_vars={"a": "1", "c": "z"},
            ext_code={"b": "2"},
            tlas={"d": "4"},
            tla_code={"e": "5"},
            libs=["vendor", "/lib"],
        ),
    )


def test_every_field_of_kustomize() -> None:
    block = """{namePrefix: a-, nameSuffix: -z, namespace: shop, images: ['nginx:1'],
      replicas: [{name: web, count: 2}, {name: api, count: '3'}], commonLabels: {a: b}, labelWithoutSelector: true,
      labelIncludeTemplates: true, forceCommonLabels: true, commonAnnotations: {c: d}, commonAnnotationsEnvsubst: true,
      forceCommonAnnotations: true, patches: [{target: {kind: Job}, patch: x, options: {allowNameChange: true}}],
      components: [../c], ignoreMissingComponents: true, enableHelm: true, kubeVersion: 1.30.0, apiVersions: [v1]}"""
    assert source_of(application(source=f"{{{REPOSITORY}, kustomize: {block}}}")).kustomize == replace(
        EVERY_KUSTOMIZE, replicas={"web": 2, "api": 3}
    )


def test_every_field_of_helm() -> None:
    block = """{releaseName: r, namespace: s, valueFiles: [a, /b], ignoreMissingValueFiles: true,
      valuesObject: {a: {b: 1}},
      parameters: [{name: x, value: '1'}, {name: w, value: '2', forceString: true}, {name: x, value: '3'}],
      fileParameters: [{name: z, path: f}], kubeVersion: 1.30.0, apiVersions: [v1], skipCrds: true, skipTests: true,
      skipSchemaValidation: true, passCredentials: true}"""
    assert source_of(application(source=f"{{{REPOSITORY}, helm: {block}}}")).helm == replace(
        EVERY_HELM, values={"a": {"b": 1}}
    )


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (r'{values: "a: {b: 1}\nc: yes\n"}', {"a": {"b": 1}, "c": True}),
        (r'{values: "# nothing", skipCrds: true}', {}),
        (r'{values: "a: 1", valuesObject: {b: 2}}', {"b": 2}),
    ],
)
def test_values_as_text(block: str, expected: dict[str, object]) -> None:
    assert source_of(application(source=f"{{{REPOSITORY}, helm: {block}}}")).helm.values == expected


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("helm: {values: '[a]'}", "helm.values: must be one YAML mapping\n  → Write `key: value` lines."),
        (r'helm: {values: "a: 1\nb: [\n"}', "helm.values: line "),
        ("helm: {values: {a: 1}}", "helm.values: must be a string\n  It is a mapping."),
        ("helm: {valueFiles: [1]}", "helm.valueFiles[0]: must be a string\n  It is the number 1."),
        ("helm: {parameters: [{value: a}]}", "helm.parameters[0].name: name is missing\n  → Name the parameter."),
        ("helm: {parameters: [{name: a, value: 1}]}", "helm.parameters[0].value: must be a string"),
        ("helm: {parameters: [a]}", 'helm.parameters[0]: must be a mapping\n  It is the string "a".'),
        ("helm: {relaseName: a}", "helm.relaseName: unknown key relaseName\n  → Did you mean releaseName?"),
        ("releaseName: a", "releaseName: unknown key releaseName\n  → It belongs in spec.source.helm."),
        ("kustomize: {replicas: [{name: a, count: b}]}", "kustomize.replicas[0].count: must be a number"),
        ("kustomize: {patches: [{target: {kind: a}}]}", "kustomize: Kustomize: patches[0] must be a mapping with"),
        ("kustomize: {patches: [{patch: a, target: {knd: a}}]}", "kustomize.patches[0].target.knd: unknown key knd"),
        ("kustomize: {commonLabels: {a: 1}}", "kustomize.commonLabels.a: must be a string"),
        ("kustomize: {labelIncludeTemplates: true}", "kustomize: Kustomize: label_include_templates must be False"),
    ],
)
def test_what_is_wrong_names_the_key(block: str, expected: str) -> None:
    assert problem(source=f"{{{REPOSITORY}, {block}}}").startswith(f"spec.source.{expected}")


def test_two_tools_are_refused() -> None:
    found = problem(source=f"{{{REPOSITORY}, helm: {{skipCrds: true}}, kustomize: {{namePrefix: a}}}}")
    assert found.splitlines()[0].endswith("kustomize and helm are given together")
