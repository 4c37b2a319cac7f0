"""Which commits have to be signed, and what is said of those that are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet import Application, ChartSource, Cluster, Destination, Fleet, GitSource, Project, SignaturePolicy
from fleet.model.plan import Target
from fleet.model.signatures import SignatureCheck, Unsigned
from fleet.plan.expand import expand
from fleet.plan.integrity import ambiguous, checks_of, refusal
from fleet.plan.policy import Policies, policies

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = "https://example.com/org/app.git"


def signed(*repos: str, mode: str = "head") -> SignaturePolicy:
    return SignaturePolicy(repos=repos, mode=mode, gpg_keys=["a.asc"])


def expanded(*wanted: SignaturePolicy, sources: tuple[GitSource | ChartSource, ...] = ()) -> tuple[Target, Policies]:
    project = Project("web", signatures=wanted)
    application = Application(
        "shop",
        project="web",
        sources=sources or (GitSource(URL, path="deploy", revision="1.x", tag_prefix="v"),),
        destinations=[Destination("prod")],
    )
    fleet = Fleet(clusters=[Cluster("prod")], applications=[application], projects=[project])
    (target,) = expand(fleet, {})
    return target, policies([project])


def checks(*wanted: SignaturePolicy, sources: tuple[GitSource | ChartSource, ...] = ()) -> tuple[SignatureCheck, ...]:
    target, rules = expanded(*wanted, sources=sources)
    return checks_of(target, {each.revision: COMMIT for each in target.sources}, rules)


def test_the_commit_and_what_was_asked_for() -> None:
    policy = signed("*")
    assert checks(policy) == (SignatureCheck(URL, COMMIT, "1.x", "v", policy),)


@pytest.mark.parametrize(
    ("repos", "repo", "expected"),
    [
        (("*",), URL, True),
        (("https://example.com/*",), URL, True),
        (("https://example.com/org/app",), URL, True),
        (("https://example.com/org/app.git",), "https://EXAMPLE.com/org/app", True),
        (("https://example.com/{org,team}/*",), URL, True),
        (("https://example.com/other/*",), URL, False),
        (("https://example.com/*", "!https://example.com/org/app"), URL, False),
        (("!https://example.com/org/app", "https://example.com/*"), URL, False),
        (("*", "!https://example.com/org/app"), "git@example.com:org/app.git", True),
        (("https://example.com/*",), "git@example.com:org/app.git", True),
        (("https://example.com/*",), "ssh://git@example.com:22/org/app", True),
        (("https://example.com/*",), "https://me:secret@example.com/org/app", True),
        (("git@example.com:org/*",), URL, True),
        (("https://example.com/*",), "https://example.org/org/app", False),
        (("../*",), "../manifests", True),
    ],
)
def test_which_repositories_a_policy_is_about(repos: tuple[str, ...], repo: str, expected: bool) -> None:
    assert bool(checks(signed(*repos), sources=(GitSource(repo, path="."),))) is expected


def test_nobody_has_to_sign_for_none_and_charts_are_not_asked() -> None:
    chart = ChartSource("https://example.com/charts", chart="web", version="1.0.0")
    assert checks(signed("*", mode="none")) == ()
    assert checks(signed("*"), sources=(chart,)) == ()
    assert checks() == ()


def test_every_source_is_asked_also_one_for_value_files() -> None:
    chart = ChartSource("https://example.com/charts", chart="web", version="1.0.0")
    found = checks(signed("*"), sources=(chart, GitSource("https://example.com/values", ref="values")))
    assert [each.repo for each in found] == ["https://example.com/values"]


def test_two_policies_for_one_repository() -> None:
    target, rules = expanded(signed("*"), signed("https://example.com/*", mode="none"))
    (problem,) = ambiguous([target], rules)[target]
    assert str(problem) == (
        "application shop: 2 signature policies of project 'web' are about https://example.com/org/app.git\n"
        "  Those for * and https://example.com/*.\n"
        '  → Leave it out of all but one: "!" before a URL does that.'
    )
    assert checks_of(target, {each.revision: COMMIT for each in target.sources}, rules) == ()
    target, rules = expanded(signed("*", "!https://example.com/*"), signed("https://example.com/*", mode="none"))
    assert ambiguous([target], rules) == {}


def test_what_is_said_of_a_commit() -> None:
    target, rules = expanded(signed("*"))
    (check,) = checks_of(target, {each.revision: COMMIT for each in target.sources}, rules)
    unsigned = Unsigned(f"commit {COMMIT}", "not signed", "A <a@example.com>")
    assert str(refusal(target, check, (unsigned,))) == (
        f"application shop: commit {COMMIT} of repository https://example.com/org/app.git is not signed\n"
        "  It is by A <a@example.com>.\n"
        "  Project 'web' wants what is deployed signed.\n"
        "  → Deploy a commit or tag that is signed: `git commit --gpg-sign`, `git tag --sign`."
    )


def test_what_is_said_of_a_history() -> None:
    target, rules = expanded(signed("*", mode="strict"))
    (check,) = checks_of(target, {each.revision: COMMIT for each in target.sources}, rules)
    unsigned = [
        Unsigned(f"commit {number}", "signed with a key that has expired", "A <a@example.com>", "SHA256:abc")
        for number in range(13)
    ]
    lines = str(refusal(target, replace(check, repo="https://me:secret@example.com/x"), tuple(unsigned))).splitlines()
    assert lines[:4] == [
        "application shop: commit 0 of repository https://***@example.com/x is signed with a key that has expired",
        "  It is by A <a@example.com>, signed with SHA256:abc.",
        "  Project 'web' wants every commit up to what is deployed signed.",
        "  commit 1 is signed with a key that has expired. It is by A <a@example.com>, signed with SHA256:abc.",
    ]
    assert lines[12:] == [
        "  There are 3 more.",
        "  → Deploy a commit or tag that is signed: `git commit --gpg-sign`, `git tag --sign`.",
        "  → A signed commit with a line `Argocd-gpg-seal: <why>` vouches for all that is before it.",
        "  → Is the key to be trusted? Then add it to a file of the policy's ssh_allowed_signers.",
    ]
