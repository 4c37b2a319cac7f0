"""Documents, metadata and the top of the specification."""

from __future__ import annotations

import pytest

from fleet.errors import Where
from fleet.yamlio import dump, load_documents
from tests.unit.argo.parsing import application, document, parse, problem, problems, source_of


def test_what_is_left_out_has_argo_cd_s_defaults() -> None:
    found = application()
    assert (found.name, found.project, found.adopt, found.labels) == ("web", "default", False, {})
    assert (source_of(found).revision, source_of(found).directory.recurse) == ("HEAD", False)
    assert found.where == Where("web.yaml", application="web")


def test_project_and_labels_are_taken_over() -> None:
    found = application(metadata="{name: web, labels: {tier: front}}", spec="project: shop")
    assert (found.project, found.labels) == ("shop", {"tier": "front"})


@pytest.mark.parametrize("spec", ["project: ''", "project: null", "project:"])
def test_no_project_is_the_default_project(spec: str) -> None:
    assert application(spec=spec).project == "default"


@pytest.mark.parametrize(("value", "adopt"), [('"true"', True), ('"false"', False)])
def test_an_annotation_says_whether_to_adopt(value: str, adopt: bool) -> None:
    annotations = f"fleet.pulumi.com/adopt: {value}, example.com/other: anything"
    assert application(metadata=f"{{name: web, annotations: {{{annotations}}}}}").adopt is adopt


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ("a: b", (None, 600)),
        ("fleet.pulumi.com/wait: 'true'", (True, 600)),
        ("fleet.pulumi.com/wait: 'true', fleet.pulumi.com/wait-timeout-seconds: '90'", (True, 90)),
        ("fleet.pulumi.com/wait: 'false'", (False, 600)),
    ],
)
def test_annotations_say_whether_to_wait_and_how_long(annotations: str, expected: tuple[bool | None, float]) -> None:
    found = application(metadata=f"{{name: web, annotations: {{{annotations}}}}}")
    assert (found.wait, found.wait_timeout_s) == expected


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (
            "fleet.pulumi.com/wait: 'yes'",
            'metadata.annotations.fleet.pulumi.com/wait: must be "true" or "false"\n  It is the string "yes".',
        ),
        (
            "fleet.pulumi.com/wait-timeout-seconds: 5m",
            (
                "metadata.annotations.fleet.pulumi.com/wait-timeout-seconds: must be a whole number above 0\n"
                '  It is the string "5m".'
            ),
        ),
        (
            "fleet.pulumi.com/wait-timeout-seconds: '0'",
            (
                "metadata.annotations.fleet.pulumi.com/wait-timeout-seconds: must be a whole number above 0\n"
                '  It is the string "0".'
            ),
        ),
        (
            "fleet.pulumi.com/adopt: true",
            (
                "metadata.annotations.fleet.pulumi.com/adopt: must be a string\n"
                "  It is the boolean true.\n"
                "  → Put it in quotes."
            ),
        ),
        (
            "fleet.pulumi.com/adopt: 'yes'",
            'metadata.annotations.fleet.pulumi.com/adopt: must be "true" or "false"\n  It is the string "yes".',
        ),
        (
            "fleet.pulumi.com/adpot: 'true'",
            (
                "metadata.annotations.fleet.pulumi.com/adpot: unknown key fleet.pulumi.com/adpot\n"
                "  → Did you mean fleet.pulumi.com/adopt?"
            ),
        ),
        (
            "argocd.argoproj.io/skip-reconcile: 'true'",
            (
                "metadata.annotations.argocd.argoproj.io/skip-reconcile: "
                "argocd.argoproj.io/skip-reconcile is not supported yet\n"
                "  It pauses the Application, and only a whole cluster can be paused here.\n"
                "  → Remove the annotation, or keep the file out of the stack while the Application is paused."
            ),
        ),
    ],
)
def test_an_annotation_that_cannot_be_followed_is_a_problem(annotation: str, expected: str) -> None:
    assert problem(metadata=f"{{name: web, annotations: {{{annotation}}}}}") == expected


def test_what_has_no_effect_here_is_passed_over() -> None:
    metadata = (
        "{name: web, namespace: argocd, uid: abc, finalizers: [resources-finalizer.argocd.argoproj.io],"
        " annotations: {argocd.argoproj.io/skip-reconcile: 'false', argocd.argoproj.io/sync-wave: '1'}}"
    )
    spec = "info: [{name: a, value: b}]\n  revisionHistoryLimit: 3\n  ignoreDifferences: []\n  sources: []"
    text = document(metadata=metadata, sync="{retry: {limit: 5}}", spec=spec) + "status: {health: {}}\noperation: {}\n"
    assert parse(text) == ((application(),), ())


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"metadata": "{}"}, "metadata.name: name is missing"),
        ({"metadata": "{name: ''}"}, "metadata.name: name is missing"),
        ({"metadata": "null"}, "metadata: metadata is missing"),
        ({"metadata": "[]"}, "metadata: must be a mapping"),
        (
            {"metadata": "{name: Web}"},
            (
                'metadata.name: name must be lower-case letters, digits, "-" and ".", '
                "starting and ending with a letter or digit"
            ),
        ),
        ({"metadata": "{name: 1}"}, "metadata.name: must be a string"),
        ({"metadata": "{name: web, labels: {a: 1}}"}, "metadata.labels.a: must be a string"),
        ({"metadata": "{name: web, label: {a: b}}"}, "metadata.label: unknown key label"),
        ({"source": "null"}, "spec.source: source is missing"),
        ({"source": "https://example.com"}, "spec.source: must be a mapping"),
        ({"destination": "null"}, "spec.destination: destination is missing"),
        ({"spec": "sources: [{repoURL: a}]"}, "spec.sources[0].path: path is missing"),
        ({"source": "null", "spec": "sources: [a]"}, "spec.sources[0]: must be a mapping"),
        (
            {"source": "null", "spec": "sourceHydrator: {drySource: {path: a}}"},
            "spec.sourceHydrator: sourceHydrator is not supported yet",
        ),
        (
            {"spec": "ignoreDifferences: [{kind: Deployment}]"},
            "spec.ignoreDifferences: ignoreDifferences is not supported yet",
        ),
        ({"spec": "syncOptions: []"}, "spec.syncOptions: unknown key syncOptions"),
    ],
)
def test_a_problem_names_the_key(parts: dict[str, str], expected: str) -> None:
    assert problems(document(**parts)) == [expected]


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("sourse: {}", "Did you mean source?"),
        ("SyncPolicy: {}", "Did you mean syncPolicy?"),
        ("repoURL: a", "It belongs in spec.source."),
        ("targetRevision: a", "It belongs in spec.source or spec.destination.servers[] or spec.overrides[]."),
        ("selfHeal: true", "It belongs in spec.syncPolicy.automated."),
        ("kind: a", "It belongs in the top level or spec.overrides[].patches[].target."),
        ("zzz: a", "Known here: project, source, sources, destination, overrides, syncPolicy."),
    ],
)
def test_an_unknown_key_comes_with_advice(spec: str, hint: str) -> None:
    key = spec.partition(":")[0]
    assert problem(spec=spec) == f"spec.{key}: unknown key {key}\n  → {hint}"


def test_lists_are_taken_apart_at_any_depth() -> None:
    web, api = (load_documents(document(metadata=f"{{name: {name}}}"), file="")[0].data for name in ("web", "api"))
    applications, found = parse(
        dump({"kind": "List", "items": [web, {"kind": "ApplicationList", "items": [api]}, {"metadata": {}}]})
    )
    assert [(each.name, each.where.key) for each in applications] == [("web", "items[0]"), ("api", "items[1].items[0]")]
    assert applications[1].targets[0].where.key == "items[1].items[0].spec.destination.server"
    assert [str(each) for each in found] == ["web.yaml, items[2].kind: kind is missing\n  → Write kind: Application."]


@pytest.mark.parametrize("text", ["{kind: List, items: []}", "{kind: List, items: null}", "{kind: ApplicationList}"])
def test_a_list_may_be_empty(text: str) -> None:
    assert parse(text) == ((), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet}",
            (
                "kind: ApplicationSet is not supported yet\n"
                "  → List the clusters in spec.destination.servers, or make the Applications in Python."
            ),
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment}",
            (
                "kind: must be Application or AppProject\n"
                '  It is the string "Deployment". The files of a stack hold Argo CD Applications and AppProjects.\n'
                "  → A manifest belongs into the Git repository that an Application names as its source."
            ),
        ),
        ("kind: Aplication", 'kind: unknown kind\n  It is the string "Aplication".\n  → Did you mean Application?'),
        ("kind: [a]", "kind: must be a string\n  It is a list."),
        ("a: b", "kind: kind is missing\n  → Write kind: Application."),
        ("[a]", "must be an Argo CD Application\n  It is a list."),
        ("a", 'must be an Argo CD Application\n  It is the string "a".'),
    ],
)
def test_other_documents_are_problems(text: str, expected: str) -> None:
    applications, (found,) = parse(text)
    assert applications == ()
    assert str(found).removeprefix("web.yaml").lstrip(",: ") == expected


def test_another_api_version_is_a_problem() -> None:
    text = document().replace("v1alpha1", "v1")
    assert problems(text) == ["apiVersion: apiVersion must be argoproj.io/v1alpha1"]


def test_everything_wrong_in_every_document_comes_to_light() -> None:
    broken = document(
        metadata="{name: api, labels: {a: 1}}",
        source="{repoUrl: https://example.com/app.git, path: /abs, targetRevision: 1.0, helm: {values: a}}",
        destination="{servers: [a, {path: ../b}, {server: c, namespace: C}], namespace: D_}",
        sync="{automated: {prune: 'true', selfheal: true}, syncOptions: [CreateNamespace=True, Replace=true]}",
    )
    applications, found = parse(f"{broken}---\nkind: Job\n---\n{document()}")
    assert [each.name for each in applications] == ["web"]
    assert [(each.where.document, each.where.application, each.where.key) for each in found] == [
        *(
            (1, "api", key)
            for key in (
                "metadata.labels.a",
                "spec.source.repoUrl",
                "spec.source.repoURL",
                "spec.source.path",
                "spec.source.targetRevision",
                "spec.source.helm.values",
                "spec.destination.servers[1]",
                "spec.destination.servers[1].path",
                "spec.destination.servers[2].namespace",
                "spec.destination.namespace",
                "spec.syncPolicy.syncOptions[0]",
                "spec.syncPolicy.syncOptions[1]",
                "spec.syncPolicy.automated.selfheal",
                "spec.syncPolicy.automated.prune",
            )
        ),
        (2, "", "kind"),
    ]
