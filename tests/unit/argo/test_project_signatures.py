"""What an AppProject says about signatures."""

from __future__ import annotations

import pytest

from fleet import SignaturePolicy
from tests.unit.argo.test_project import problem, project

ID = "4AEE18F83AFDEB23"
GPG = "fleet.pulumi.com/gpg-keys: 'keys/a.asc, keys/b.asc'"
PLACE = "spec.sourceIntegrity.git.policies[0]"
NAME_FILES = (
    "  → Name files with the public keys in the annotation fleet.pulumi.com/gpg-keys, with commas between them."
)
SSH = "fleet.pulumi.com/ssh-allowed-signers: keys/signers"


def metadata(*annotations: str) -> str:
    return f"{{name: web, annotations: {{{', '.join(annotations)}}}}}"


def policies(*entries: str) -> str:
    return f"{{sourceIntegrity: {{git: {{policies: [{', '.join(entries)}]}}}}}}"


def policy(gpg: str, url: str = "'*'") -> str:
    return f"{{repos: [{{url: {url}}}], gpg: {gpg}}}"


def test_policies() -> None:
    entries = (
        (
            "{repos: [{url: 'https://example.com/*'}, {url: '!https://example.com/x'}], "
            f"gpg: {{mode: strict, keys: [{ID}]}}}}"
        ),
        policy("{mode: none}", "'https://example.com/x'"),
    )
    assert project(policies(*entries), metadata(GPG, SSH)).signatures == (
        SignaturePolicy(
            repos=["https://example.com/*", "!https://example.com/x"],
            mode="strict",
            gpg_keys=["keys/a.asc", "keys/b.asc"],
            gpg_key_ids=[ID],
            ssh_allowed_signers=["keys/signers"],
        ),
        SignaturePolicy(repos=["https://example.com/x"], mode="none", ssh_allowed_signers=["keys/signers"]),
    )


def test_only_ssh() -> None:
    assert project(policies(policy("{mode: head}")), metadata(SSH)).signatures == (
        SignaturePolicy(repos=["*"], ssh_allowed_signers=["keys/signers"]),
    )


def test_the_keys_of_old() -> None:
    assert project(f"{{signatureKeys: [{{keyID: {ID}}}]}}", metadata(GPG)).signatures == (
        SignaturePolicy(repos=["*"], gpg_keys=["keys/a.asc", "keys/b.asc"], gpg_key_ids=[ID]),
    )


@pytest.mark.parametrize("spec", ["{}", "{signatureKeys: [], sourceIntegrity: {git: {policies: []}}}", "null"])
def test_nothing_has_to_be_signed(spec: str) -> None:
    assert project(spec).signatures == ()


@pytest.mark.parametrize(
    ("spec", "annotations", "expected"),
    [
        pytest.param(
            f"{{signatureKeys: [{{keyID: {ID}}}]}}",
            "",
            f"spec: nobody knows the keys that these IDs stand for\n{NAME_FILES}",
            id="no files",
        ),
        pytest.param(
            policies(policy(f"{{mode: head, keys: [{ID}]}}")),
            SSH,
            f"{PLACE}: nobody knows the keys that these IDs stand for\n{NAME_FILES}",
            id="no files for a policy",
        ),
        pytest.param(
            "{}",
            GPG,
            "metadata.annotations: files of keys are named, and nothing has to be signed\n"
            "  → Say in spec.sourceIntegrity.git.policies what has to be signed, or remove the annotation.",
            id="no policy",
        ),
        pytest.param(
            policies(policy("{mode: none}"))[:-1] + f", signatureKeys: [{{keyID: {ID}}}]}}",
            GPG,
            "spec.signatureKeys: signatureKeys and sourceIntegrity are given together\n"
            "  → Keep sourceIntegrity: Argo CD takes no notice of signatureKeys beside it.",
            id="both",
        ),
        pytest.param(
            policies("{repos: [{url: '*'}]}"),
            "",
            f"{PLACE}.gpg: gpg is missing\n"
            "  → Say what is verified: {mode: head, keys: [...]}. Argo CD verifies nothing without it.",
            id="no gpg",
        ),
        pytest.param(
            policies(policy("{mode: loose}")),
            SSH,
            f"{PLACE}: SignaturePolicy: mode must be one of 'none', 'head', 'strict'\n  It is 'loose'.",
            id="mode",
        ),
        pytest.param(
            policies(policy("{mode: head}")),
            "",
            f"{PLACE}: SignaturePolicy: gpg_keys must be given, or ssh_allowed_signers: nobody could sign\n  It is ().",
            id="no keys",
        ),
        pytest.param(
            policies(policy("{mode: head, keys: [ABCD]}")),
            GPG,
            f"{PLACE}: SignaturePolicy: gpg_key_ids[0] must be 16 or 40 hexadecimal digits, the "
            "ID or fingerprint of a key\n  It is 'ABCD'.",
            id="no ID",
        ),
        pytest.param(
            policies(policy("{mode: head, keys: [1]}")),
            GPG,
            f"{PLACE}.gpg.keys[0]: must be a string that is not empty\n  It is the number 1.",
            id="a number",
        ),
        pytest.param(
            policies(policy("{mode: none}", "''")),
            "",
            f"{PLACE}.repos[0].url: url is missing\n  → Name a repository, or write * for every one.",
            id="no URL",
        ),
        pytest.param(
            policies(policy("{mode: none}", "'!*'")),
            "",
            f"{PLACE}: SignaturePolicy: repos must be globs for repositories; \"*\" is every one\n  It is ['!*'].",
            id="only what is left out",
        ),
        pytest.param(
            policies("{repos: [], gpg: {mode: none}, gpgs: {}}"),
            "",
            f"{PLACE}.gpgs: unknown key gpgs\n  → Did you mean gpg?",
            id="unknown",
        ),
    ],
)
def test_what_is_wrong_is_said(spec: str, annotations: str, expected: str) -> None:
    assert problem(spec, metadata(annotations) if annotations else "{name: web}") == expected
