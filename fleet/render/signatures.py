"""Signatures: whether commits are signed as projects want them to be.

In: SignatureChecks about commits that were fetched. Out: what is not signed as it should be. What git says about each
signature, with a policy's keys alone, is taken for it. The rules are Argo CD's (`LsSignatures` in its
util/git/client.go, `verify` in its util/sourceintegrity): a revision that is an annotated tag has to be signed as such;
in `strict` mode history is looked at back to commits that seal it: they say `Argocd-gpg-seal:` and are signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

from fleet.errors import FleetError, PolicyError, gather
from fleet.frozen import dataclass
from fleet.model.semver import parse_constraint, parse_version
from fleet.model.signatures import HEAD, STRICT, SignatureCheck, SignaturePolicy, Unsigned
from fleet.render import revisions
from fleet.render.git import Repositories
from fleet.render.keyring import Keyring, Keys, keyring, read_keys
from fleet.render.remembered import Remembered
from fleet.render.runner import Git, GitFailed

_AT_ONCE = 4
_SEAL = "Argocd-gpg-seal:"
_GOOD = "G"
# git-log(1), `%G?`.
_WHY = MappingProxyType(
    {
        "N": "not signed",
        "B": "signed, but the signature is not one of this content",
        "U": "signed with a key that is not among the allowed signers",
        "X": "signed, but the signature has expired",
        "Y": "signed with a key that has expired",
        "R": "signed with a key that was revoked",
        "E": "signed with a key that is not among the policy's keys",
    }
)
_GPG_STATES = MappingProxyType(
    {"GOODSIG": _GOOD, "BADSIG": "B", "EXPSIG": "X", "EXPKEYSIG": "Y", "REVKEYSIG": "R", "ERRSIG": "E"}
)
_GPG = re.compile(r"^\[GNUPG:\] (GOODSIG|BADSIG|EXPSIG|EXPKEYSIG|REVKEYSIG|ERRSIG) ([0-9A-F]+)", re.MULTILINE)
_SSH = re.compile(r"^Good \"git\" signature (for|with) .*\bkey (SHA256:\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Signature:
    """What git says of a commit or a tag. state: as `%G?`. key: what signed it, an ID or `SHA256:…`."""

    sha: str
    state: str
    key: str
    author: str


@dataclass(frozen=True, slots=True)
class _Verifier:
    """git in one repository with one policy's keys."""

    git: Git
    policy: SignaturePolicy
    ring: Keyring
    known: Remembered

    def unsigned(self, check: SignatureCheck) -> tuple[Unsigned, ...]:
        """Return what is not signed as it should be."""
        tags = tuple(_tags(self.git, check))
        found = self._tag(tags) if tags else ()
        if check.policy.mode == HEAD:
            return found if tags else self._refused(self._signatures(f"{check.commit}\n", "--max-count=1"))
        return (*found, *self._history(check.commit))

    def _tag(self, refs: tuple[str, ...]) -> tuple[Unsigned, ...]:
        """Return what is wrong with the first of several tags of one commit; nothing if any of them is signed."""
        refused: list[Unsigned] = []
        for ref in refs:
            said = self.git.outcome(*self.ring.options, "verify-tag", "--raw", ref, environ=self.ring.environ)
            signature = _read_tag(said[0], said[2])
            why = self._why(signature)
            if not why:
                return ()
            author = self.git.output("for-each-ref", "--format=%(taggername) %(taggeremail)", ref).decode(
                errors="replace"
            )
            refused.append(Unsigned(f"tag {ref.removeprefix('refs/tags/')}", why, author.strip(), signature.key))
        return tuple(refused[:1])

    def _history(self, commit: str) -> tuple[Unsigned, ...]:
        """Return what is wrong with the commit and those before it, as far as nothing is known about them yet."""
        if self.git.output("rev-parse", "--is-shallow-repository").strip() != b"false":
            return (
                Unsigned(f"commit {commit}", "in a repository whose history is cut off, so that it cannot be verified"),
            )
        known = "".join(f"^{each}\n" for each in _present(self.git, self.known.recent()))
        sealing = self._signatures(f"{commit}\n{known}", f"--grep={_SEAL}", "--regexp-ignore-case")
        seals = [each.sha for each in sealing if not self._why(each)]
        if commit in seals:
            return self._refused(self._signatures(f"{commit}\n", "--max-count=1"))
        until = "".join(f"^{each}\n" for each in seals)
        return self._refused(self._signatures(f"{commit}\n{until}{known}", "--boundary"))

    def _signatures(self, given: str, *arguments: str) -> list[_Signature]:
        """Return what git says of the commits that `git log` lists. Raises GitFailed."""
        flags = ("--no-color", "--no-decorate", "--no-patch", "--no-notes", "--stdin")
        written = self.git.output(
            *(*self.ring.options, "log", "--format=%H%x00%G?%x00%GK%x00%an <%ae>", *flags, *arguments),
            given=given.encode(),
            environ=self.ring.environ,
        )
        lines = written.decode(errors="replace").split("\n")
        return [_Signature(*line.split("\0", 3)) for line in lines if line]

    def _refused(self, signatures: Iterable[_Signature]) -> tuple[Unsigned, ...]:
        wrong = ((each, self._why(each)) for each in signatures)
        return tuple(Unsigned(f"commit {each.sha}", why, each.author, each.key) for each, why in wrong if why)

    def _why(self, signature: _Signature) -> str:
        """Return why a signature does not count; empty if it does. Argo CD compares the IDs of what signs, too."""
        if signature.state != _GOOD:
            return _WHY.get(signature.state, "signed in a way that git cannot verify")
        wanted = {key[-16:].upper() for key in self.policy.gpg_key_ids}
        if wanted and not signature.key.startswith("SHA256:") and signature.key[-16:].upper() not in wanted:
            return "signed with a key that is not among the policy's key IDs"
        return ""


def verify(
    checks: Iterable[SignatureCheck], repositories: Repositories, directory: Path
) -> Mapping[SignatureCheck, tuple[Unsigned, ...]]:
    """Return what is not signed as it should be, newest first; nothing for a check that is passed.

    directory: where the paths of the policies' files start. Histories that were found signed are known for a day, as
    keys may expire. Raises PolicyError for the keys of policies, and SourceError.
    """
    wanted = tuple(dict.fromkeys(checks))
    policies = tuple(dict.fromkeys(check.policy for check in wanted))
    keys, errors = _all_keys(policies, directory)
    with ExitStack() as opened:
        rings: dict[SignaturePolicy, tuple[Keyring, Remembered]] = {}
        for policy, read in keys.items():
            known = Remembered(repositories.cache_dir / "signatures" / read.digest(policy))
            try:
                rings[policy] = (opened.enter_context(keyring(policy, read)), known)
            except PolicyError as error:
                errors.append(error)
        if together := gather(errors):
            raise together
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            found = pool.map(
                lambda check: _verified(check, repositories.reader(check.repo), *rings[check.policy]), wanted
            )
            return MappingProxyType(dict(zip(wanted, found, strict=True)))


def _all_keys(
    policies: Iterable[SignaturePolicy], directory: Path
) -> tuple[dict[SignaturePolicy, Keys], list[FleetError]]:
    keys: dict[SignaturePolicy, Keys] = {}
    errors: list[FleetError] = []
    for policy in policies:
        try:
            keys[policy] = read_keys(policy, directory)
        except PolicyError as error:
            errors.append(error)
    return keys, errors


def _verified(check: SignatureCheck, git: Git, ring: Keyring, known: Remembered) -> tuple[Unsigned, ...]:
    try:
        found = _Verifier(git, check.policy, ring, known).unsigned(check)
    except GitFailed as failed:
        return (Unsigned(f"commit {check.commit}", f"not to be verified; git says: {failed.words}"),)
    if not found and check.policy.mode == STRICT:
        known.add(check.commit)
    return found


def _tags(git: Git, check: SignatureCheck) -> list[str]:
    """Return the annotated tags that were asked for, if they are of this commit, the newest version first.

    Of a revision that waits at the commit it was deployed from, or that was pinned, the tag may be of another commit by
    now; then the commit itself has to be signed.
    """
    if revisions.is_constraint(check.name):
        names = [f"refs/tags/{check.tag_prefix}{version}" for version in _fitting(git, check)]
    else:
        asked = revisions.by_version(check.name, check.tag_prefix, ())
        names = [name for name, kind in _kinds(git, list(revisions.candidates(asked))).items() if kind][:1]
    tags = [name for name, kind in _kinds(git, names).items() if kind == "tag"]
    commits = _answers(git, [f"{name}^{{commit}}" for name in tags])
    return [name for name, answer in zip(tags, commits, strict=True) if answer[:1] == [check.commit]]


def _fitting(git: Git, check: SignatureCheck) -> list[str]:
    """Return the versions that fit the check's constraint, the newest first."""
    constraint = parse_constraint(check.name)
    tags = git.output("for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags").decode(errors="replace").split("\n")
    parsed = ((parse_version(text), text) for text in revisions.versions(check.tag_prefix, tags))
    fitting = [(version, text) for version, text in parsed if version and constraint and constraint.allows(version)]
    return [text for _, text in sorted(fitting, reverse=True)]


def _kinds(git: Git, names: list[str]) -> dict[str, str]:
    """Return what kind of object each name is of; empty for one that is none."""
    answers = _answers(git, names)
    return {name: words[1] if len(words) == 3 else "" for name, words in zip(names, answers, strict=True)}


def _present(git: Git, commits: list[str]) -> list[str]:
    return [name for name, kind in _kinds(git, commits).items() if kind == "commit"]


def _answers(git: Git, names: list[str]) -> list[list[str]]:
    """Return for each name the words of `git cat-file --batch-check`."""
    if not names:
        return []
    written = git.output("cat-file", "--batch-check", given="".join(f"{name}\n" for name in names).encode())
    return [line.split() for line in written.decode(errors="replace").split("\n")[: len(names)]]


def _read_tag(code: int, said: str) -> _Signature:
    """Return what `git verify-tag --raw` says. Only with an exit code of 0 is it good."""
    gpg, ssh = _GPG.search(said), _SSH.search(said)
    if gpg:
        state, key = _GPG_STATES[gpg[1]], gpg[2]
    elif ssh:
        state, key = _GOOD if ssh[1] == "for" else "U", ssh[2]
    else:
        state, key = "N" if "no signature found" in said else "B", ""
    return _Signature("", state if code == 0 or state != _GOOD else "B", key, "")
