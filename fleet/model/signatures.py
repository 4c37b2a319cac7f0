"""Signatures: which commits a project wants signed, by whom, and what is found out about them.

In: what a project says. Out: SignaturePolicies, and the questions and answers about commits that follow from them.
Pure: keys are named by their files, which are read where signatures are verified. The rules are Argo CD's
(`spec.sourceIntegrity.git` of an AppProject); SSH signatures are this project's own addition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from fleet.model import checks
from fleet.model.glob import compile_glob

NONE: Final = "none"
HEAD: Final = "head"
STRICT: Final = "strict"
_MODES: Final = (NONE, HEAD, STRICT)
_DENY: Final = "!"
_KEY_ID: Final = re.compile(r"[0-9a-fA-F]{16}|[0-9a-fA-F]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturePolicy:
    """Who has to have signed what is deployed from some repositories.

    repos: globs for repository URLs as applications write them, where `*` crosses `/`; `!` leaves repositories out.
    mode: "head": the commit, or the annotated tag that the revision names, is signed. "strict": and so is every commit
        before it, back to one that seals what is before it. "none": nothing has to be.
    gpg_keys: files of public keys, relative to the project's directory; they come from nowhere else.
    gpg_key_ids: of the keys in those files, the ones that count: 16 or 40 hexadecimal digits, of the key or subkey that
        signs. Empty is all.
    ssh_allowed_signers: files as ssh-keygen(1) has them under ALLOWED SIGNERS, relative to the project's directory.
    """

    repos: Sequence[str]
    mode: str = HEAD
    gpg_keys: Sequence[str] = ()
    gpg_key_ids: Sequence[str] = ()
    ssh_allowed_signers: Sequence[str] = ()

    def __post_init__(self) -> None:
        owner = "SignaturePolicy"
        for attribute in ("repos", "gpg_keys", "gpg_key_ids", "ssh_allowed_signers"):
            entries = checks.sequence(owner, attribute, getattr(self, attribute), str, "strings")
            object.__setattr__(self, attribute, entries)
            for position, entry in enumerate(entries):
                checks.text(owner, f"{attribute}[{position}]", entry)
        if self.mode not in _MODES:
            raise checks.fail(owner, "mode", self.mode, "one of " + ", ".join(map(repr, _MODES)))
        self._check_repos(owner)
        for position, key in enumerate(self.gpg_key_ids):
            if not _KEY_ID.fullmatch(key):
                allowed = "16 or 40 hexadecimal digits, the ID or fingerprint of a key"
                raise checks.fail(owner, f"gpg_key_ids[{position}]", key, allowed)
        if self.mode != NONE and not (self.gpg_keys or self.ssh_allowed_signers):
            raise checks.fail(owner, "gpg_keys", self.gpg_keys, "given, or ssh_allowed_signers: nobody could sign")
        if self.gpg_key_ids and not self.gpg_keys and self.mode != NONE:
            raise checks.fail(owner, "gpg_keys", self.gpg_keys, "given: gpg_key_ids only chooses among those keys")

    def _check_repos(self, owner: str) -> None:
        if all(repo.startswith(_DENY) for repo in self.repos):
            raise checks.fail(owner, "repos", list(self.repos), 'globs for repositories; "*" is every one')
        for position, repo in enumerate(self.repos):
            try:
                compile_glob(repo.removeprefix(_DENY))
            except ValueError as error:
                raise checks.fail(owner, f"repos[{position}]", repo, f"a pattern: {error}") from None


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """Whether a commit of a repository may be deployed, as far as signatures go.

    repo: mirrors applied. name, tag_prefix: of the revision that was asked for, which may be a signed tag.
    """

    repo: str
    commit: str
    name: str
    tag_prefix: str
    policy: SignaturePolicy


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A commit or tag that has not the signature that it should have.

    what: `commit <SHA>` or `tag <name>`. why: completes "it is …". author: who made it.
    key: what it is signed with, empty where nothing or nobody knows.
    """

    what: str
    why: str
    author: str = field(default="")
    key: str = ""
