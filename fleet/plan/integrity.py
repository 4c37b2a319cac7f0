"""Integrity: which commits a project wants signed, and what is said of those that are not.

In: targets, with the commits of their sources, and projects. Out: SignatureChecks; later a Problem for each that is not
passed. Whether a commit is signed is found out elsewhere. Source of the rules: Argo CD, util/sourceintegrity
(`findMatchingGitPolicies`, `lookupGit`): repositories that no policy names need no signature, nor do charts of chart
repositories, and for one repository no two policies may count. Projects do not inherit policies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from fleet.errors import Problem, Where
from fleet.model.glob import compile_glob
from fleet.model.masking import mask
from fleet.model.plan import Revision, Target, TargetSource
from fleet.model.project import DENY
from fleet.model.signatures import NONE, STRICT, SignatureCheck, SignaturePolicy, Unsigned
from fleet.model.source import GitSource, Source
from fleet.plan.permits import normalised
from fleet.plan.policy import Policies
from fleet.plan.sources import place_of

_SCHEME_AND_USER: Final = re.compile(r"^(?:[a-z0-9+.-]+://)?(?:[^/@]*@)?")
_SHOWN: Final = 10


def ambiguous(targets: Iterable[Target], rules: Policies) -> dict[Target, tuple[Problem, ...]]:
    """Return for targets what is wrong: more than one policy of the project is about a repository."""
    found: dict[Target, tuple[Problem, ...]] = {}
    for target in targets:
        several = {source.source.repo: (source.source, _policies(target, source, rules)) for source in target.sources}
        problems = tuple(_ambiguous(target, *each) for each in several.values() if len(each[1]) > 1)
        if problems:
            found[target] = problems
    return found


def checks_of(target: Target, commits: Mapping[Revision, str], rules: Policies) -> tuple[SignatureCheck, ...]:
    """Return what must be signed for a target."""
    found: list[SignatureCheck] = []
    for source in target.sources:
        declared, revision = source.source, source.revision
        policies = _policies(target, source, rules)
        if isinstance(declared, GitSource) and len(policies) == 1 and policies[0].mode != NONE:
            commit = commits[revision]
            found.append(SignatureCheck(revision.repo, commit, declared.revision, declared.tag_prefix, policies[0]))
    return tuple(dict.fromkeys(found))


def refusal(target: Target, check: SignatureCheck, unsigned: tuple[Unsigned, ...]) -> Problem:
    """Return the problem of a target that would deploy what is not signed. unsigned: at least one."""
    first, *others = unsigned
    wanted = "every commit up to what is deployed" if check.policy.mode == STRICT else "what is deployed"
    lines = [_made(first), f"Project {target.application.project!r} wants {wanted} signed."]
    lines += [f"{each.what} is {each.why}. {_made(each)}".strip() for each in others[: _SHOWN - 1]]
    if len(unsigned) > _SHOWN:
        lines.append(f"There are {len(unsigned) - _SHOWN} more.")
    return Problem(
        f"{first.what} of repository {mask(check.repo)} is {first.why}",
        _place_of(target, check),
        mask("\n".join(filter(None, lines))),
        _hint(check, first),
    ).at(application=target.application.name)


def _policies(target: Target, source: TargetSource, rules: Policies) -> tuple[SignaturePolicy, ...]:
    if not isinstance(source.source, GitSource):
        return ()
    project = rules[target.application.project].project
    return tuple(policy for policy in project.signatures if _is_about(policy, source.source.repo))


def _is_about(policy: SignaturePolicy, repo: str) -> bool:
    """Return whether a policy counts for a repository, as the application writes it, before mirrors.

    Argo CD compares the texts alone. Here other spellings of one URL count too, and where a policy asks for signatures
    so does another protocol or user: nobody gets around it by writing `git@host:path` for `https://host/path`.
    """
    included = False
    for pattern in policy.repos:
        text = pattern.removeprefix(DENY)
        same = _matches(text, repo) or _matches(normalised(text), normalised(repo))
        if pattern.startswith(DENY) and same:
            return False
        included |= not pattern.startswith(DENY) and (same or _matches(_place(text), _place(repo)))
    return included


def _matches(pattern: str, text: str) -> bool:
    return compile_glob(pattern)(text)


def _place(url: str) -> str:
    """Return the host and path of a URL."""
    return re.sub(r"^([^/:]*):(?:\d+/)?", r"\1/", _SCHEME_AND_USER.sub("", url.strip().lower()).removesuffix(".git"))


def _place_of(target: Target, check: SignatureCheck) -> Where:
    """Return what says the revision that is checked."""
    said = (each.where for each in target.sources if each.revision.repo == check.repo)
    return next((where for where in said if where.file), target.application.where)


def _ambiguous(target: Target, source: Source, policies: tuple[SignaturePolicy, ...]) -> Problem:
    named = " and ".join(", ".join(policy.repos) for policy in policies)
    return Problem(
        f"{len(policies)} signature policies of project {target.application.project!r} are about {mask(source.repo)}",
        place_of(source, target.application),
        mask(f"Those for {named}."),
        'Leave it out of all but one: "!" before a URL does that.',
    ).at(application=target.application.name)


def _made(unsigned: Unsigned) -> str:
    made = f"It is by {unsigned.author}" if unsigned.author else ""
    if unsigned.key:
        return f"{made or 'It is'}{', signed' if made else ' signed'} with {unsigned.key}."
    return f"{made}." if made else ""


def _hint(check: SignatureCheck, first: Unsigned) -> str:
    lines = ["Deploy a commit or tag that is signed: `git commit --gpg-sign`, `git tag --sign`."]
    if check.policy.mode == STRICT:
        lines.append("A signed commit with a line `Argocd-gpg-seal: <why>` vouches for all that is before it.")
    if first.key.startswith("SHA256:"):
        lines.append("Is the key to be trusted? Then add it to a file of the policy's ssh_allowed_signers.")
    elif first.key:
        lines.append("Is the key to be trusted? Then add it to the policy's gpg_keys.")
    return "\n".join(lines)
