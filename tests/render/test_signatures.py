"""Signatures of commits and tags, made and verified by the real programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleet.errors import PolicyError
from fleet.model.plan import Revision
from fleet.model.signatures import SignatureCheck, SignaturePolicy
from fleet.render.signatures import verify
from tests.render.signing import MISSING, SEAL, People, people
from tests.render.world import Repo, World

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

NOT_SIGNED = "not signed"
UNKNOWN_KEY = "signed with a key that is not among the policy's keys"
UNKNOWN_SIGNER = "signed with a key that is not among the allowed signers"


@pytest.fixture(scope="module")
def keys() -> Iterator[People]:
    with people() as found:
        yield found


@pytest.fixture
def alice(keys: People) -> SignaturePolicy:
    return SignaturePolicy(repos=["*"], gpg_keys=[str(keys.directory / "alice.asc")])


@pytest.fixture
def strict(keys: People) -> SignaturePolicy:
    return SignaturePolicy(repos=["*"], mode="strict", gpg_keys=[str(keys.directory / "alice.asc")])


def refused(
    world: World, repo: Repo, policy: SignaturePolicy, name: str = "HEAD", *, prefix: str = "", commit: str = ""
) -> list[tuple[str, str]]:
    """What is not signed as it should be, and why. commit: instead of what the revision is resolved to."""
    url = f"file://{repo.path}"
    with world.repositories() as repositories:
        asked = Revision(url, commit or name, "" if commit else prefix)
        found = repositories.resolve([asked])[asked]
        check = SignatureCheck(url, found, name, prefix, policy)
        return [(each.what, each.why) for each in verify([check], repositories, world.project)[check]]


@pytest.mark.parametrize(
    ("signer", "why"),
    [("alice", ""), ("", NOT_SIGNED), ("bob", UNKNOWN_KEY), ("carol", UNKNOWN_SIGNER)],
)
def test_the_commit_is_signed_by_a_gpg_key_of_the_policy(
    world: World, repo: Repo, keys: People, alice: SignaturePolicy, *, signer: str, why: str
) -> None:
    keys.commit(repo, "bob")
    commit = keys.commit(repo, signer)
    assert refused(world, repo, alice) == ([(f"commit {commit}", why)] if why else [])


@pytest.mark.parametrize(
    ("signer", "why"),
    [("carol", ""), ("", NOT_SIGNED), ("dave", UNKNOWN_SIGNER), ("alice", UNKNOWN_KEY)],
)
def test_the_commit_is_signed_by_an_allowed_signer(
    world: World, repo: Repo, keys: People, signer: str, why: str
) -> None:
    policy = SignaturePolicy(repos=["*"], ssh_allowed_signers=[str(keys.directory / "carol.signers")])
    commit = keys.commit(repo, signer)
    assert refused(world, repo, policy) == ([(f"commit {commit}", why)] if why else [])


def test_both_kinds_of_keys_and_several_files(world: World, repo: Repo, keys: People) -> None:
    policy = SignaturePolicy(
        repos=["*"],
        mode="strict",
        gpg_keys=[str(keys.directory / "alice.asc"), str(keys.directory / "bob.asc")],
        ssh_allowed_signers=[str(keys.directory / "carol.signers"), str(keys.directory / "dave.signers")],
    )
    for signer in ("alice", "bob", "carol", "dave"):
        keys.commit(repo, signer)
    assert refused(world, repo, policy) == []


@pytest.mark.parametrize("form", ["ID", "fingerprint", "lower case"])
def test_key_ids_choose_among_the_keys(world: World, repo: Repo, keys: People, form: str) -> None:
    fingerprint = keys.fingerprint("bob")
    key = {"ID": fingerprint[-16:], "fingerprint": fingerprint, "lower case": fingerprint.lower()}[form]
    files = [str(keys.directory / f"{name}.asc") for name in ("alice", "bob")]
    policy = SignaturePolicy(repos=["*"], gpg_keys=files, gpg_key_ids=[key])
    commit = keys.commit(repo, "alice")
    why = "signed with a key that is not among the policy's key IDs"
    assert refused(world, repo, policy) == [(f"commit {commit}", why)]
    keys.commit(repo, "bob")
    assert refused(world, repo, policy) == []


def test_an_expired_key(world: World, repo: Repo, keys: People) -> None:
    policy = SignaturePolicy(repos=["*"], gpg_keys=[str(keys.directory / "old.asc")])
    commit = keys.commit(repo, "old")
    assert refused(world, repo, policy) == [(f"commit {commit}", "signed with a key that has expired")]


@pytest.mark.parametrize("signer", ["alice", "carol"])
def test_a_signature_of_something_else(world: World, repo: Repo, keys: People, signer: str) -> None:
    policy = SignaturePolicy(
        repos=["*"],
        gpg_keys=[str(keys.directory / "alice.asc")],
        ssh_allowed_signers=[str(keys.directory / "carol.signers")],
    )
    keys.commit(repo, signer, "harmless")
    forged = repo.git("cat-file", "commit", "HEAD").replace("harmless", "harmful")
    repo.write({"forged": f"{forged}\n"})
    commit = repo.git("hash-object", "-t", "commit", "-w", "forged")
    repo.git("update-ref", "refs/heads/main", commit)
    why = "signed, but the signature is not one of this content"
    assert refused(world, repo, policy) == [(f"commit {commit}", why)]


def test_an_annotated_tag_is_what_has_to_be_signed(
    world: World, repo: Repo, keys: People, alice: SignaturePolicy
) -> None:
    unsigned = keys.commit(repo)
    keys.tag(repo, "good", "alice")
    keys.tag(repo, "other", "bob")
    repo.git("tag", "light")
    keys.commit(repo, "alice")
    keys.tag(repo, "bare")
    repo.git("tag", "light-signed")
    assert refused(world, repo, alice, "good") == []
    assert refused(world, repo, alice, "refs/tags/good") == []
    assert refused(world, repo, alice, repo.git("rev-parse", "good")) == []
    assert refused(world, repo, alice, "light-signed") == []
    assert refused(world, repo, alice, "other") == [("tag other", UNKNOWN_KEY)]
    assert refused(world, repo, alice, "bare") == [("tag bare", NOT_SIGNED)]
    assert refused(world, repo, alice, "light") == [(f"commit {unsigned}", NOT_SIGNED)]
    assert refused(world, repo, alice, unsigned) == [(f"commit {unsigned}", NOT_SIGNED)]


def test_a_tag_signed_by_ssh(world: World, repo: Repo, keys: People) -> None:
    policy = SignaturePolicy(repos=["*"], ssh_allowed_signers=[str(keys.directory / "carol.signers")])
    keys.commit(repo)
    keys.tag(repo, "good", "carol")
    keys.tag(repo, "other", "dave")
    assert refused(world, repo, policy, "good") == []
    assert refused(world, repo, policy, "other") == [("tag other", UNKNOWN_SIGNER)]


def test_a_signed_tag_does_not_speak_for_a_branch_of_its_name(
    world: World, repo: Repo, keys: People, alice: SignaturePolicy
) -> None:
    keys.commit(repo)
    keys.tag(repo, "release", "alice")
    other = keys.commit(repo)
    repo.git("branch", "release")
    assert refused(world, repo, alice, "release") == [(f"commit {other}", NOT_SIGNED)]


def test_the_tag_that_a_constraint_stands_for(world: World, repo: Repo, keys: People, alice: SignaturePolicy) -> None:
    first = keys.commit(repo)
    keys.tag(repo, "web-1.0.0", "alice")
    keys.commit(repo)
    keys.tag(repo, "web-1.1.0", "alice")
    last = keys.commit(repo)
    keys.tag(repo, "web-1.2.0-rc.1", "alice")
    keys.tag(repo, "web-2.0.0", "alice")
    assert refused(world, repo, alice, "1.x", prefix="web-") == []
    assert refused(world, repo, alice, "1.0.0", prefix="web-") == []
    # What waits at an earlier commit was asked for as a tag, too.
    assert refused(world, repo, alice, "1.x", prefix="web-", commit=first) == []
    assert refused(world, repo, alice, "1.x", prefix="web-", commit=last) == [(f"commit {last}", NOT_SIGNED)]


def test_a_tag_that_was_moved_does_not_speak_for_the_commit_it_was_at(
    world: World, repo: Repo, keys: People, alice: SignaturePolicy
) -> None:
    first = keys.commit(repo)
    keys.tag(repo, "v1", "alice")
    keys.commit(repo)
    repo.git("tag", "--delete", "v1")
    keys.tag(repo, "v1", "alice")
    assert refused(world, repo, alice, "v1", commit=first) == [(f"commit {first}", NOT_SIGNED)]


def test_strict_wants_every_commit_signed(world: World, repo: Repo, keys: People, strict: SignaturePolicy) -> None:
    keys.commit(repo, "alice")
    assert refused(world, repo, strict) == []
    unsigned = keys.commit(repo)
    other = keys.commit(repo, "bob")
    keys.commit(repo, "alice")
    expected = [(f"commit {other}", UNKNOWN_KEY), (f"commit {unsigned}", NOT_SIGNED)]
    assert refused(world, repo, strict) == expected
    keys.tag(repo, "v1", "alice")
    assert refused(world, repo, strict, "v1") == expected
    keys.tag(repo, "v2")
    assert refused(world, repo, strict, "v2") == [("tag v2", NOT_SIGNED), *expected]


def test_a_seal_ends_what_strict_looks_at(world: World, repo: Repo, keys: People, strict: SignaturePolicy) -> None:
    keys.commit(repo)
    keys.commit(repo, "bob")
    keys.commit(repo, "alice", SEAL)
    assert refused(world, repo, strict) == []
    keys.commit(repo, "alice")
    assert refused(world, repo, strict) == []
    unsigned = keys.commit(repo)
    assert refused(world, repo, strict) == [(f"commit {unsigned}", NOT_SIGNED)]


@pytest.mark.parametrize(("signer", "why"), [("", NOT_SIGNED), ("bob", UNKNOWN_KEY)])
def test_not_everybody_can_seal(
    world: World, repo: Repo, keys: People, strict: SignaturePolicy, *, signer: str, why: str
) -> None:
    first = keys.commit(repo)
    seal = keys.commit(repo, signer, SEAL)
    keys.commit(repo, "alice")
    assert refused(world, repo, strict) == [(f"commit {seal}", why), (f"commit {first}", NOT_SIGNED)]


def test_a_merge_past_a_seal_is_looked_at(world: World, repo: Repo, keys: People, strict: SignaturePolicy) -> None:
    keys.commit(repo, "alice")
    repo.git("branch", "side")
    keys.commit(repo)
    keys.commit(repo, "alice", SEAL)
    repo.git("checkout", "--quiet", "side")
    unsigned = keys.commit(repo, message="on the side")
    repo.git("checkout", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", "side")
    keys.commit(repo, "alice", "merge")
    assert refused(world, repo, strict) == [(f"commit {unsigned}", NOT_SIGNED)]


def test_history_that_was_found_signed_is_known_until_the_keys_change(
    world: World, repo: Repo, keys: People, strict: SignaturePolicy
) -> None:
    first = keys.commit(repo, "alice")
    assert refused(world, repo, strict) == []
    (known,) = (world.cache / "signatures").glob("*/*")
    assert known.name == first
    second = keys.commit(repo)
    assert refused(world, repo, strict) == [(f"commit {second}", NOT_SIGNED)]
    bob = SignaturePolicy(repos=["*"], mode="strict", gpg_keys=[str(keys.directory / "bob.asc")])
    assert refused(world, repo, bob) == [(f"commit {second}", NOT_SIGNED), (f"commit {first}", UNKNOWN_KEY)]
    os.utime(known, (0, 0))
    assert refused(world, repo, strict) == [(f"commit {second}", NOT_SIGNED)]
    assert not known.exists()


def test_a_history_that_is_cut_off_is_not_strict(
    world: World, repo: Repo, keys: People, strict: SignaturePolicy
) -> None:
    keys.commit(repo)
    commit = keys.commit(repo, "alice")
    shallow = Repo(repo.path.with_name("shallow"))
    repo.git("clone", "--quiet", "--depth", "1", f"file://{repo.path}", str(shallow.path))
    why = "in a repository whose history is cut off, so that it cannot be verified"
    assert refused(world, shallow, strict) == [(f"commit {commit}", why)]


def test_nothing_of_the_users_has_a_say(
    world: World, repo: Repo, keys: People, alice: SignaturePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    yes = keys.directory / "yes"
    yes.write_text('#!/bin/sh\necho "[GNUPG:] GOODSIG 0123456789ABCDEF x"\necho "[GNUPG:] TRUST_FULLY 0"\n')
    yes.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(keys.directory / "gnupg"))
    settings = {
        "gpg.program": yes,
        "gpg.openpgp.program": yes,
        "gpg.ssh.program": yes,
        "gpg.x509.program": yes,
        "gpg.ssh.allowedSignersFile": keys.directory / "dave.signers",
        "log.showSignature": "true",
        "log.mailmap": "true",
        "color.ui": "always",
    }
    for name, value in settings.items():
        repo.git("config", "--global", name, str(value))
    for signer, why in (("", NOT_SIGNED), ("bob", UNKNOWN_KEY), ("dave", UNKNOWN_SIGNER), ("alice", "")):
        commit = keys.commit(repo, signer)
        assert refused(world, repo, alice) == ([(f"commit {commit}", why)] if why else [])
        keys.tag(repo, f"v-{signer}")
        assert refused(world, repo, alice, f"v-{signer}") == [(f"tag v-{signer}", NOT_SIGNED)]
    message = "-----BEGIN SIGNED MESSAGE-----\n MIIA\n -----END SIGNED MESSAGE-----"
    forged = repo.git("cat-file", "commit", "HEAD").partition("gpgsig")[0] + f"gpgsig {message}\n\nforged\n"
    repo.write({"forged": forged})
    commit = repo.git("hash-object", "-t", "commit", "-w", "forged")
    repo.git("update-ref", "refs/heads/main", commit)
    assert [what for what, _ in refused(world, repo, alice)] == [f"commit {commit}"]


def test_keys_are_the_projects_files(world: World, repo: Repo, keys: People) -> None:
    (world.project / "keys").mkdir()
    shutil.copy(keys.directory / "alice.asc", world.project / "keys")
    keys.commit(repo, "alice")
    assert refused(world, repo, SignaturePolicy(repos=["*"], gpg_keys=["keys/alice.asc"])) == []


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(
            SignaturePolicy(repos=["*"], gpg_keys=["none.asc"], ssh_allowed_signers=["none"]),
            "none: this file of keys cannot be read\n  No such file or directory\n"
            "  → Paths are relative to the project's directory.\n"
            "none.asc: this file of keys cannot be read\n  No such file or directory\n"
            "  → Paths are relative to the project's directory.",
            id="no files",
        ),
        pytest.param(
            SignaturePolicy(repos=["*"], gpg_keys=["text.asc"]),
            "text.asc: gpg finds no public key in this file",
            id="no key",
        ),
        pytest.param(
            SignaturePolicy(repos=["*"], gpg_keys=["alice.asc"], gpg_key_ids=["0123456789abcdef"]),
            "there is no public key for 0123456789abcdef",
            id="no such key",
        ),
    ],
)
def test_keys_that_are_none(world: World, repo: Repo, keys: People, policy: SignaturePolicy, expected: str) -> None:
    shutil.copy(keys.directory / "alice.asc", world.project)
    (world.project / "text.asc").write_text("no key\n")
    keys.commit(repo, "alice")
    with pytest.raises(PolicyError) as caught:
        refused(world, repo, policy)
    assert str(caught.value).startswith(expected)


def test_without_the_program(
    world: World, repo: Repo, keys: People, alice: SignaturePolicy, *, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys.commit(repo, "alice")
    git = shutil.which("git")
    assert git
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(PolicyError) as caught:
        refused(world, repo, alice)
    assert str(caught.value) == "gpg was not found on PATH, which verifies signatures\n  → Install GnuPG."


def test_many_repositories_at_once(
    world: World, keys: People, alice: SignaturePolicy, new_repo: Callable[[str], Repo]
) -> None:
    repos = [new_repo(f"r{number}") for number in range(6)]
    commits = [keys.commit(repo, "alice" if number % 2 else "") for number, repo in enumerate(repos)]
    with world.repositories() as repositories:
        asked = [Revision(f"file://{repo.path}", "main") for repo in repos]
        found = repositories.resolve(asked)
        checks = [SignatureCheck(each.repo, found[each], each.name, "", alice) for each in asked]
        answers = verify(checks, repositories, world.project)
    assert [[each.what for each in answers[check]] for check in checks] == [
        [] if number % 2 else [f"commit {commit}"] for number, commit in enumerate(commits)
    ]
