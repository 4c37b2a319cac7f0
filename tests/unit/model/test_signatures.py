"""Signature policies: what may be said."""

from __future__ import annotations

from typing import Any

import pytest

from fleet import Project, SignaturePolicy
from fleet.errors import DeclarationError


def test_lists_become_tuples() -> None:
    policy = SignaturePolicy(repos=["*"], gpg_keys=["a.asc"], gpg_key_ids=["0123456789ABCDEF"])
    assert policy == SignaturePolicy(repos=("*",), gpg_keys=("a.asc",), gpg_key_ids=("0123456789ABCDEF",))
    assert hash(Project("web", signatures=[policy])) == hash(Project("web", signatures=(policy,)))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"repos": []}, "SignaturePolicy: repos must be globs for repositories"),
        ({"repos": ["!x"]}, "SignaturePolicy: repos must be globs for repositories"),
        ({"repos": "*"}, "SignaturePolicy: repos must be"),
        ({"repos": ["[x"]}, "SignaturePolicy: repos[0] must be a pattern"),
        ({"repos": [""]}, "SignaturePolicy: repos[0] must be"),
        ({"mode": "loose"}, "SignaturePolicy: mode must be one of 'none', 'head', 'strict'"),
        ({"gpg_keys": []}, "SignaturePolicy: gpg_keys must be given, or ssh_allowed_signers"),
        ({"gpg_keys": [1]}, "SignaturePolicy: gpg_keys"),
        ({"gpg_key_ids": ["0123"]}, "SignaturePolicy: gpg_key_ids[0] must be 16 or 40 hexadecimal digits"),
        (
            {"gpg_keys": [], "ssh_allowed_signers": ["s"], "gpg_key_ids": ["0" * 16]},
            "SignaturePolicy: gpg_keys must be given: gpg_key_ids only chooses among those keys",
        ),
    ],
)
def test_what_makes_no_sense(fields: dict[str, Any], expected: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        SignaturePolicy(**{"repos": ["*"], "gpg_keys": ["a.asc"], **fields})
    assert str(caught.value).startswith(expected)


def test_without_signatures_no_keys_are_needed() -> None:
    assert SignaturePolicy(repos=["*"], mode="none").gpg_keys == ()


def test_a_project_takes_policies_only() -> None:
    with pytest.raises(DeclarationError) as caught:
        Project("web", signatures=["head"])  # type: ignore[list-item]
    assert "SignaturePolicies" in str(caught.value)
