"""`spec.syncPolicy`."""

from __future__ import annotations

import pytest

from fleet import SyncPolicy
from fleet.argo.keys import SYNC_OPTIONS
from tests.unit.argo.parsing import application, document, problem, problems

MANUAL = SyncPolicy()
AUTOMATED = SyncPolicy(automated=True)
CREATING = SyncPolicy(create_namespace=True)

UNKNOWN = ".syncOptions[0]: unknown sync option"


@pytest.mark.parametrize(
    ("sync", "policy"),
    [
        ("null", MANUAL),
        ("{}", MANUAL),
        ("{automated: null}", MANUAL),
        ("{syncOptions: []}", MANUAL),
        ("{automated: {}}", AUTOMATED),
        ("{automated: {enabled: null}}", AUTOMATED),
        ("{automated: {enabled: true}}", AUTOMATED),
        ("{automated: {enabled: yes}}", AUTOMATED),
        ("{automated: {enabled: false, prune: true}}", SyncPolicy(prune=True)),
        ("{automated: {prune: true}}", SyncPolicy(automated=True, prune=True)),
        ("{automated: {selfHeal: true}}", SyncPolicy(automated=True, self_heal=True)),
        ("{automated: {allowEmpty: true}}", SyncPolicy(automated=True, allow_empty=True)),
        ("{automated: {prune: false, selfHeal: null}}", AUTOMATED),
        ("{syncOptions: [CreateNamespace=true]}", CREATING),
        ("{syncOptions: [CreateNamespace=false]}", MANUAL),
        ("{syncOptions: [CreateNamespace=true, CreateNamespace=true]}", CREATING),
        ("{automated: {prune: true}, syncOptions: [Prune=false]}", AUTOMATED),
        ("{automated: {prune: true}, syncOptions: [Prune=true]}", SyncPolicy(automated=True, prune=True)),
        ("{managedNamespaceMetadata: {labels: {a: b}}}", MANUAL),
        ("{managedNamespaceMetadata: {labels: {}}, syncOptions: [CreateNamespace=true]}", CREATING),
    ],
)  # fmt: skip
def test_a_policy_means_what_it_means_to_argo_cd(sync: str, policy: SyncPolicy) -> None:
    assert application(sync=sync).sync == policy


@pytest.mark.parametrize("option", SYNC_OPTIONS.unused)
def test_an_option_without_effect_is_passed_over(option: str) -> None:
    assert application(sync=f"{{syncOptions: [{option}]}}").sync == MANUAL


@pytest.mark.parametrize("option", SYNC_OPTIONS.unsupported)
def test_an_option_that_would_have_an_effect_is_a_problem(option: str) -> None:
    unsupported = SYNC_OPTIONS.unsupported[option]
    assert problem(sync=f"{{syncOptions: [ServerSideApply=true, {option}]}}") == (
        f"spec.syncPolicy.syncOptions[1]: {option} is not supported yet\n  {unsupported.why}\n  → {unsupported.instead}"
    )


@pytest.mark.parametrize(
    ("sync", "expected"),
    [
        (
            "{syncOptions: [CreateNamespaces=true]}",
            f'{UNKNOWN}\n  It is the string "CreateNamespaces=true".\n  → Did you mean CreateNamespace=true?',
        ),
        (
            "{syncOptions: [createnamespace=True]}",
            f'{UNKNOWN}\n  It is the string "createnamespace=True".\n  → Did you mean CreateNamespace=true?',
        ),
        (
            "{syncOptions: [xyz]}",
            f'{UNKNOWN}\n  It is the string "xyz".\n  → docs/reference/argo-yaml.md lists the options.',
        ),
        (
            "{syncOptions: [CreateNamespace: true]}",
            (".syncOptions[0]: must be a string\n"
            "  It is a mapping.\n"
            "  → Write it as in CreateNamespace=true, without a space."),
        ),
        ("{syncOptions: Prune=false}", '.syncOptions: must be a list\n  It is the string "Prune=false".'),
        (
            "{syncOptions: [CreateNamespace=true, CreateNamespace=false]}",
            ".syncOptions[1]: CreateNamespace is given twice, with different values\n  → Keep one of them.",
        ),
        ("{automated: true}", ".automated: must be a mapping\n  It is the boolean true."),
        ("{automated: {prune: 1}}", ".automated.prune: must be true or false\n  It is the number 1."),
        ("{prune: true}", ".prune: unknown key prune\n  → It belongs in spec.syncPolicy.automated."),
        ("{automated: {self_heal: true}}", ".automated.self_heal: unknown key self_heal\n  → Did you mean selfHeal?"),
        (
            "{managedNamespaceMetadata: {labels: {a: b}}, syncOptions: [CreateNamespace=true]}",
            (".managedNamespaceMetadata: managedNamespaceMetadata is not supported yet\n"
            "  A namespace that CreateNamespace=true creates has no labels or annotations of its own.\n"
            "  → Put a manifest of the Namespace into the source instead."),
        ),
    ],
)  # fmt: skip
def test_a_wrong_policy_names_the_key(sync: str, expected: str) -> None:
    assert problem(sync=sync) == f"spec.syncPolicy{expected}"


def test_one_wrong_option_hides_no_other() -> None:
    assert problems(document(sync="{syncOptions: [1, a, Replace=true], automated: []}")) == [
        "spec.syncPolicy.syncOptions[0]: must be a string",
        "spec.syncPolicy.syncOptions[1]: unknown sync option",
        "spec.syncPolicy.syncOptions[2]: Replace=true is not supported yet",
        "spec.syncPolicy.automated: must be a mapping",
    ]
